// One pass over the lines with an explicit stack of open collections.
//
// Columns decide everything, as in libyaml's scanner (yaml_parser_unroll_indent,
// yaml_parser_roll_indent): a line closes the collections whose column is greater than its own;
// what it holds then continues the collection of its column, or is the value for which the
// innermost collection waits. A sequence may stand at the column of its key
// (yaml_parser_parse_indentless_sequence_entry).
//
// The values of all open collections lie on one stack, their keys on another; a collection that
// closes moves its part of both into the arena. The scalar routines follow libyaml 0.2.5
// (scanner.c) step by step: where their text is not a piece of the source it is put together in
// the scratch and copied.
//
// One file: every routine works on the same cursor and stack, and the hot ones have to be inlined
// into one another.
#include "document/internal/fast_yaml.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "document/internal/byte_scan.hpp"
#include "document/internal/duplicate_key.hpp"
#include "document/internal/key_hashes.hpp"
#include "document/internal/yaml_scalar.hpp"

namespace tally::document {

namespace {

// libyaml refuses a key that ends more than 1,024 characters after its start; bytes are at least
// as many.
constexpr std::ptrdiff_t kKeyBytesMax = 1000;

// After check_bytes() only TAB, LF, CR and the padding are at most CR.
bool ends_line(char c) { return static_cast<unsigned char>(c) <= '\r' && c != '\t'; }
bool is_blank_or_end(char c) { return c == ' ' || static_cast<unsigned char>(c) <= '\r'; }

// What a first character says about a scalar in a block collection.
enum class First : std::uint8_t {
  Other,     // an indicator that this reader does not know
  Text,      // a plain scalar that is certainly text
  Word,      // a plain scalar that may be a boolean or null
  Number,    // a plain scalar that may be anything
  Dash,      // an entry or a plain scalar
  Quote,     // ' or "
  Flow,      // [ or {
  BlockText  // | or >
};

constexpr std::array<First, 256> make_first_table() {
  std::array<First, 256> table{};
  for (std::size_t c = 0x80; c < 256; ++c) {
    table[c] = First::Text;
  }
  const auto set = [&table](std::string_view characters, First first) {
    for (const char c : characters) {
      table[static_cast<unsigned char>(c)] = first;
    }
  };
  set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/$();\\^", First::Text);
  set("tTfFnNyYoO", First::Word);
  set("0123456789+.~<=", First::Number);
  set("-", First::Dash);
  set("\"'", First::Quote);
  set("[{", First::Flow);
  set("|>", First::BlockText);
  return table;
}
constexpr std::array<First, 256> kFirst = make_first_table();
First first_of(char c) { return kFirst[static_cast<unsigned char>(c)]; }

// The booleans and nulls of go-yaml's table are y, yes, on, true, n, no, off, false, null in three
// spellings each: at most five letters, and all but "true" and "false" end in one of few.
bool is_certainly_text(std::string_view plain) {
  const First first = first_of(plain.front());
  if (first != First::Word) {
    return first == First::Text;
  }
  if (plain.size() > 5) {
    return true;
  }
  switch (static_cast<char>(plain.back() | 0x20)) {
    case 'e': {  // "true" and "false", but not "name" and "type"
      const char second = static_cast<char>(plain[plain.size() / 4] | 0x20);
      return plain.size() < 4 || second != (plain.size() == 4 ? 'r' : 'a');
    }
    case 'y':
    case 's':
    case 'n':
    case 'o':
    case 'f':
    case 'l':
      return false;
    default:
      return true;
  }
}

// A plain key that is text, and no merge key.
bool is_text_key(std::string_view plain) {
  return is_certainly_text(plain) ||
         (plain.front() != '<' && resolve_plain(plain).kind == YamlScalar::Kind::Text);
}

// A decimal integer as JSON writes it, in the range of int64.
bool is_small_integer(std::string_view plain) {
  constexpr std::size_t kDigitsMax = 18;
  if (plain.size() > kDigitsMax || (plain.front() == '0' && plain.size() > 1)) {
    return false;
  }
  return std::ranges::all_of(plain, [](char c) { return c >= '0' && c <= '9'; });
}

// libyaml counts these as line breaks or refuses them: C1 controls with NEL, LS, PS, the byte
// order mark, U+FFFE, U+FFFF (yaml_parser_update_buffer). The text is well-formed UTF-8.
bool has_odd_characters(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0xC2) {
      continue;
    }
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if (lead == 0xC2 && second < 0xA0) {
      return true;
    }
    if (i + 2 >= text.size()) {
      continue;
    }
    const auto third = static_cast<unsigned char>(text[i + 2]);
    if ((lead == 0xE2 && second == 0x80 && (third == 0xA8 || third == 0xA9)) ||
        (lead == 0xEF && second == 0xBB && third == 0xBF) ||
        (lead == 0xEF && second == 0xBF && third >= 0xBE)) {
      return true;
    }
  }
  return false;
}

