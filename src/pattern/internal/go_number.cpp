#include "pattern/internal/go_number.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace tally::pattern {

using document::Node;

GoNumber read_number(const Node& node, NumberReading reading) noexcept {
  if (const auto integer = node.integer()) {
    return {reading == NumberReading::AsWritten, *integer, static_cast<double>(*integer)};
  }
  return {false, 0, node.number()};
}

std::int64_t go_int64(double value) noexcept {
  constexpr double kLimit = 9223372036854775808.0;
  return value >= -kLimit && value < kLimit ? static_cast<std::int64_t>(value)
                                            : std::numeric_limits<std::int64_t>::min();
}

bool is_whole(double value) noexcept { return std::trunc(value) == value; }

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') {
      return std::nullopt;
    }
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return value;
}

namespace {

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) {
      return false;
    }
  }
  return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Each underscore stands between digits, or between a base prefix and a digit.
bool underscores_separate(std::string_view text, bool hex) {
  char before = hex ? '0' : ' ';
  for (std::size_t i = hex ? 2 : 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool digit = hex ? is_hex_digit(c) : is_digit(c);
    if (c == '_' ? before != '0' : !digit && before == '_') {
      return false;
    }
    before = digit ? '0' : c == '_' ? '_' : '!';
  }
  return before != '_';
}

// digits [ "." digits ] [ exponent ], with a digit before the exponent; a hexadecimal one needs
// its exponent.
bool is_float_syntax(std::string_view text, bool hex) {
  std::size_t at = 0;
  std::size_t digits = 0;
  const auto take_digits = [&] {
    while (at < text.size() && (hex ? is_hex_digit(text[at]) : is_digit(text[at]))) {
      ++at;
      ++digits;
    }
  };
  take_digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    take_digits();
  }
  if (digits == 0) {
    return false;
  }
  if (at == text.size()) {
    return !hex;
  }
  const char exponent = static_cast<char>(text[at] | 0x20);
  if (exponent != (hex ? 'p' : 'e')) {
    return false;
  }
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    ++at;
  }
  const std::size_t first = at;
  while (at < text.size() && is_digit(text[at])) {
    ++at;
  }
  return at > first && at == text.size();
}

}  // namespace

// Go 1.26, src/strconv/atof.go.
std::optional<double> parse_real(std::string_view text) {
  std::string_view body = text;
  const bool is_signed = !body.empty() && (body[0] == '+' || body[0] == '-');
  const bool negative = is_signed && body[0] == '-';
  if (is_signed) {
    body.remove_prefix(1);
  }
  if (equal_ignoring_case(body, "inf") || equal_ignoring_case(body, "infinity")) {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (equal_ignoring_case(body, "nan")) {
    return is_signed ? std::nullopt : std::optional{std::numeric_limits<double>::quiet_NaN()};
  }
  const bool hex = body.size() > 2 && body[0] == '0' && (body[1] | 0x20) == 'x';
  std::string plain;  // only for texts with underscores, and for the C library
  if (body.find('_') != std::string_view::npos) {
    if (!underscores_separate(body, hex)) {
      return std::nullopt;
    }
    for (const char c : body) {
      if (c != '_') {
        plain += c;
      }
    }
    body = plain;
  }
  if (!is_float_syntax(hex ? body.substr(2) : body, hex)) {
    return std::nullopt;
  }
  const std::string_view digits = hex ? body.substr(2) : body;
  double value = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value,
                      hex ? std::chars_format::hex : std::chars_format::general);
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(body).c_str(), nullptr);  // tells zero from infinity
    if (std::isinf(value)) {
      return std::nullopt;
    }
  }
  return negative ? -value : value;
}

namespace {

void append(NumberText& out, std::string_view text) {
  std::memcpy(out.bytes + out.size, text.data(), text.size());
  out.size += text.size();
}

// "e+06" of the shortest scientific text, as a number.
int exponent_of(std::string_view scientific) {
  const auto e = scientific.find('e');
  if (e == std::string_view::npos) {
    return 0;
  }
  std::string_view digits = scientific.substr(e + 1);
  if (!digits.empty() && digits[0] == '+') {
    digits.remove_prefix(1);
  }
  int exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  return exponent;
}

}  // namespace

void print_number(NumberText& out, const GoNumber& number, NumberStyle style) noexcept {
  out.size = 0;
  char* const end = out.bytes + kNumberBytesMax;
  if (number.is_integer) {
    out.size =
        static_cast<std::size_t>(std::to_chars(out.bytes, end, number.integer).ptr - out.bytes);
    return;
  }
  const double value = number.real;
  if (!std::isfinite(value)) {
    append(out, std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    return;
  }
  if (style == NumberStyle::Fixed) {
    out.size = static_cast<std::size_t>(
        std::to_chars(out.bytes, end, value, std::chars_format::fixed, 6).ptr - out.bytes);
    return;
  }
  char* stop = std::to_chars(out.bytes, end, value, std::chars_format::scientific).ptr;
  out.size = static_cast<std::size_t>(stop - out.bytes);
  if (style == NumberStyle::Scientific) {
    if (auto* e = static_cast<char*>(std::memchr(out.bytes, 'e', out.size)); e != nullptr) {
      *e = 'E';
    }
    return;
  }
  // strconv 1.26, ftoa.go, "g": scientific from an exponent of 6 or below -4.
  const int exponent = exponent_of(out.text());
  if (exponent >= -4 && exponent < 6) {
    stop = std::to_chars(out.bytes, end, value, std::chars_format::fixed).ptr;
    out.size = static_cast<std::size_t>(stop - out.bytes);
  }
}

}  // namespace tally::pattern
