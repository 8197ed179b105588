#include "cel/internal/text_size.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace tally::cel {

std::string_view plain_text(Arena& arena, const Value& value) {
  std::array<char, 32> digits{};
  char* const end = digits.data() + digits.size();
  switch (value.kind()) {
    case ValueKind::String:
      return value.text();
    case ValueKind::Int:
      return arena.copy({digits.data(), std::to_chars(digits.data(), end, value.as_int()).ptr});
    case ValueKind::Uint:
      return arena.copy({digits.data(), std::to_chars(digits.data(), end, value.as_uint()).ptr});
    case ValueKind::Double:
      return double_text(arena, value.as_double());
    default:
      return to_literal(arena, value);
  }
}

std::string_view double_text(Arena& arena, double d) {
  if (std::isnan(d)) {
    return "NaN";
  }
  if (std::isinf(d)) {
    return d < 0 ? "-Inf" : "+Inf";
  }
  // Go's strconv.FormatFloat(d, 'g', -1, 64): an exponent below -4 or from 6 on is written as such.
  std::array<char, 40> out{};
  const auto scientific =
      std::to_chars(out.data(), out.data() + out.size(), d, std::chars_format::scientific).ptr;
  const std::string_view text(out.data(), static_cast<std::size_t>(scientific - out.data()));
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* from = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  static_cast<void>(std::from_chars(from, text.data() + text.size(), exponent));
  if (exponent < -4 || exponent >= 6) {
    return arena.copy(text);  // at least two digits in the exponent in C++ as in Go
  }
  const auto fixed =
      std::to_chars(out.data(), out.data() + out.size(), d, std::chars_format::fixed).ptr;
  return arena.copy({out.data(), static_cast<std::size_t>(fixed - out.data())});
}

}  // namespace tally::cel