class Scanner {
 public:
  Scanner(std::string_view source_text, std::uint32_t begin, std::uint32_t end, Arena& arena,
          FastYamlScratch& scratch, const ReadLimits& limits)
      : text_(source_text.data()),
        at_(source_text.data() + begin),
        end_(source_text.data() + end),
        arena_(arena),
        scratch_(scratch),
        limits_(limits) {
    scratch_.frames.clear();
    scratch_.values.clear();
    scratch_.keys.clear();
    scratch_.hashes.clear();
  }

  std::optional<Node> read();

 private:
  using Frame = FastYamlFrame;
  using Kind = FastYamlFrame::Kind;

  // Every bool says "go on"; false gives the document to libyaml.
  [[nodiscard]] bool check_bytes() const;
  [[nodiscard]] bool check_odd_bytes(const char* at, std::size_t size) const;
  void skip_document_start();

  [[nodiscard]] bool read_line();
  [[nodiscard]] bool read_entries(const char* line, const char*& content);
  [[nodiscard]] bool read_token(const char* line, const char* content);
  [[nodiscard]] bool read_key(const char* line, const char* content, std::string_view key,
                              const char* colon);
  [[nodiscard]] bool read_value(const char* content);
  [[nodiscard]] bool read_plain(const char* content);
  [[nodiscard]] bool continue_plain(const char* content);
  [[nodiscard]] bool read_block_text(const char* header);
  [[nodiscard]] bool read_block_lines(const char* at, bool folded, char chomping,
                                      std::int32_t increment, std::uint32_t offset);
  [[nodiscard]] bool read_flow(const char* content);
  [[nodiscard]] const char* read_flow_scalar(const char* at);
  [[nodiscard]] const char* read_flow_key(const char* at);
  [[nodiscard]] const char* skip_flow_blanks(const char* at) const;

  // A quoted scalar that begins at `at`: where it ends (behind the quote), nullptr in doubt.
  struct Quoted {
    const char* end = nullptr;
    std::string_view text;
    bool in_source = false;
  };
  [[nodiscard]] Quoted read_quoted(const char* at);
  [[nodiscard]] Quoted decode_quoted(const char* at);
  [[nodiscard]] const char* decode_escape(const char* at);
  [[nodiscard]] const char* fold_quoted_break(const char* at, bool escaped);

  // The end of a plain scalar on its line, before any blanks.
  enum class PlainEnd : std::uint8_t { Line, Colon, Comment, Tab };
  struct Plain {
    const char* end;   // behind its last character
    const char* stop;  // the line end, colon or number sign
    PlainEnd why;
  };
  [[nodiscard]] static Plain scan_plain(const char* at);

  // What follows a value on its line must be blank or a comment.
  [[nodiscard]] bool finish_line(const char* at);
  // `at` is a line end: the start of the next line.
  [[nodiscard]] const char* next_line(const char* at) const {
    at += *at == '\r' ? 1 : 0;
    return at < end_ ? at + 1 : end_;
  }
  // From inside a comment.
  [[nodiscard]] static const char* find_line_end(const char* at) {
    return find_byte(at, [](__m128i bytes) {
      return _mm_or_si128(equal_bytes(bytes, '\n'), equal_bytes(bytes, '\0'));
    });
  }

  [[nodiscard]] bool open(Kind kind, std::int32_t indent, const char* at);
  [[nodiscard]] bool close();
  [[nodiscard]] bool close_missing();
  [[nodiscard]] bool add_key(std::string_view key, const char* colon);
  [[nodiscard]] bool add_value(const Node& value);
  [[nodiscard]] bool has_duplicate(std::size_t first_key);
  [[nodiscard]] std::optional<Node> resolve(std::string_view plain, std::uint32_t offset);
  [[nodiscard]] std::uint32_t offset_of(const char* at) const {
    return static_cast<std::uint32_t>(at - text_);
  }
  [[nodiscard]] std::int32_t indent() const {
    return scratch_.frames.empty() ? -1 : scratch_.frames.back().indent;
  }

  const char* text_;
  const char* at_;  // start of the next line
  const char* end_;
  Arena& arena_;
  FastYamlScratch& scratch_;
  const ReadLimits& limits_;
  std::optional<Node> root_;
  const char* continuable_ = nullptr;  // start of the plain scalar that the last line ended with
  std::uint32_t nodes_ = 0;
};

