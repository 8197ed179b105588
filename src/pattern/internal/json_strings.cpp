#include "pattern/internal/json_strings.hpp"

#include <cstddef>
#include <string>

#include "base/text.hpp"

namespace tally::pattern {
namespace {

constexpr std::size_t kDepthMax = 10'000;  // encoding/json, scanner.go, maxNestingDepth

// RFC 8259, without recursion: the open lists and maps are a stack of bits.
class Scanner {
 public:
  Scanner(std::string_view text, Arena& arena) : text_(text), arena_(arena) {}

  JsonStrings read() {
    JsonStrings out;
    skip_blanks();
    const bool is_list = peek() == '[';
    const bool is_null = text_.substr(at_).starts_with("null");
    if (!scan_value(is_list ? &out : nullptr)) {
      return {};
    }
    skip_blanks();
    if (at_ != text_.size()) {
      return {};
    }
    if ((!is_list && !is_null) || only_strings_ == false) {
      return {JsonStrings::Kind::OtherJson, {}};
    }
    out.kind = JsonStrings::Kind::Strings;
    return out;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  void skip_blanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  // One value and all that it holds. `out` gets the elements of a list at the top.
  bool scan_value(JsonStrings* out) {
    for (;;) {
      skip_blanks();
      const char c = peek();
      const bool is_element = open_.size() == 1 && out != nullptr;
      if (c == '{' || c == '[') {
        ++at_;
        only_strings_ = only_strings_ && !is_element;
        if (open_.size() >= kDepthMax) {
          return false;
        }
        open_.push_back(c == '{');
        skip_blanks();
        if (!take(c == '{' ? '}' : ']')) {
          if (c == '{' && !scan_key()) {
            return false;
          }
          continue;
        }
        open_.pop_back();
      } else if (!scan_scalar(is_element ? out : nullptr)) {
        return false;
      }
      if (!finish_value()) {
        return false;
      }
      if (open_.empty()) {
        return true;
      }
    }
  }

  // Behind a value: closes what ends here; true when another value follows, or nothing is open.
  bool finish_value() {
    while (!open_.empty()) {
      skip_blanks();
      if (take(',')) {
        skip_blanks();
        return !open_.back() || scan_key();
      }
      if (!take(open_.back() ? '}' : ']')) {
        return false;
      }
      open_.pop_back();
    }
    return true;
  }

  bool scan_key() {
    skip_blanks();
    if (peek() != '"' || !scan_string(nullptr)) {
      return false;
    }
    skip_blanks();
    return take(':');
  }

  bool scan_scalar(JsonStrings* out) {
    if (peek() == '"') {
      return scan_string(out);
    }
    for (const std::string_view word : {"null", "true", "false"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        if (out != nullptr) {
          only_strings_ = only_strings_ && word == "null";
          out->strings.emplace_back();
        }
        return true;
      }
    }
    only_strings_ = only_strings_ && out == nullptr;
    return scan_number();
  }

  std::size_t take_digits() {
    const std::size_t first = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    return at_ - first;
  }

  bool scan_number() {
    take('-');
    if (!take('0') && take_digits() == 0) {
      return false;
    }
    if (take('.') && take_digits() == 0) {
      return false;
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      return take_digits() > 0;
    }
    return true;
  }

  bool scan_string(JsonStrings* out) {
    const std::size_t first = ++at_;
    bool is_plain = true;
    while (at_ < text_.size() && text_[at_] != '"') {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) {
        return false;
      }
      if (c == '\\') {
        is_plain = false;
        if (!skip_escape()) {
          return false;
        }
      } else {
        ++at_;
      }
    }
    if (at_ == text_.size()) {
      return false;
    }
    const std::string_view body = text_.substr(first, at_ - first);
    ++at_;
    if (out != nullptr) {
      out->strings.push_back(is_plain ? body : arena_.copy(unescape(body)));
    }
    return true;
  }

  bool skip_escape() {
    if (at_ + 1 >= text_.size()) {
      return false;
    }
    const char c = text_[at_ + 1];
    at_ += 2;
    if (c != 'u') {
      return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    }
    for (int i = 0; i < 4; ++i, ++at_) {
      if (at_ >= text_.size() || hex_digit(text_[at_]) < 0) {
        return false;
      }
    }
    return true;
  }

  static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    const char low = static_cast<char>(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
  }
  // Precondition: four hexadecimal digits stand there.
  static char32_t unit_at(std::string_view text, std::size_t at) {
    char32_t unit = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      unit = unit * 16 + static_cast<char32_t>(hex_digit(text[at + i]));
    }
    return unit;
  }

  // Precondition: scanned. A surrogate without its other half becomes U+FFFD.
  static std::string unescape(std::string_view body) {
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '\\') {
        out += body[i];
        continue;
      }
      const char c = body[++i];
      if (c != 'u') {
        constexpr std::string_view kFrom = "bfnrt";
        constexpr std::string_view kTo = "\b\f\n\r\t";
        const auto known = kFrom.find(c);
        out += known == std::string_view::npos ? c : kTo[known];
        continue;
      }
      char32_t unit = unit_at(body, i + 1);
      i += 4;
      if (unit >= 0xD800 && unit < 0xDC00 && body.substr(i + 1).starts_with("\\u")) {
        const char32_t low = unit_at(body, i + 3);
        if (low >= 0xDC00 && low < 0xE000) {
          unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
          i += 6;
        }
      }
      append_utf8(out, unit);
    }
    return out;
  }

  std::string_view text_;
  Arena& arena_;
  std::size_t at_ = 0;
  std::vector<bool> open_;  // true: a map
  bool only_strings_ = true;
};

}  // namespace

JsonStrings read_json_strings(std::string_view text, Arena& arena) {
  return Scanner(text, arena).read();
}

}  // namespace tally::pattern
