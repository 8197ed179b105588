#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "jmespath/internal/go_json.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

namespace {

using document::Node;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class Reader {
 public:
  Reader(std::string_view text, Arena& arena, const JsonReadOptions& options)
      : text_(text), arena_(arena), options_(options) {}

  std::expected<Node, std::string> run() {
    Node root;
    skip_blanks();
    if (!value(root)) {
      return std::unexpected(std::move(error_));
    }
    skip_blanks();
    if (at_ < text_.size()) {
      static_cast<void>(fail("after top-level value"));
      return std::unexpected(std::move(error_));
    }
    return root;
  }

 private:
  class [[nodiscard]] DepthGuard {
   public:
    explicit DepthGuard(Reader& reader) : reader_(reader) { ++reader_.depth_; }
    ~DepthGuard() { --reader_.depth_; }
    DepthGuard(const DepthGuard&) = delete;
    DepthGuard& operator=(const DepthGuard&) = delete;

   private:
    Reader& reader_;
  };

  [[nodiscard]] bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip_blanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }

  // The character that stands here, and what the scanner was doing.
  bool fail(std::string_view doing) {
    // At the end Go's scanner is given a blank, which only these do not take.
    const bool is_inside = doing.starts_with("in literal") || doing.find("numeric") != doing.npos ||
                           doing.find("escape") != doing.npos;
    if (at_ >= text_.size() && !is_inside) {
      error_ = "unexpected end of JSON input";
      return false;
    }
    const char c = at_ < text_.size() ? text_[at_] : ' ';
    const std::string shown = c == '\''  ? "'\\''"
                              : c == '"' ? "'\"'"
                              : static_cast<unsigned char>(c) < 0x20
                                  ? (c == '\n'   ? "'\\n'"
                                     : c == '\t' ? "'\\t'"
                                     : c == '\r' ? "'\\r'"
                                                 : fmt::format("'\\x{:02x}'", c))
                                  : quoted_here();
    error_ = fmt::format("invalid character {} {}", shown, doing);
    return false;
  }

  [[nodiscard]] std::string quoted_here() const {
    const std::string_view rest = at_ < text_.size() ? text_.substr(at_) : " ";
    const Rune rune = rune_at(rest, 0);
    return rune.code == kBadRune ? "'\xEF\xBF\xBD'"
                                 : fmt::format("'{}'", rest.substr(0, rune.size));
  }

  bool value(Node& out) {
    const DepthGuard guard(*this);
    if (depth_ > options_.depth) {
      error_ = "exceeded max depth";
      return false;
    }
    if (at_ >= text_.size()) {
      return fail("");
    }
    switch (text_[at_]) {
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '"': {
        std::string_view text;
        if (!string(text)) {
          return false;
        }
        out = Node::make_string(text, 0);
        return true;
      }
      case 't':
        out = Node::make_bool(true, 0);
        return word("true");
      case 'f':
        out = Node::make_bool(false, 0);
        return word("false");
      case 'n':
        out = Node{};
        return word("null");
      default:
        return number(out);
    }
  }