// ---------------------------------------------------------------- characters

bool Scanner::check_odd_bytes(const char* at, std::size_t size) const {
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
      return false;
    }
    if (c == '\r' && (at + i + 1 == end_ || at[i + 1] != '\n')) {
      return false;
    }
  }
  return true;
}

// yaml_parser_update_buffer: the characters that libyaml lets in.
bool Scanner::check_bytes() const {
  __m128i high = _mm_setzero_si128();
  const char* at = at_;
  const auto check = [&](const char* bytes, const char* original, std::size_t size) {
    __m128i odd = _mm_setzero_si128();
    for (std::size_t i = 0; i < 64; i += 16) {
      const __m128i part = load_bytes(bytes + i);
      high = _mm_or_si128(high, part);
      odd = _mm_or_si128(odd, _mm_andnot_si128(equal_bytes(part, '\n'), at_most(part, 0x1F)));
      odd = _mm_or_si128(odd, equal_bytes(part, 0x7F));
    }
    return byte_mask(odd) == 0 || check_odd_bytes(original, size);
  };
  for (; end_ - at >= 64; at += 64) {
    if (!check(at, at, 64)) {
      return false;
    }
  }
  if (at < end_) {
    std::array<char, 64> tail;
    tail.fill(' ');
    const auto size = static_cast<std::size_t>(end_ - at);
    std::memcpy(tail.data(), at, size);
    if (!check(tail.data(), at, size)) {
      return false;
    }
  }
  if (byte_mask(high) == 0) {
    return true;
  }
  const std::string_view slice{at_, static_cast<std::size_t>(end_ - at_)};
  return !find_invalid_utf8(slice) && !has_odd_characters(slice);
}

// ---------------------------------------------------------------- collections

bool Scanner::open(Kind kind, std::int32_t column, const char* at) {
  if (scratch_.frames.size() >= limits_.depth) {
    return false;
  }
  Frame& frame = scratch_.frames.emplace_back();
  frame.kind = kind;
  frame.indent = column;
  frame.offset = offset_of(at);
  frame.values = static_cast<std::uint32_t>(scratch_.values.size());
  frame.keys = static_cast<std::uint32_t>(scratch_.keys.size());
  return true;
}

bool Scanner::add_value(const Node& value) {
  if (++nodes_ > limits_.nodes) {
    return false;
  }
  if (scratch_.frames.empty()) {
    root_ = value;
    return true;
  }
  Frame& frame = scratch_.frames.back();
  scratch_.values.push_back(value.with_key(frame.symbol));
  frame.pending = false;
  return true;
}

// A key or dash without a value: null behind it (yaml_parser_process_empty_scalar).
bool Scanner::close_missing() { return add_value(Node::make_null(scratch_.frames.back().after)); }

bool Scanner::close() {
  if (scratch_.frames.back().pending && !close_missing()) {
    return false;
  }
  const Frame frame = scratch_.frames.back();
  const std::span<const Node> values{scratch_.values.data() + frame.values,
                                     scratch_.values.size() - frame.values};
  Node closed;
  if (frame.kind == Kind::Map || frame.kind == Kind::FlowMap) {
    if (frame.suspicious && has_duplicate(frame.keys)) {
      return false;
    }
    const std::span<const KeySpan> keys{scratch_.keys.data() + frame.keys, values.size()};
    closed = Node::make_named_object(arena_, values, keys, text_, frame.offset);
    scratch_.keys.resize(frame.keys);
    scratch_.hashes.resize(frame.keys);
  } else {
    closed = Node::make_array(arena_, values, frame.offset);
  }
  scratch_.values.resize(frame.values);
  scratch_.frames.pop_back();
  return add_value(closed);
}

bool Scanner::has_duplicate(std::size_t first_key) {
  const auto hashes = std::span(scratch_.hashes).subspan(first_key);
  if (!repeats_hash(hashes, scratch_.order)) {
    return false;
  }
  scratch_.names.clear();
  for (const KeySpan key : std::span(scratch_.keys).subspan(first_key)) {
    scratch_.names.emplace_back(text_ + key.offset, key.size);
  }
  return find_duplicate_key(scratch_.names, scratch_.order).has_value();
}

bool Scanner::add_key(std::string_view key, const char* colon) {
  const auto [symbol, hash] = find_hashed_symbol(key);
  Frame& frame = scratch_.frames.back();
  const std::uint64_t bit = key_bit(hash);
  frame.suspicious = frame.suspicious || (frame.seen & bit) != 0;
  frame.seen |= bit;
  frame.pending = true;
  frame.symbol = symbol;
  frame.after = offset_of(colon) + 1;
  scratch_.keys.push_back({offset_of(key.data()), static_cast<std::uint32_t>(key.size())});
  scratch_.hashes.push_back(hash);
  return true;
}

