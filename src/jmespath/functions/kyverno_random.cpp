// random(): a text that a regular expression matches
// (github.com/zach-klippenstein/goregen with the flags it defaults to: regexp/syntax.POSIX).
//
//   pattern = branch { "|" branch }        branch = { piece }
//   piece   = atom { "*" | "+" | "?" | "{" n [ "," [ m ] ] "}" }
//   atom    = "(" pattern ")" | "[" [ "^" ] items "]" | "." | "^" | "$" | "\" character | character
//
// The chance is the host's; without one there is none.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

constexpr std::uint32_t kRepeatMax = 1000;        // regexp/syntax
constexpr std::uint32_t kUnboundedRepeat = 4096;  // goregen
constexpr std::uint32_t kDepthMax = 100;
constexpr char32_t kRuneMax = 0x10FFFF;

struct Range {
  char32_t low = 0;
  char32_t high = 0;
};

enum class Kind : std::uint8_t { Empty, Set, Sequence, Choice, Repeat };

struct Piece {
  Kind kind = Kind::Empty;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
  std::vector<Range> set;
  std::vector<std::uint32_t> children;
};

class Pattern {
 public:
  explicit Pattern(std::string_view text) : text_(text) {}

  // The error of regexp/syntax, or an empty text.
  std::string parse() {
    if (read_choice(root_) && at_ < text_.size()) {
      fail("unexpected )", text_);
    }
    return error_;
  }

  bool generate(Call& call, std::string& out) const { return generate(call, root_, out); }

 private:
  class [[nodiscard]] DepthGuard {
   public:
    explicit DepthGuard(Pattern& pattern) : pattern_(pattern) { ++pattern_.depth_; }
    ~DepthGuard() { --pattern_.depth_; }
    DepthGuard(const DepthGuard&) = delete;
    DepthGuard& operator=(const DepthGuard&) = delete;

   private:
    Pattern& pattern_;
  };

  bool fail(std::string_view reason, std::string_view where) {
    error_ = fmt::format("error parsing regexp: {}: `{}`", reason, excerpt(where));
    return false;
  }
  std::uint32_t add(Piece piece) {
    pieces_.push_back(std::move(piece));
    return static_cast<std::uint32_t>(pieces_.size() - 1);
  }
  [[nodiscard]] bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool read_choice(std::uint32_t& out) {
    const DepthGuard guard(*this);
    if (depth_ > kDepthMax) {
      return fail("expression nests too deeply", text_);
    }
    Piece choice{.kind = Kind::Choice, .least = 0, .most = 0, .set = {}, .children = {}};
    while (true) {
      std::uint32_t branch = 0;
      if (!read_branch(branch)) {
        return false;
      }
      choice.children.push_back(branch);
      if (!at('|')) {
        break;
      }
      ++at_;
    }
    out = choice.children.size() == 1 ? choice.children[0] : add(std::move(choice));
    return true;
  }

  bool read_branch(std::uint32_t& out) {
    Piece sequence{.kind = Kind::Sequence, .least = 0, .most = 0, .set = {}, .children = {}};
    while (at_ < text_.size() && !at('|') && !at(')')) {
      std::uint32_t piece = 0;
      if (!read_atom(piece) || !read_repeats(piece)) {
        return false;
      }
      sequence.children.push_back(piece);
    }
    out = add(std::move(sequence));
    return true;
  }

  bool read_repeats(std::uint32_t& piece) {
    std::uint32_t product = 1;
    for (std::uint32_t nested = 0; at_ < text_.size(); ++nested) {
      const std::size_t begin = at_;
      if (nested > kDepthMax) {
        return fail("expression nests too deeply", text_);
      }
      Piece repeat{.kind = Kind::Repeat, .least = 0, .most = 1, .set = {}, .children = {piece}};
      if (at('*') || at('+')) {
        repeat.least = at('+') ? 1 : 0;
        repeat.most = kUnboundedRepeat;
        ++at_;
      } else if (at('?')) {
        ++at_;
      } else if (!at('{') || !read_bounds(repeat)) {
        if (!error_.empty()) {
          return false;
        }
        return true;
      }
      if (text_[begin] == '{' && repeat.most != 0) {
        product *= std::max<std::uint32_t>(repeat.least, 1);
      }
      if (repeat.least > repeat.most || repeat.least > kRepeatMax || product > kRepeatMax) {
        return fail("invalid repeat count", text_.substr(begin, at_ - begin));
      }
      piece = add(std::move(repeat));
    }
    return true;
  }

