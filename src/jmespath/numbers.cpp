#include "jmespath/internal/numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace tally::jmespath {

namespace {

constexpr double kGoExponentFrom = 1e6;

NumberText named(std::string_view name) noexcept {
  NumberText out;
  std::copy(name.begin(), name.end(), out.bytes);
  out.size = name.size();
  return out;
}

// The shortest digits that read back as the value, d.ddde+xx.
template <class Float>
NumberText scientific(Float value) noexcept {
  NumberText out;
  out.size = static_cast<std::size_t>(
      std::to_chars(out.bytes, out.bytes + sizeof(out.bytes), value, std::chars_format::scientific)
          .ptr -
      out.bytes);
  return out;
}

// The same digits without exponent, filled up with zeros, as strconv's 'f' has it (to_chars would
// write all digits of a big number).
template <class Float>
NumberText fixed(Float value) noexcept {
  if (std::fabs(value) < static_cast<Float>(1e15)) {
    NumberText out;
    out.size = static_cast<std::size_t>(
        std::to_chars(out.bytes, out.bytes + sizeof(out.bytes), value, std::chars_format::fixed)
            .ptr -
        out.bytes);
    if (std::fabs(value) < static_cast<Float>(1 << 24)) {
      return out;  // no digit of these is a filler
    }
  }
  const NumberText from = scientific(value);
  const std::string_view text = from.text();
  const std::size_t mark = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + mark + (text[mark + 1] == '+' ? 2 : 1), text.data() + text.size(),
                  exponent);
  NumberText out;
  int before_point = exponent + 1;
  for (const char c : text.substr(0, mark)) {
    if (c == '.') {
      continue;
    }
    if (c != '-' && before_point-- == 0) {
      out.bytes[out.size++] = '.';
    }
    out.bytes[out.size++] = c;
  }
  for (; before_point > 0; --before_point) {
    out.bytes[out.size++] = '0';
  }
  return out;
}

template <class Float>
NumberText formatted(Float value, bool with_exponent) noexcept {
  if (std::isnan(value)) {
    return named("NaN");
  }
  if (std::isinf(value)) {
    return named(value < 0 ? "-Inf" : "+Inf");
  }
  return with_exponent ? scientific(value) : fixed(value);
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool is_digit(char c, bool hex) noexcept {
  return (c >= '0' && c <= '9') || (hex && lower(c) >= 'a' && lower(c) <= 'f');
}

// Underscores stand between digits, or behind the prefix of a hexadecimal text.
bool has_misplaced_underscore(std::string_view text, bool hex) {
  for (std::size_t at = text.find('_'); at != std::string_view::npos; at = text.find('_', at + 1)) {
    const bool after_digit = at == 0 ? hex : is_digit(text[at - 1], hex);
    if (!after_digit || at + 1 == text.size() || !is_digit(text[at + 1], hex)) {
      return true;
    }
  }
  return false;
}

// strconv/atof.go, readFloat: digits [ "." digits ] [ exponent ]; a hexadecimal text needs its
// exponent. Returns the text without underscores and plus signs, or nothing.
std::optional<std::string> checked_digits(std::string_view text, bool hex) {
  if (has_misplaced_underscore(text, hex)) {
    return std::nullopt;
  }
  std::string plain(text);
  std::erase(plain, '_');
  text = plain;
  std::string out;
  bool any = false;
  bool dot = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !dot) {
      dot = true;
      out += c;
    } else if (is_digit(c, hex)) {
      any = true;
      out += c;
    } else {
      break;
    }
  }
  if (!any) {
    return std::nullopt;
  }
  if (at < text.size() && lower(text[at]) == (hex ? 'p' : 'e')) {
    out += lower(text[at++]);
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      out += text[at] == '-' ? "-" : "";
      ++at;
    }
    const std::size_t digits = at;
    while (at < text.size() && is_digit(text[at], false)) {
      out += text[at++];
    }
    if (digits == at) {
      return std::nullopt;
    }
  } else if (hex) {
    return std::nullopt;
  }
  return at == text.size() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

NumberText json_number_text(double value) noexcept {
  const double size = std::fabs(value);
  const bool with_exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  NumberText out = formatted(value, with_exponent);
  // e-09 becomes e-9.
  if (const std::string_view text = out.text();
      with_exponent && text.size() >= 4 && text.substr(text.size() - 4).starts_with("e-0")) {
    out.bytes[out.size - 2] = out.bytes[out.size - 1];
    --out.size;
  }
  return out;
}

NumberText go_number_text(double value) noexcept {
  // strconv/ftoa.go, %g with the shortest digits: exponents below -4 and from 6 on are written.
  const double size = std::fabs(value);
  return formatted(value, size != 0 && (size < 1e-4 || size >= kGoExponentFrom));
}

NumberText float32_text(double value) noexcept {
  return formatted(static_cast<float>(value), false);
}

std::optional<double> parse_go_float(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  } else if (equal_ignoring_case(text, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (equal_ignoring_case(text, "inf") || equal_ignoring_case(text, "infinity")) {
    const double infinite = std::numeric_limits<double>::infinity();
    return negative ? -infinite : infinite;
  }
  const bool hex = text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x';
  const auto digits = checked_digits(hex ? text.substr(2) : text, hex);
  if (!digits) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(digits->data(), digits->data() + digits->size(), value,
                      hex ? std::chars_format::hex : std::chars_format::general);
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say on which side. Too small is zero, too big an error.
    const double probe = std::strtod((hex ? "0x" + *digits : *digits).c_str(), nullptr);
    return std::isinf(probe) ? std::nullopt : std::optional(negative ? -probe : probe);
  }
  if (error != std::errc{} || end != digits->data() + digits->size()) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

double number_of(const document::Node& node) noexcept {
  const std::string_view text = node.text();
  if (text == "+Inf") {
    return std::numeric_limits<double>::infinity();
  }
  if (text == "-Inf") {
    return -std::numeric_limits<double>::infinity();
  }
  return text == "NaN" ? std::numeric_limits<double>::quiet_NaN() : node.number();
}

document::Node make_number(Arena& arena, double value) {
  return document::Node::make_number(arena.copy(json_number_text(value).text()), 0);
}

}  // namespace tally::jmespath