// ---------------------------------------------------------------- plain scalars

std::optional<Node> Scanner::resolve(std::string_view plain, std::uint32_t offset) {
  if (is_certainly_text(plain)) {
    return Node::make_string(plain, offset);
  }
  if (is_small_integer(plain)) {
    return Node::make_number(plain, offset);
  }
  return make_plain_scalar(plain, offset, arena_);
}

// yaml_parser_scan_plain_scalar, one line of it, in a block collection: it ends before `: `,
// before ` #` and at the end of the line.
Scanner::Plain Scanner::scan_plain(const char* at) {
  const auto trimmed = [](const char* stop) {
    while (stop[-1] == ' ') {
      --stop;
    }
    return stop;
  };
  for (const char* block = at;; block += 16) {
    const __m128i bytes = load_bytes(block);
    std::uint32_t mask = byte_mask(_mm_or_si128(
        at_most(bytes, '\r'), _mm_or_si128(equal_bytes(bytes, ':'), equal_bytes(bytes, '#'))));
    for (; mask != 0; mask &= mask - 1) {
      const char* stop = block + std::countr_zero(mask);
      if (*stop == ':') {
        if (is_blank_or_end(stop[1])) {
          return {.end = stop == at ? stop : trimmed(stop),
                  .stop = stop,
                  .why = stop[1] == '\t' ? PlainEnd::Tab : PlainEnd::Colon};
        }
      } else if (*stop == '#') {
        if (stop[-1] == ' ') {
          return {.end = trimmed(stop), .stop = stop, .why = PlainEnd::Comment};
        }
      } else {
        return {.end = trimmed(stop),
                .stop = stop,
                .why = *stop == '\t' ? PlainEnd::Tab : PlainEnd::Line};
      }
    }
  }
}

bool Scanner::read_plain(const char* content) {
  const Plain plain = scan_plain(content);
  if (plain.why == PlainEnd::Colon || plain.why == PlainEnd::Tab) {
    return false;
  }
  const std::string_view text{content, static_cast<std::size_t>(plain.end - content)};
  const std::optional<Node> value = resolve(text, offset_of(content));
  if (!value || !add_value(*value)) {
    return false;
  }
  if (plain.why == PlainEnd::Comment) {
    at_ = next_line(find_line_end(plain.stop));
    return true;
  }
  continuable_ = content;
  at_ = next_line(plain.stop);
  return true;
}

// The lines of a plain scalar after its first one; `content` is the first character of the second
// that is not blank, at_ its line. A line break becomes a space, n further ones become n breaks.
bool Scanner::continue_plain(const char* content) {
  const char* start = continuable_;
  const Plain first = scan_plain(start);
  std::string& text = scratch_.text;
  text.assign(start, first.end);
  std::size_t breaks = 0;
  for (const char* line = first.stop; line < at_; ++line) {
    breaks += *line == '\n' ? 1U : 0U;
  }
  for (;;) {
    const Plain plain = scan_plain(content);
    if (plain.why == PlainEnd::Colon || plain.why == PlainEnd::Tab) {
      return false;
    }
    if (breaks == 1) {
      text += ' ';
    } else {
      text.append(breaks - 1, '\n');
    }
    text.append(content, plain.end);
    if (plain.why == PlainEnd::Comment) {
      at_ = next_line(find_line_end(plain.stop));
      break;
    }
    at_ = next_line(plain.stop);
    breaks = 1;
    content = skip_spaces(at_);
    while (at_ < end_ && ends_line(*content)) {
      at_ = next_line(content);
      ++breaks;
      content = skip_spaces(at_);
    }
    if (at_ >= end_ || *content == '#' || content - at_ <= indent()) {
      break;
    }
    if (*content == '\t') {
      return false;
    }
  }
  Node& value = scratch_.values.back();
  const std::optional<Node> whole = resolve(arena_.copy(text), offset_of(start));
  if (whole) {
    value = whole->with_key(value.key_symbol());
  }
  return whole.has_value();
}

// ---------------------------------------------------------------- quoted scalars

