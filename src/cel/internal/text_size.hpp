#pragma once
// Sizes and plain texts of values, as messages and the cost model need them.

#include <cstddef>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// Code points of well-formed UTF-8: bytes that do not continue one.
[[nodiscard]] inline std::size_t code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  }
  return count;
}

// size(x) of strings (code points), bytes, lists and maps; 1 for everything else.
[[nodiscard]] inline std::size_t size_of(const Value& value) noexcept {
  switch (value.kind()) {
    case ValueKind::String:
      return code_points(value.text());
    case ValueKind::Bytes:
      return value.text().size();
    case ValueKind::List:
      return list_size(value);
    case ValueKind::Map:
      return map_size(value);
    default:
      return 1;
  }
}

// As Go's %v prints it in messages: a string without quotes, a uint without suffix.
[[nodiscard]] std::string_view plain_text(Arena& arena, const Value& value);

// A double as Go's %g prints it with the fewest digits that read back the same: "1e+06", "0.5".
[[nodiscard]] std::string_view double_text(Arena& arena, double d);

}  // namespace tally::cel
