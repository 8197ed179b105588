// One pass with an explicit stack of open collections. The values of all open collections lie on
// one stack, their keys on another; a collection that closes moves its part of both into the arena.
#include "document/internal/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "document/internal/byte_scan.hpp"
#include "document/internal/duplicate_key.hpp"
#include "document/internal/key_hashes.hpp"

namespace tally::document {

namespace {

struct Frame {
  bool map = false;
  bool suspicious = false;  // two keys may be the same
  bool escaped = false;     // a key holds an escape: it lies in the arena
  std::uint32_t offset = 0;
  std::uint32_t values = 0;   // its first value in the scratch
  std::uint32_t keys = 0;     // its first key in the scratch
  Symbol symbol = kNoSymbol;  // of the pending key
  std::uint64_t seen = 0;     // one bit for each key
};

struct Scratch {
  std::vector<Frame> frames;
  std::vector<Node> values;
  std::vector<KeySpan> keys;                   // of the key as it stands in the source
  std::vector<std::uint32_t> hashes;           // one for each key
  std::vector<std::string_view> escaped_keys;  // of all open maps, in order
  std::vector<std::string_view> names;
  std::vector<std::uint32_t> order;
  std::string text;
};

Scratch& thread_scratch() {
  static thread_local Scratch scratch;
  return scratch;
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '+' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

// RFC 8259 section 2.
const char* skip_blanks(const char* at) {
  while (is_blank(*at)) {
    at = *at == ' ' ? skip_spaces(at) : at + 1;
  }
  return at;
}

// A key whose text lies in the arena is marked by the size of its span.
constexpr std::uint32_t kEscapedKey = 0xFFFFFFFFU;

class Reader {
 public:
  Reader(std::string_view source_text, std::uint32_t end, Arena& arena, const ReadLimits& limits,
         Scratch& scratch)
      : source_text_(source_text),
        text_(source_text.data()),
        end_(source_text.data() + end),
        arena_(arena),
        limits_(limits),
        scratch_(scratch) {
    scratch_.frames.clear();
    scratch_.values.clear();
    scratch_.keys.clear();
    scratch_.hashes.clear();
    scratch_.escaped_keys.clear();
  }

  Result<JsonValue> read(const char* at);

 private:
  // Each returns the place behind what it has read, nullptr after fail().
  const char* read_value(const char* at);
  const char* read_word(const char* at);
  const char* read_number(const char* at);
  const char* read_key(const char* at);
  const char* read_members(const char* at);  // behind a value: commas and closing brackets

  struct Text {
    const char* end = nullptr;  // behind the closing quote
    std::string_view text;
    bool escaped = false;
  };
  Text read_text(const char* at);
  Text decode_text(const char* at);
  const char* decode_escape(const char* at);
  const char* decode_unicode(const char* at);

  bool open(bool map, const char* at);
  bool close();
  bool add_value(const Node& value);
  bool check_duplicates(const Frame& frame);
  std::string_view key_name(std::size_t key, std::size_t& escaped) const;

  const char* fail(const char* at, std::string_view expected, std::string hint = {});
  const char* fail_limit(const char* at, std::string message);
  const char* fail_text(const char* at, std::string message, std::string hint = {});
  [[nodiscard]] std::string found(const char* at) const;
  [[nodiscard]] Position position(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t offset_of(const char* at) const {
    return static_cast<std::uint32_t>(at - text_);
  }

  std::string_view source_text_;
  const char* text_;
  const char* end_;
  Arena& arena_;
  const ReadLimits& limits_;
  Scratch& scratch_;
  Node root_;
  std::uint32_t nodes_ = 0;
  std::optional<Error> error_;
};

// ---------------------------------------------------------------- errors

Position Reader::position(std::uint32_t offset) const {
  const std::string_view before = source_text_.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is the start
  const auto lines = std::ranges::count(before, '\n');
  const auto characters = std::ranges::count_if(before.substr(line_start), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  return {.line = static_cast<std::uint32_t>(lines) + 1,
          .column = static_cast<std::uint32_t>(characters) + 1};
}

const char* Reader::fail_text(const char* at, std::string message, std::string hint) {
  error_ = Error{.kind = ErrorKind::Content,
                 .message = std::move(message),
                 .file = {},
                 .at = position(offset_of(std::min(at, end_))),
                 .hint = std::move(hint)};
  return nullptr;
}

const char* Reader::fail_limit(const char* at, std::string message) {
  fail_text(at, std::move(message));
  if (error_) {
    error_->kind = ErrorKind::Limit;
  }
  return nullptr;
}

// What stands at a place, as a reader of the message would name it.
std::string Reader::found(const char* at) const {
  if (at >= end_) {
    return "the end of the text";
  }
  const auto c = static_cast<unsigned char>(*at);
  if (c < 0x20 || c == 0x7F) {
    return fmt::format("the control character U+{:04X}", static_cast<unsigned>(c));
  }
  const char* stop = at;
  while (stop < end_ && is_word(*stop)) {
    ++stop;
  }
  stop += stop == at ? 1 : 0;
  return fmt::format("`{}`", excerpt({at, static_cast<std::size_t>(stop - at)}, 40));
}

const char* Reader::fail(const char* at, std::string_view expected, std::string hint) {
  if (hint.empty() && at < end_) {
    if (*at == '\'') {
      hint = "JSON puts texts into double quotes";
    } else if (*at == '/' || *at == '#') {
      hint = "JSON has no comments";
    }
  }
  return fail_text(at, fmt::format("found {}, expected {}", found(at), expected), std::move(hint));
}

// ---------------------------------------------------------------- collections

bool Reader::open(bool map, const char* at) {
  if (scratch_.frames.size() >= limits_.depth) {
    fail_limit(at, fmt::format("lists and maps are nested deeper than {} levels", limits_.depth));
    return false;
  }
  if (++nodes_ > limits_.nodes) {
    fail_limit(at, fmt::format("the document has more than {} values", limits_.nodes));
    return false;
  }
  Frame& frame = scratch_.frames.emplace_back();
  frame.map = map;
  frame.offset = offset_of(at);
  frame.values = static_cast<std::uint32_t>(scratch_.values.size());
  frame.keys = static_cast<std::uint32_t>(scratch_.keys.size());
  return true;
}

bool Reader::add_value(const Node& value) {
  if (scratch_.frames.empty()) {
    root_ = value;
  } else {
    scratch_.values.push_back(value.with_key(scratch_.frames.back().symbol));
  }
  return true;
}

// The text of a key; `escaped` walks the keys that lie in the arena.
std::string_view Reader::key_name(std::size_t key, std::size_t& escaped) const {
  const KeySpan span = scratch_.keys[key];
  return span.size == kEscapedKey ? scratch_.escaped_keys[escaped++]
                                  : std::string_view{text_ + span.offset, span.size};
}

bool Reader::close() {
  const Frame frame = scratch_.frames.back();
  const std::span<const Node> values = std::span(scratch_.values).subspan(frame.values);
  Node closed;
  if (!frame.map) {
    closed = Node::make_array(arena_, values, frame.offset);
  } else {
    const std::span<const KeySpan> keys = std::span(scratch_.keys).subspan(frame.keys);
    if (frame.escaped || frame.suspicious) {
      // The inner maps are closed: the last escaped keys are those of this one.
      std::size_t escaped =
          scratch_.escaped_keys.size() -
          static_cast<std::size_t>(std::ranges::count(keys, kEscapedKey, &KeySpan::size));
      const std::size_t first_escaped = escaped;
      scratch_.names.clear();
      for (std::size_t key = frame.keys; key < scratch_.keys.size(); ++key) {
        scratch_.names.push_back(key_name(key, escaped));
      }
      if (frame.suspicious && !check_duplicates(frame)) {
        return false;
      }
      scratch_.escaped_keys.resize(first_escaped);
    }
    closed = frame.escaped
                 ? Node::make_object(arena_, values, scratch_.names, source_text_, frame.offset)
                 : Node::make_named_object(arena_, values, keys, text_, frame.offset);
    scratch_.keys.resize(frame.keys);
    scratch_.hashes.resize(frame.keys);
  }
  scratch_.values.resize(frame.values);
  scratch_.frames.pop_back();
  return add_value(closed);
}

// scratch_.names holds the keys of the map.
bool Reader::check_duplicates(const Frame& frame) {
  if (!repeats_hash(std::span(scratch_.hashes).subspan(frame.keys), scratch_.order)) {
    return true;
  }
  const auto duplicate = find_duplicate_key(scratch_.names, scratch_.order);
  if (!duplicate) {
    return true;
  }
  const auto occurrence = [&](std::size_t member) {
    return KeyOccurrence{.line = position(scratch_.keys[frame.keys + member].offset).line,
                         .value = scratch_.values[frame.values + member]};
  };
  fail_text(text_ + scratch_.keys[frame.keys + duplicate->second].offset - 1,
            duplicate_key_message(scratch_.names[duplicate->second], occurrence(duplicate->first),
                                  occurrence(duplicate->second)));
  return false;
}

// ---------------------------------------------------------------- texts

// RFC 8259 section 7. `at` is the opening quote.
Reader::Text Reader::read_text(const char* at) {
  __m128i high = _mm_setzero_si128();
  const char* block = at + 1;
  for (;; block += 16) {
    const __m128i bytes = load_bytes(block);
    const std::uint32_t stops = byte_mask(_mm_or_si128(
        at_most(bytes, 0x1F), _mm_or_si128(equal_bytes(bytes, '"'), equal_bytes(bytes, '\\'))));
    if (stops == 0) {
      high = _mm_or_si128(high, bytes);
      continue;
    }
    const char* stop = block + std::countr_zero(stops);
    if (*stop != '"' || stop >= end_) {
      return decode_text(at);
    }
    const std::uint32_t before = (stops & (0U - stops)) - 1;  // the bytes of the text in this block
    const std::string_view text{at + 1, static_cast<std::size_t>(stop - at - 1)};
    if ((byte_mask(high) | (byte_mask(bytes) & before)) != 0) {
      if (const auto invalid = find_invalid_utf8(text)) {
        fail_text(at + 1 + *invalid, "found a byte that is not UTF-8 inside a text");
        return {};
      }
    }
    return {.end = stop + 1, .text = text, .escaped = false};
  }
}

const char* Reader::decode_unicode(const char* at) {
  const auto unit = [this](const char* digits) -> std::optional<char32_t> {
    char32_t code = 0;
    for (int i = 0; i < 4; ++i, ++digits) {
      const char lower = static_cast<char>(*digits | 0x20);
      const bool letter = lower >= 'a' && lower <= 'f';
      if (digits >= end_ || (!is_digit(*digits) && !letter)) {
        return std::nullopt;
      }
      code = (code << 4) | static_cast<char32_t>(letter ? lower - 'a' + 10 : *digits - '0');
    }
    return code;
  };
  const auto first = unit(at + 2);
  if (!first) {
    return fail_text(at, "found a `\\u` without four hexadecimal digits behind it");
  }
  // A pair of surrogates is one character; a lone one becomes U+FFFD (encoding/json, unquoteBytes).
  if (*first >= 0xD800 && *first <= 0xDBFF && at[6] == '\\' && at[7] == 'u') {
    const auto second = unit(at + 8);
    if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
      append_utf8(scratch_.text, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
      return at + 12;
    }
  }
  append_utf8(scratch_.text, *first);
  return at + 6;
}

// `at` is a backslash.
const char* Reader::decode_escape(const char* at) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (at[1] == 'u') {
    return decode_unicode(at);
  }
  const auto letter = kLetters.find(at[1]);
  if (letter == std::string_view::npos || at + 1 >= end_) {
    return fail_text(at, fmt::format("found the escape `\\` before {}, which JSON does not have",
                                     found(at + 1)));
  }
  scratch_.text += kMeanings[letter];
  return at + 2;
}

Reader::Text Reader::decode_text(const char* at) {
  const char* opening = at++;
  std::string& text = scratch_.text;
  text.clear();
  bool escaped = false;
  for (;;) {
    const char* stop = find_byte(at, [](__m128i bytes) {
      return _mm_or_si128(at_most(bytes, 0x1F),
                          _mm_or_si128(equal_bytes(bytes, '"'), equal_bytes(bytes, '\\')));
    });
    stop = std::min(stop, end_);
    const std::string_view run{at, static_cast<std::size_t>(stop - at)};
    if (const auto invalid = find_invalid_utf8(run)) {
      fail_text(at + *invalid, "found a byte that is not UTF-8 inside a text");
      return {};
    }
    text += run;
    if (stop >= end_ || (*stop == '\n' && !escaped && text.empty())) {
      fail_text(opening, "found a text without its closing quote, expected `\"`");
      return {};
    }
    if (*stop == '"') {
      return {.end = stop + 1, .text = arena_.copy(text), .escaped = true};
    }
    if (*stop != '\\') {
      fail_text(
          stop, fmt::format("found {} inside a text", found(stop)),
          *stop == '\n' ? "a closing quote may be missing; a line break in a text is \\n" : "");
      return {};
    }
    escaped = true;
    at = decode_escape(stop);
    if (at == nullptr) {
      return {};
    }
  }
}

// ---------------------------------------------------------------- values

// RFC 8259 section 6: [ minus ] int [ frac ] [ exp ].
const char* Reader::read_number(const char* start) {
  const char* at = start + (*start == '-' ? 1 : 0);
  const auto digits = [&at] {
    const char* first = at;
    while (is_digit(*at)) {
      ++at;
    }
    return at > first;
  };
  if (*at == '0' && is_digit(at[1])) {
    return fail(start, "a number without leading zeros");
  }
  if (!digits()) {
    return fail(start, "a number");
  }
  if (*at == '.') {
    ++at;
    if (!digits()) {
      return fail(start, "a digit behind the decimal point");
    }
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    at += *at == '+' || *at == '-' ? 1 : 0;
    if (!digits()) {
      return fail(start, "a digit in the exponent");
    }
  }
  if (at > end_ || is_word(*at)) {
    return at >= end_ ? at : fail(start, "a number");
  }
  return at;
}

const char* Reader::read_word(const char* at) {
  const auto is = [at](std::string_view word) {
    return std::memcmp(at, word.data(), word.size()) == 0 && !is_word(at[word.size()]);
  };
  const std::uint32_t offset = offset_of(at);
  if (is("true")) {
    return add_value(Node::make_bool(true, offset)) ? at + 4 : nullptr;
  }
  if (is("false")) {
    return add_value(Node::make_bool(false, offset)) ? at + 5 : nullptr;
  }
  if (is("null")) {
    return add_value(Node::make_null(offset)) ? at + 4 : nullptr;
  }
  return fail(at, "a JSON value",
              is("True") || is("False") || is("None") ? "JSON writes true, false and null" : "");
}

// A value, or the opening bracket of one.
const char* Reader::read_value(const char* at) {
  const char c = *at;
  if (c == '{' || c == '[') {
    return open(c == '{', at) ? at + 1 : nullptr;
  }
  if (++nodes_ > limits_.nodes) {
    return fail_limit(at, fmt::format("the document has more than {} values", limits_.nodes));
  }
  if (c == '"') {
    const Text text = read_text(at);
    return text.end != nullptr && add_value(Node::make_string(text.text, offset_of(at))) ? text.end
                                                                                         : nullptr;
  }
  if (c == '-' || is_digit(c)) {
    const char* end = read_number(at);
    return end != nullptr && add_value(Node::make_number({at, static_cast<std::size_t>(end - at)},
                                                         offset_of(at)))
               ? end
               : nullptr;
  }
  return read_word(at);
}

// A key with its colon.
const char* Reader::read_key(const char* at) {
  const Text key = read_text(at);
  if (key.end == nullptr) {
    return nullptr;
  }
  const auto [symbol, hash] = find_hashed_symbol(key.text);
  Frame& frame = scratch_.frames.back();
  const std::uint64_t bit = key_bit(hash);
  frame.suspicious = frame.suspicious || (frame.seen & bit) != 0;
  frame.seen |= bit;
  frame.symbol = symbol;
  if (key.escaped) {
    frame.escaped = true;
    scratch_.escaped_keys.push_back(key.text);
  }
  scratch_.keys.push_back(
      {offset_of(at) + 1, key.escaped ? kEscapedKey : static_cast<std::uint32_t>(key.text.size())});
  scratch_.hashes.push_back(hash);
  const char* colon = skip_blanks(key.end);
  if (*colon != ':' || colon >= end_) {
    return fail(colon, "`:` behind a key");
  }
  return colon + 1;
}

// Behind a value: closes what ends here, and goes on to the next value or, at the end of the root,
// stops.
const char* Reader::read_members(const char* at) {
  while (!scratch_.frames.empty()) {
    at = skip_blanks(at);
    const bool map = scratch_.frames.back().map;
    if (at >= end_) {
      return fail(at, map ? "`,` or `}`" : "`,` or `]`");
    }
    if (*at == (map ? '}' : ']')) {
      if (!close()) {
        return nullptr;
      }
      ++at;
      continue;
    }
    if (*at != ',') {
      return fail(at, map ? "`,` or `}` behind a member" : "`,` or `]` behind an item");
    }
    at = skip_blanks(at + 1);
    if (map && *at == '"') {
      return read_key(at);
    }
    if (map || *at == ']') {
      const bool closing = *at == '}' || *at == ']';
      return fail(at, map ? "a key in double quotes" : "a JSON value",
                  closing ? "JSON allows no comma before a closing bracket" : "");
    }
    return at;
  }
  return at;
}

Result<JsonValue> Reader::read(const char* at) {
  do {
    at = skip_blanks(at);
    if (at >= end_) {
      fail(at, "a JSON value");
      break;
    }
    const std::size_t outside = scratch_.frames.size();
    at = read_value(at);
    if (at != nullptr && scratch_.frames.size() > outside) {
      // The first member, or the end of an empty collection.
      const bool map = scratch_.frames.back().map;
      at = skip_blanks(at);
      if (map && *at == '"') {
        at = read_key(at);
        continue;
      }
      if (*at != (map ? '}' : ']')) {
        if (map) {
          fail(at, "a key in double quotes or `}`");
          break;
        }
        continue;
      }
    }
    if (at != nullptr) {
      at = read_members(at);
    }
  } while (at != nullptr && !scratch_.frames.empty());
  if (error_) {
    return std::unexpected(std::move(*error_));
  }
  return JsonValue{.root = root_, .end = offset_of(std::min(at, end_))};
}

}  // namespace

Result<JsonValue> read_json(std::string_view source_text, std::uint32_t begin, std::uint32_t end,
                            Arena& arena, const ReadLimits& limits) {
  return Reader(source_text, end, arena, limits, thread_scratch()).read(source_text.data() + begin);
}

}  // namespace tally::document