// yaml_parser_scan_flow_scalar.
Scanner::Quoted Scanner::read_quoted(const char* at) {
  const char quote = *at;
  const char* stop = quote == '"'
                         ? find_byte(at + 1,
                                     [](__m128i bytes) {
                                       return _mm_or_si128(at_most(bytes, '\r'),
                                                           _mm_or_si128(equal_bytes(bytes, '"'),
                                                                        equal_bytes(bytes, '\\')));
                                     })
                         : find_byte(at + 1, [](__m128i bytes) {
                             return _mm_or_si128(at_most(bytes, '\r'), equal_bytes(bytes, '\''));
                           });
  if (*stop == quote && stop < end_ && (quote == '"' || stop[1] != '\'')) {
    return {.end = stop + 1,
            .text = {at + 1, static_cast<std::size_t>(stop - at - 1)},
            .in_source = true};
  }
  return decode_quoted(at);
}

// What stands behind a backslash at `at`; appends it to the scratch text.
const char* Scanner::decode_escape(const char* at) {
  struct Escape {
    char letter;
    std::string_view text;
  };
  static constexpr std::array kEscapes = {
      Escape{'0', std::string_view{"\0", 1}},
      Escape{'a', "\a"},
      Escape{'b', "\b"},
      Escape{'t', "\t"},
      Escape{'n', "\n"},
      Escape{'v', "\v"},
      Escape{'f', "\f"},
      Escape{'r', "\r"},
      Escape{'e', "\x1B"},
      Escape{' ', " "},
      Escape{'"', "\""},
      Escape{'/', "/"},
      Escape{'\\', "\\"},
      Escape{'N', "\xC2\x85"},
      Escape{'_', "\xC2\xA0"},
      Escape{'L', "\xE2\x80\xA8"},
      Escape{'P', "\xE2\x80\xA9"},
  };
  const char letter = at[1];
  if (const auto* known = std::ranges::find(kEscapes, letter, &Escape::letter);
      known != kEscapes.end()) {
    scratch_.text += known->text;
    return at + 2;
  }
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  char32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = at[2 + i];
    const bool decimal = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!decimal && (lower < 'a' || lower > 'f')) {
      return nullptr;
    }
    code = (code << 4) | static_cast<char32_t>(decimal ? c - '0' : lower - 'a' + 10);
  }
  if (digits == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return nullptr;
  }
  append_utf8(scratch_.text, code);
  return at + 2 + digits;
}

// Blanks and line breaks from `at` on, the first of them a break: folded into the scratch text.
// Returns the first other character, nullptr at a document marker or the end.
const char* Scanner::fold_quoted_break(const char* at, bool escaped) {
  std::size_t breaks = 0;
  while (at < end_ && is_blank_or_end(*at)) {
    if (*at == ' ' || *at == '\t') {
      ++at;
      continue;
    }
    at = next_line(at);
    ++breaks;
    if (at < end_ && (*at == '-' || *at == '.')) {
      return nullptr;  // it may be a document marker
    }
  }
  if (at >= end_) {
    return nullptr;
  }
  // An escaped break vanishes; what follows it counts as further breaks.
  if (!escaped && breaks == 1) {
    scratch_.text += ' ';
  } else {
    scratch_.text.append(breaks - 1, '\n');
  }
  return at;
}

Scanner::Quoted Scanner::decode_quoted(const char* at) {
  const char quote = *at++;
  std::string& text = scratch_.text;
  text.clear();
  while (at != nullptr && at < end_) {
    const char c = *at;
    if (c == quote) {
      if (quote == '"' || at[1] != '\'') {
        return {.end = at + 1, .text = arena_.copy(text), .in_source = false};
      }
      text += '\'';
      at += 2;
    } else if (c == '\\' && quote == '"') {
      at = ends_line(at[1]) ? fold_quoted_break(at + 1, true) : decode_escape(at);
    } else if (c == ' ' || c == '\t') {
      const char* blanks = at;
      while (*at == ' ' || *at == '\t') {
        ++at;
      }
      if (!ends_line(*at)) {
        text.append(blanks, at);  // blanks before a line break are dropped
      }
    } else if (ends_line(c)) {
      at = fold_quoted_break(at, false);
    } else {
      text += c;
      ++at;
    }
  }
  return {};
}

// ---------------------------------------------------------------- block scalars

// yaml_parser_scan_block_scalar: the header.
bool Scanner::read_block_text(const char* header) {
  const char* at = header + 1;
  char chomping = ' ';
  std::int32_t increment = 0;
  for (int i = 0; i < 2; ++i) {
    if ((*at == '+' || *at == '-') && chomping == ' ') {
      chomping = *at++;
    } else if (*at >= '1' && *at <= '9' && increment == 0) {
      increment = *at++ - '0';
    }
  }
  const char* rest = skip_spaces(at);
  if (*rest == '#' && rest != at) {
    rest = find_line_end(rest);
  }
  if (!ends_line(*rest)) {
    return false;
  }
  return read_block_lines(next_line(rest), *header == '>', chomping, increment, offset_of(header));
}