  // What looks like bounds but is none stands for itself.
  bool read_bounds(Piece& repeat) {
    std::size_t at = at_ + 1;
    const auto number = [&](std::uint32_t& out) {
      const std::size_t begin = at;
      std::uint64_t value = 0;
      while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9') {
        value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(text_[at++] - '0'),
                                        1'000'000);
      }
      out = static_cast<std::uint32_t>(value);
      return at > begin;
    };
    if (!number(repeat.least)) {
      return false;
    }
    repeat.most = repeat.least;
    bool is_open = false;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      is_open = !number(repeat.most);
      repeat.most = is_open ? std::max(repeat.least, kUnboundedRepeat) : repeat.most;
    }
    if (at >= text_.size() || text_[at] != '}') {
      return false;
    }
    const std::string_view written = text_.substr(at_, at + 1 - at_);
    at_ = at + 1;
    if (repeat.least > kRepeatMax || (!is_open && repeat.most > kRepeatMax)) {
      return fail("invalid repeat count", written);
    }
    return true;
  }

  bool read_atom(std::uint32_t& out) {
    switch (text_[at_]) {
      case '(': {
        ++at_;
        if (at('?')) {
          return fail("missing argument to repetition operator", "?");
        }
        if (!read_choice(out)) {
          return false;
        }
        if (!at(')')) {
          return fail("missing closing )", text_);
        }
        ++at_;
        return true;
      }
      case '[':
        return read_set(out);
      case '*':
      case '+':
      case '?':
        return fail("missing argument to repetition operator", text_.substr(at_, 1));
      case '^':
      case '$':
        ++at_;
        out = add({});
        return true;
      case '.':
        ++at_;
        // Any character but a line break, drawn from all 31 bits: practically always U+FFFD.
        out = add_set({{1, '\n' - 1}, {'\n' + 1, std::numeric_limits<std::int32_t>::max()}});
        return true;
      case '\\': {
        char32_t code = 0;
        if (!read_escape(code)) {
          return false;
        }
        out = add_set({{code, code}});
        return true;
      }
      default: {
        const Rune rune = rune_at(text_, at_);
        at_ += rune.size;
        out = add_set({{rune.code, rune.code}});
        return true;
      }
    }
  }

  std::uint32_t add_set(std::vector<Range> ranges) {
    return add(
        {.kind = Kind::Set, .least = 0, .most = 0, .set = std::move(ranges), .children = {}});
  }

  // Punctuation, and the escapes of C.
  bool read_escape(char32_t& out) {
    const std::size_t begin = at_++;
    if (at_ >= text_.size()) {
      return fail("trailing backslash at end of expression", "");
    }
    const Rune rune = rune_at(text_, at_);
    at_ += rune.size;
    constexpr std::string_view kLetters = "afnrtv";
    constexpr std::string_view kMeanings = "\a\f\n\r\t\v";
    const auto c = static_cast<char>(rune.code < 0x80 ? rune.code : 0);
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c != 0 && !is_word && c != '_') {
      out = rune.code;
      return true;
    }
    if (const std::size_t which = kLetters.find(c); c != 0 && which != std::string_view::npos) {
      out = static_cast<unsigned char>(kMeanings[which]);
      return true;
    }
    return fail("invalid escape sequence", text_.substr(begin, at_ - begin));
  }

  bool read_set(std::uint32_t& out) {
    const std::size_t begin = at_++;
    const bool is_negated = at('^');
    at_ += is_negated ? 1 : 0;
    std::vector<Range> ranges;
    for (bool first = true; first || !at(']'); first = false) {
      if (at_ >= text_.size()) {
        return fail("missing closing ]", text_.substr(begin));
      }
      if (text_.substr(at_).starts_with("[:")) {
        const std::size_t end = text_.find(":]", at_ + 2);
        if (end != std::string_view::npos) {
          const std::string_view name = text_.substr(at_, end + 2 - at_);
          if (!add_named(name, ranges)) {
            return fail("invalid character class range", name);
          }
          at_ = end + 2;
          continue;
        }
      }
      const std::size_t item = at_;
      Range range;
      if (!read_set_character(range.low)) {
        return false;
      }
      range.high = range.low;
      if (at('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        if (!read_set_character(range.high)) {
          return false;
        }
        if (range.high < range.low) {
          return fail("invalid character class range", text_.substr(item, at_ - item));
        }
      }
      ranges.push_back(range);
    }
    ++at_;
    out = add_set(is_negated ? negated(std::move(ranges)) : merged(std::move(ranges)));
    return true;
  }
  bool read_set_character(char32_t& out) {
    if (at('\\')) {
      return read_escape(out);
    }
    if (at_ >= text_.size()) {
      return fail("missing closing ]", text_);
    }
    const Rune rune = rune_at(text_, at_);
    at_ += rune.size;
    out = rune.code;
    return true;
  }

  static bool add_named(std::string_view name, std::vector<Range>& out) {
    struct Named {
      std::string_view name;
      std::vector<Range> ranges;
    };
    static const std::vector<Named> kNamed{
        {"[:alnum:]", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
        {"[:alpha:]", {{'A', 'Z'}, {'a', 'z'}}},
        {"[:ascii:]", {{1, 0x7F}}},
        {"[:blank:]", {{'\t', '\t'}, {' ', ' '}}},
        {"[:cntrl:]", {{1, 0x1F}, {0x7F, 0x7F}}},
        {"[:digit:]", {{'0', '9'}}},
        {"[:graph:]", {{'!', '~'}}},
        {"[:lower:]", {{'a', 'z'}}},
        {"[:print:]", {{' ', '~'}}},
        {"[:punct:]", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
        {"[:space:]", {{'\t', '\r'}, {' ', ' '}}},
        {"[:upper:]", {{'A', 'Z'}}},
        {"[:word:]", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
        {"[:xdigit:]", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
    };
    const bool is_negated = name.starts_with("[:^");
    const std::string plain = is_negated ? "[:" + std::string(name.substr(3)) : std::string(name);
    for (const Named& one : kNamed) {
      if (one.name == plain) {
        const std::vector<Range> ranges = is_negated ? negated(one.ranges) : one.ranges;
        out.insert(out.end(), ranges.begin(), ranges.end());
        return true;
      }
    }
    return false;
  }

  static std::vector<Range> merged(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::low);
    std::vector<Range> out;
    for (const Range& range : ranges) {
      if (!out.empty() && range.low <= out.back().high + 1) {
        out.back().high = std::max(out.back().high, range.high);
      } else {
        out.push_back(range);
      }
    }
    return out;
  }
  // Without NUL, which upstream never generates, and without line breaks.
  static std::vector<Range> negated(std::vector<Range> ranges) {
    ranges.push_back({0, 0});
    ranges.push_back({'\n', '\n'});
    std::vector<Range> out;
    char32_t next = 0;
    for (const Range& range : merged(std::move(ranges))) {
      if (range.low > next) {
        out.push_back({next, range.low - 1});
      }
      next = range.high + 1;
    }
    if (next <= kRuneMax) {
      out.push_back({next, kRuneMax});
    }
    return out;
  }

  static bool draw(Call& call, std::uint64_t below, std::uint64_t& out) {
    const auto bits = call.host() == nullptr ? std::nullopt : call.host()->random_bits();
    if (!bits) {
      return call.fail_function("random", "there is no source of chance here");
    }
    out = *bits % below;  // the bias is below 2^-32: no range has 32 bits
    return call.charge_steps(1);
  }

  bool generate(Call& call, std::uint32_t index, std::string& out) const {
    const Piece& piece = pieces_[index];
    std::uint64_t drawn = 0;
    switch (piece.kind) {
      case Kind::Empty:
        return true;
      case Kind::Set: {
        std::uint64_t total = 0;
        for (const Range& range : piece.set) {
          total += range.high - range.low + 1;
        }
        if (total == 0) {
          return call.fail_function("random", "a character class is empty");
        }
        if (total > 1 && !draw(call, total, drawn)) {
          return false;
        }
        for (const Range& range : piece.set) {
          const std::uint64_t size = range.high - range.low + 1;
          if (drawn < size) {
            append_utf8(out, range.low + static_cast<char32_t>(drawn));
            return call.charge_bytes(4);
          }
          drawn -= size;
        }
        return true;
      }
      case Kind::Sequence:
        return std::ranges::all_of(piece.children,
                                   [&](std::uint32_t child) { return generate(call, child, out); });
      case Kind::Choice:
        return draw(call, piece.children.size(), drawn) &&
               generate(call, piece.children[drawn], out);
      case Kind::Repeat: {
        if (piece.most > piece.least && !draw(call, piece.most - piece.least + 1, drawn)) {
          return false;
        }
        for (std::uint64_t i = 0; i < piece.least + drawn; ++i) {
          if (!call.charge_steps(1) || !generate(call, piece.children[0], out)) {
            return false;
          }
        }
        return true;
      }
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  std::uint32_t root_ = 0;
  std::vector<Piece> pieces_;
  std::string error_;
};

bool apply_random(Call& call, Arguments arguments, Node& out) {
  const std::string_view text = arguments[0].text();
  if (text.empty()) {
    return call.fail("no pattern provided");
  }
  if (text.size() > 10'000) {
    return call.fail_function("random", "the pattern is too long");
  }
  Pattern pattern(text);
  if (std::string error = pattern.parse(); !error.empty()) {
    return call.fail(std::move(error));
  }
  std::string generated;
  return pattern.generate(call, generated) && call.give_own_text(call.arena().copy(generated), out);
}

constexpr std::array kOneText{kString};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "random",
     .parameters = kOneText,
     .returns = kString,
     .apply = apply_random,
     .summary = "A text, made by chance, that a POSIX regular expression matches.",
     .example = ""},
});

}  // namespace

std::span<const Function> kyverno_random_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
