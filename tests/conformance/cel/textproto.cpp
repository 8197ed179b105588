#include "textproto.hpp"

#include "base/text.hpp"

namespace tally::conformance {
namespace {

constexpr int kDepthMax = 100;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Field> file() {
    Field root{.name = {}, .text = {}, .is_string = false, .is_message = true, .fields = {}};
    TALLY_CHECK(fields(root, '\0', 0));
    return root;
  }

 private:
  [[nodiscard]] std::unexpected<Error> error(const std::string& what) const {
    Position at{1, 1};
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      at = text_[i] == '\n' ? Position{at.line + 1, 1} : Position{at.line, at.column + 1};
    }
    return content_error(what, at);
  }

  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') {
          ++at_;
        }
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ';') {
        ++at_;
      } else {
        return;
      }
    }
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
  }

  std::string_view word() {
    const std::size_t begin = at_;
    while (is_word(peek())) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  Result<void> fields(Field& into, char close, int depth) {
    if (depth > kDepthMax) {
      return error("nested too deeply");
    }
    while (true) {
      skip();
      if (peek() == close) {
        at_ += close == '\0' ? 0 : 1;
        return {};
      }
      std::string name;
      if (peek() == '[') {
        const std::size_t end = text_.find(']', at_);
        if (end == std::string_view::npos) {
          return error("expected ]");
        }
        name = text_.substr(at_, end + 1 - at_);
        at_ = end + 1;
      } else {
        name = word();
      }
      if (name.empty()) {
        return error("expected a field name");
      }
      skip();
      if (peek() == ':') {
        ++at_;
        skip();
      }
      if (peek() == '[') {
        ++at_;
        for (skip(); peek() != ']'; skip()) {
          TALLY_CHECK(value(into, name, depth));
        }
        ++at_;
      } else {
        TALLY_CHECK(value(into, name, depth));
      }
    }
  }

  Result<void> value(Field& into, const std::string& name, int depth) {
    Field field;
    field.name = name;
    const char c = peek();
    if (c == '{' || c == '<') {
      ++at_;
      field.is_message = true;
      TALLY_CHECK(fields(field, c == '{' ? '}' : '>', depth + 1));
    } else if (c == '"' || c == '\'') {
      field.is_string = true;
      while (peek() == '"' || peek() == '\'') {  // neighbours are one string
        TALLY_CHECK(quoted(field.text));
        skip();
      }
    } else {
      field.text = word();
      if (field.text.empty()) {
        return error("expected a value");
      }
    }
    into.fields.push_back(std::move(field));
    return {};
  }

  static int digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
  }

  char32_t number(int base, int digits_max) {
    char32_t out = 0;
    for (int i = 0; i < digits_max && digit(peek()) < base; ++i) {
      out = out * static_cast<char32_t>(base) + static_cast<char32_t>(digit(peek()));
      ++at_;
    }
    return out;
  }

  Result<void> quoted(std::string& out) {
    const char quote = text_[at_++];
    while (peek() != quote) {
      if (at_ >= text_.size() || peek() == '\n') {
        return error("string without end");
      }
      char c = text_[at_++];
      if (c != '\\') {
        out += c;
        continue;
      }
      c = peek();
      constexpr std::string_view kLetters = "abfnrtv";
      constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
      if (const auto letter = kLetters.find(c); letter != std::string_view::npos) {
        ++at_;
        out += kMeanings[letter];
      } else if (c == 'x' || c == 'X') {
        ++at_;
        out += static_cast<char>(number(16, 2));
      } else if (c == 'u' || c == 'U') {
        ++at_;
        append_utf8(out, number(16, c == 'u' ? 4 : 8));
      } else if (c >= '0' && c <= '7') {
        out += static_cast<char>(number(8, 3));
      } else {
        ++at_;
        out += c;
      }
    }
    ++at_;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Field> parse_textproto(std::string_view text) { return Parser(text).file(); }

}  // namespace tally::conformance