// The lines of the scalar. `at` is the start of the first one.
bool Scanner::read_block_lines(const char* at, bool folded, char chomping, std::int32_t increment,
                               std::uint32_t offset) {
  std::int32_t column = increment == 0 ? 0 : indent() + increment;
  std::string& text = scratch_.text;
  text.clear();
  std::size_t breaks = 0;      // empty lines since the last line of text
  bool leading_break = false;  // the break that ended the last line of text
  bool leading_blank = false;  // that line began with a blank
  std::int32_t widest = 0;     // blanks of the empty lines before the first line
  while (at < end_) {
    const char* content = skip_spaces(at);
    const auto blanks = static_cast<std::int32_t>(content - at);
    if (ends_line(*content) && (column == 0 || blanks <= column)) {
      widest = std::max(widest, blanks);
      ++breaks;
      at = content >= end_ ? end_ : next_line(content);
      continue;
    }
    if (*content == '\t' && (column == 0 || blanks < column)) {
      return false;
    }
    if (column == 0) {
      column = std::max(blanks, indent() + 1);
      if (widest > column) {
        return false;
      }
    }
    if (blanks < column) {
      break;
    }
    const char* line = at + column;
    const bool blank = *line == ' ' || *line == '\t';
    if (leading_break) {
      if (!folded || leading_blank || blank) {
        text += '\n';
      } else if (breaks == 0) {
        text += ' ';
      }
    }
    text.append(breaks, '\n');
    breaks = 0;
    leading_blank = blank;
    const char* stop = find_byte(line, [](__m128i bytes) {
      return _mm_or_si128(equal_bytes(bytes, '\n'),
                          _mm_or_si128(equal_bytes(bytes, '\r'), equal_bytes(bytes, '\0')));
    });
    text.append(line, stop);
    leading_break = true;  // the last line too: the text is read as if it ended with a newline
    at = next_line(stop);
  }
  if (chomping != '-' && leading_break) {
    text += '\n';
  }
  if (chomping == '+') {
    text.append(breaks, '\n');
  }
  at_ = at;
  return add_value(Node::make_string(arena_.copy(text), offset));
}

// ---------------------------------------------------------------- flow collections

// Blanks, line breaks and comments between the tokens of a flow collection; nullptr in doubt.
const char* Scanner::skip_flow_blanks(const char* at) const {
  for (;;) {
    const char* before = at;
    while (*at == ' ' || *at == '\t') {
      ++at;
    }
    if (*at == '#') {
      if (at == before && at[-1] != '\n') {
        return nullptr;  // libyaml takes it for a comment, others do not
      }
      at = find_line_end(at);
    }
    if (!ends_line(*at)) {
      return at;
    }
    at = next_line(at);
    if (at >= end_ || *at == '-' || *at == '.') {
      return nullptr;
    }
  }
}

// A plain scalar of a flow collection on one line; text is empty in doubt.
std::string_view scan_flow_plain(const char* at) {
  const First first = first_of(*at);
  if (first != First::Text && first != First::Word && first != First::Number &&
      !(first == First::Dash && !is_blank_or_end(at[1]))) {
    return {};
  }
  const char* stop = at;
  for (;; ++stop) {
    const char c = *stop;
    if (c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || ends_line(c)) {
      break;
    }
    if (c == '?' || c == '\t') {
      return {};
    }
    if (c == ':') {
      if (is_blank_or_end(stop[1])) {
        break;
      }
      if (std::string_view{",?[]{}"}.contains(stop[1])) {
        return {};
      }
    }
    if (c == '#' && stop[-1] == ' ') {
      break;
    }
  }
  while (stop > at && stop[-1] == ' ') {
    --stop;
  }
  return {at, static_cast<std::size_t>(stop - at)};
}

const char* Scanner::read_flow_scalar(const char* at) {
  if (*at == '"' || *at == '\'') {
    const Quoted quoted = read_quoted(at);
    return quoted.end != nullptr && add_value(Node::make_string(quoted.text, offset_of(at)))
               ? quoted.end
               : nullptr;
  }
  const std::string_view text = scan_flow_plain(at);
  if (text.empty() || text == "-") {
    return nullptr;
  }
  const std::optional<Node> value = resolve(text, offset_of(at));
  return value && add_value(*value) ? at + text.size() : nullptr;
}