  bool word(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i, ++at_) {
      if (!at(name[i])) {
        return fail(fmt::format("in literal {} (expecting '{}')", name, name[i]));
      }
    }
    return true;
  }

  bool number(Node& out) {
    const std::size_t begin = at_;
    const bool negative = at('-');
    at_ += negative ? 1 : 0;
    if (at_ >= text_.size() || !is_digit(text_[at_])) {
      return fail(negative ? "in numeric literal" : "looking for beginning of value");
    }
    if (text_[at_] == '0') {
      ++at_;
    } else {
      skip_digits();
    }
    if (at('.')) {
      ++at_;
      if (!skip_digits()) {
        return fail("after decimal point in numeric literal");
      }
    }
    if (at('e') || at('E')) {
      ++at_;
      at_ += at('+') || at('-') ? 1 : 0;
      if (!skip_digits()) {
        return fail("in exponent of numeric literal");
      }
    }
    const std::string_view written = text_.substr(begin, at_ - begin);
    const double parsed = Node::make_number(written, 0).number();
    if (std::isinf(parsed)) {
      error_ = fmt::format("json: cannot unmarshal number {} into Go value of type float64",
                           excerpt(written));
      return false;
    }
    out = make_number(arena_, parsed);
    return true;
  }
  bool skip_digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      ++at_;
    }
    return at_ > begin;
  }

  bool array(Node& out) {
    const std::size_t base = values_.size();
    ++at_;
    skip_blanks();
    if (at(']')) {
      ++at_;
    } else {
      while (true) {
        skip_blanks();
        Node item;
        if (!value(item)) {
          return false;
        }
        values_.push_back(item);
        skip_blanks();
        if (at(']')) {
          ++at_;
          break;
        }
        if (!at(',')) {
          return fail("after array element");
        }
        ++at_;
      }
    }
    out = Node::make_array(arena_, std::span(values_).subspan(base), 0);
    values_.resize(base);
    return true;
  }

  bool object(Node& out) {
    std::vector<Node> values;
    std::vector<std::string_view> keys;
    std::unordered_map<std::string_view, std::size_t> seen;
    ++at_;
    skip_blanks();
    if (at('}')) {
      ++at_;
      out = Node::make_object(arena_, values, keys, {}, 0);
      return true;
    }
    while (true) {
      skip_blanks();
      if (!at('"')) {
        return fail("looking for beginning of object key string");
      }
      std::string_view key;
      Node member;
      if (!string(key)) {
        return false;
      }
      skip_blanks();
      if (!at(':')) {
        return fail("after object key");
      }
      ++at_;
      skip_blanks();
      if (!value(member)) {
        return false;
      }
      const auto [known, is_new] = seen.emplace(key, keys.size());
      if (is_new) {
        keys.push_back(key);
        values.push_back(member);
      } else {
        values[known->second] = member;
      }
      skip_blanks();
      if (at('}')) {
        ++at_;
        out = Node::make_object(arena_, values, keys, {}, 0);
        return true;
      }
      if (!at(',')) {
        return fail("after object key:value pair");
      }
      ++at_;
    }
  }

  bool hex4(char32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) {
        return fail("in \\u hexadecimal character escape");
      }
      out = out * 16 + static_cast<char32_t>(digit);
    }
    return true;
  }

  bool escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at('u')) {
      ++at_;
      char32_t unit = 0;
      if (!hex4(unit)) {
        return false;
      }
      if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
        const std::size_t before = at_;
        at_ += 2;
        char32_t low = 0;
        if (!hex4(low)) {
          return false;
        }
        if (low >= 0xDC00 && low < 0xE000) {
          unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
        } else {
          at_ = before;  // a lone surrogate; the second escape stands for itself
        }
      }
      append_utf8(out, unit);
      return true;
    }
    const std::size_t which = at_ < text_.size() ? kLetters.find(text_[at_]) : std::string::npos;
    if (which == std::string_view::npos) {
      return fail("in string escape code");
    }
    out += kMeanings[which];
    ++at_;
    return true;
  }

  bool string(std::string_view& out) {
    const std::size_t begin = ++at_;
    bool is_plain = true;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fail("in string literal");
      }
      is_plain = is_plain && text_[at_] != '\\' && static_cast<unsigned char>(text_[at_]) < 0x80;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ >= text_.size()) {
      at_ = text_.size();
      return fail("");
    }
    if (is_plain) {
      out = arena_.copy(text_.substr(begin, at_++ - begin));
      return true;
    }
    const std::size_t end = at_;
    at_ = begin;
    std::string unescaped;
    while (at_ < end) {
      if (text_[at_] == '\\') {
        ++at_;
        if (!escape(unescaped)) {
          return false;
        }
        continue;
      }
      std::size_t stop = std::min(end, text_.find('\\', at_));
      // What is no UTF-8 becomes U+FFFD, byte by byte.
      const std::string_view piece = text_.substr(at_, stop - at_);
      if (const auto bad = find_invalid_utf8(piece)) {
        unescaped += piece.substr(0, *bad);
        unescaped += "\xEF\xBF\xBD";
        at_ += *bad + 1;
        continue;
      }
      unescaped += piece;
      at_ = stop;
    }
    at_ = end + 1;
    out = arena_.copy(unescaped);
    return true;
  }

  std::string_view text_;
  Arena& arena_;
  const JsonReadOptions& options_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  std::vector<Node> values_;
  std::string error_;
};

}  // namespace

std::expected<Node, std::string> read_go_json(std::string_view text, Arena& arena,
                                              const JsonReadOptions& options) {
  return Reader(text, arena, options).run();
}

}  // namespace tally::jmespath
