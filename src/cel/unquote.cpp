// Literals as cel-go reads them (parser/unescape.go): line ends become \n, in raw literals too; \x
// and octal escapes are code points in a string and octets in bytes.
#include "cel/internal/lexer.hpp"

namespace tally::cel {

namespace {

constexpr std::string_view kUnescapable = "unable to unescape string";
constexpr std::string_view kNoCodePoint = "invalid unicode code point";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::size_t encode(std::uint32_t point, char* to) noexcept {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
    return 1;
  }
  if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
    return 3;
  }
  put(0xF0 | point >> 18);
  put(0x80 | (point >> 12 & 0x3F));
  put(0x80 | (point >> 6 & 0x3F));
  put(0x80 | (point & 0x3F));
  return 4;
}

bool is_code_point(std::uint32_t point) noexcept {
  return point < 0xD800 || (point > 0xDFFF && point <= 0x10FFFF);
}

char simple_escape(char c) noexcept {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?':
      return c;
    default:
      return '\0';
  }
}

// One escape sequence of `text` from `at` (behind the backslash). The lexer has checked its form.
std::string_view unescape(std::string_view text, std::size_t& at, bool bytes, char*& to) {
  if (at >= text.size()) {
    return kUnescapable;
  }
  const char c = text[at++];
  if (const char plain = simple_escape(c); plain != '\0') {
    *to++ = plain;
    return {};
  }
  std::uint32_t point = 0;
  std::size_t count = 0;
  std::uint32_t base = 16;
  switch (c) {
    case 'x':
    case 'X':
      count = 2;
      break;
    case 'u':
      count = 4;
      break;
    case 'U':
      count = 8;
      break;
    case '0':
    case '1':
    case '2':
    case '3':
      count = 2;
      base = 8;
      point = static_cast<std::uint32_t>(c - '0');
      break;
    default:
      return kUnescapable;
  }
  if (bytes && (c == 'u' || c == 'U')) {
    return kUnescapable;
  }
  for (; count > 0; --count) {
    const int digit = at < text.size() ? hex_value(text[at++]) : -1;
    if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) {
      return kUnescapable;
    }
    point = point * base + static_cast<std::uint32_t>(digit);
  }
  if (bytes) {
    *to++ = static_cast<char>(point);
    return {};
  }
  if (!is_code_point(point)) {
    return kNoCodePoint;
  }
  to += encode(point, to);
  return {};
}

}  // namespace

std::string_view unquote(Arena& arena, std::string_view token, bool bytes, std::string_view& out) {
  if (bytes) {
    token.remove_prefix(1);
  }
  const bool raw = (token.front() | 0x20) == 'r';
  if (raw) {
    token.remove_prefix(1);
  }
  const std::size_t marks =
      token.size() >= 6 && token[1] == token[0] && token[2] == token[0] ? 3 : 1;
  const std::string_view text = token.substr(marks, token.size() - 2 * marks);
  if (text.find_first_of(raw ? "\r" : "\\\r") == std::string_view::npos) {
    out = text;
    return {};
  }
  // No escape is shorter than what it stands for.
  char* const begin = arena.allocate_array<char>(text.size());
  char* to = begin;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '\r') {
      *to++ = '\n';
      at += at < text.size() && text[at] == '\n' ? 1U : 0U;
    } else if (c == '\\' && !raw) {
      if (const std::string_view wrong = unescape(text, at, bytes, to); !wrong.empty()) {
        return wrong;
      }
    } else {
      *to++ = c;
    }
  }
  out = {begin, static_cast<std::size_t>(to - begin)};
  return {};
}

}  // namespace tally::cel