// A key with its colon; the place behind the colon.
const char* Scanner::read_flow_key(const char* at) {
  std::string_view key;
  const char* colon = nullptr;
  if (*at == '"' || *at == '\'') {
    const Quoted quoted = read_quoted(at);
    if (!quoted.in_source || quoted.text.empty() || quoted.text == "<<") {
      return nullptr;
    }
    key = quoted.text;
    colon = skip_spaces(quoted.end);
  } else {
    key = scan_flow_plain(at);
    if (key.empty() || !is_text_key(key)) {
      return nullptr;
    }
    colon = skip_spaces(at + key.size());
  }
  if (*colon != ':' || colon - at > kKeyBytesMax || !is_blank_or_end(colon[1]) ||
      !add_key(key, colon)) {
    return nullptr;
  }
  return colon + 1;
}

bool Scanner::read_flow(const char* content) {
  const std::size_t outside = scratch_.frames.size();
  const char* at = content;
  bool value_expected = true;  // else a comma or the closing bracket
  do {
    at = skip_flow_blanks(at);
    if (at == nullptr || at >= end_) {
      return false;
    }
    const bool inside = scratch_.frames.size() > outside;
    const Kind kind = inside ? scratch_.frames.back().kind : Kind::Map;
    if (inside && *at == (kind == Kind::FlowMap ? '}' : ']')) {
      if (scratch_.frames.back().pending || !close()) {
        return false;
      }
      value_expected = false;
      ++at;
      continue;
    }
    if (!value_expected) {
      if (*at != ',') {
        return false;
      }
      value_expected = true;
      ++at;
      continue;
    }
    if (inside && kind == Kind::FlowMap && !scratch_.frames.back().pending) {
      at = read_flow_key(at);
      if (at == nullptr) {
        return false;
      }
      continue;
    }
    if (*at == '[' || *at == '{') {
      if (!open(*at == '[' ? Kind::FlowSequence : Kind::FlowMap, indent(), at)) {
        return false;
      }
      ++at;
      continue;
    }
    at = read_flow_scalar(at);
    if (at == nullptr) {
      return false;
    }
    value_expected = false;
  } while (scratch_.frames.size() > outside);
  return finish_line(at);
}

// ---------------------------------------------------------------- lines

bool Scanner::finish_line(const char* at) {
  const char* rest = skip_spaces(at);
  if (*rest == '#' && rest != at) {
    rest = find_line_end(rest);
  }
  at_ = ends_line(*rest) ? next_line(rest) : at_;
  return ends_line(*rest);
}

// A value behind a key, a dash or on its own line; the innermost collection waits for it.
bool Scanner::read_value(const char* content) {
  switch (first_of(*content)) {
    case First::Text:
    case First::Word:
    case First::Number:
      return read_plain(content);
    case First::Dash:
      return !is_blank_or_end(content[1]) && read_plain(content);
    case First::Quote: {
      const Quoted quoted = read_quoted(content);
      return quoted.end != nullptr &&
             add_value(Node::make_string(quoted.text, offset_of(content))) &&
             finish_line(quoted.end);
    }
    case First::Flow:
      return read_flow(content);
    case First::BlockText:
      return read_block_text(content);
    case First::Other:
      break;
  }
  return false;
}

// yaml_parser_fetch_value for a simple key in the block context, and what stands behind it.
bool Scanner::read_key(const char* line, const char* content, std::string_view key,
                       const char* colon) {
  const auto column = static_cast<std::int32_t>(content - line);
  if (indent() < column) {
    if (!open(Kind::Map, column, content)) {
      return false;
    }
  } else if (scratch_.frames.back().kind != Kind::Map) {
    return false;
  } else if (scratch_.frames.back().pending && !close_missing()) {
    return false;
  }
  if (!add_key(key, colon)) {
    return false;
  }
  const char* value = skip_spaces(colon + 1);
  if (ends_line(*value)) {
    at_ = next_line(value);
    return true;
  }
  if (*value == '#') {
    at_ = next_line(find_line_end(value));
    return true;
  }
  return read_value(value);
}

// A key with its value, or a value, in column content - line.
bool Scanner::read_token(const char* line, const char* content) {
  const auto column = static_cast<std::int32_t>(content - line);
  std::string_view key;
  const char* colon = nullptr;
  switch (first_of(*content)) {
    case First::Quote: {
      const Quoted quoted = read_quoted(content);
      if (quoted.end == nullptr) {
        return false;
      }
      colon = skip_spaces(quoted.end);
      if (*colon == ':') {
        if (!quoted.in_source || quoted.text.empty() || quoted.text == "<<" ||
            !is_blank_or_end(colon[1]) || colon[1] == '\t') {
          return false;
        }
        key = quoted.text;
      } else {
        colon = nullptr;
      }
      break;
    }
    case First::Text:
    case First::Word:
    case First::Number:
    case First::Dash: {
      const Plain plain = scan_plain(content);
      if (plain.why == PlainEnd::Colon) {
        key = {content, static_cast<std::size_t>(plain.end - content)};
        colon = plain.stop;
        if (!is_text_key(key)) {
          return false;
        }
      }
      break;
    }
    case First::Flow:
    case First::BlockText:
      break;
    case First::Other:
      return false;
  }
  const bool nested = indent() < column;
  if (nested && !(scratch_.frames.empty() ? !root_ : scratch_.frames.back().pending)) {
    return false;
  }
  if (colon != nullptr) {
    return colon - content <= kKeyBytesMax && read_key(line, content, key, colon);
  }
  // Scalars as root are libyaml's; a value must be indented deeper than what waits for it.
  const bool is_flow = first_of(*content) == First::Flow;
  return nested && (is_flow || !scratch_.frames.empty()) && read_value(content);
}

// The dashes at the start of a line. Leaves `content` at what follows them, nullptr if nothing.
bool Scanner::read_entries(const char* line, const char*& content) {
  while (*content == '-' && is_blank_or_end(content[1])) {
    const auto column = static_cast<std::int32_t>(content - line);
    if (indent() < column) {
      if (!(scratch_.frames.empty() ? !root_ : scratch_.frames.back().pending) ||
          !open(Kind::Sequence, column, content)) {
        return false;
      }
    } else if (Frame& frame = scratch_.frames.back(); frame.kind == Kind::Map) {
      if (!frame.pending || !open(Kind::IndentlessSequence, column, content)) {
        return false;
      }
    } else if (frame.pending && !close_missing()) {
      return false;
    }
    Frame& sequence = scratch_.frames.back();
    sequence.pending = true;
    sequence.after = offset_of(content) + 1;
    content = skip_spaces(content + 1);
    if (ends_line(*content) || *content == '#') {
      at_ = next_line(find_line_end(content));
      content = nullptr;
      return true;
    }
  }
  return true;
}

bool Scanner::read_line() {
  const char* line = at_;
  const char* content = skip_spaces(line);
  if (ends_line(*content)) {
    at_ = next_line(content);
    return true;
  }
  const char c = *content;
  if (c == '#') {
    continuable_ = nullptr;
    at_ = next_line(find_line_end(content));
    return true;
  }
  const auto column = static_cast<std::int32_t>(content - line);
  if (column == 0 && (c == '-' || c == '.') && line[1] == c && line[2] == c) {
    return false;
  }
  if (continuable_ != nullptr && indent() < column) {
    const bool going_on = continue_plain(content);
    continuable_ = nullptr;
    return going_on;
  }
  continuable_ = nullptr;
  while (indent() > column) {
    if (!close()) {
      return false;
    }
  }
  if (indent() == column && scratch_.frames.back().kind != Kind::Map &&
      !(c == '-' && is_blank_or_end(content[1]))) {
    if (scratch_.frames.back().kind != Kind::IndentlessSequence || !close()) {
      return false;
    }
  }
  if (!read_entries(line, content)) {
    return false;
  }
  return content == nullptr || read_token(line, content);
}

// `---` on the first line, with a comment at most.
void Scanner::skip_document_start() {
  if (end_ - at_ >= 3 && std::memcmp(at_, "---", 3) == 0) {
    const char* rest = skip_spaces(at_ + 3);
    if (ends_line(*rest) || (*rest == '#' && rest != at_ + 3)) {
      at_ = next_line(find_line_end(rest));
    }
  }
}

std::optional<Node> Scanner::read() {
  if (!check_bytes()) {
    return std::nullopt;
  }
  skip_document_start();
  while (at_ < end_) {
    if (!read_line()) {
      return std::nullopt;
    }
  }
  while (!scratch_.frames.empty()) {
    if (!close()) {
      return std::nullopt;
    }
  }
  return root_;
}

}  // namespace

std::optional<Node> read_fast_yaml(std::string_view source_text, std::uint32_t begin,
                                   std::uint32_t end, Arena& arena, FastYamlScratch& scratch,
                                   const ReadLimits& limits) {
  // Searches stop at line ends: a slice that ends inside a line would be overrun.
  if (begin >= end || (end < source_text.size() && source_text[end - 1] != '\n')) {
    return std::nullopt;
  }
  return Scanner(source_text, begin, end, arena, scratch, limits).read();
}

}  // namespace tally::document
