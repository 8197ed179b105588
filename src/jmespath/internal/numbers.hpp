#pragma once
// Doubles as Go writes and reads them.

#include <optional>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::jmespath {

// A text without memory of its own; the longest is a double in %f.
struct NumberText {
  char bytes[352];
  std::size_t size = 0;
  [[nodiscard]] std::string_view text() const noexcept { return {bytes, size}; }
};

// encoding/json/encode.go, floatEncoder. NaN and infinities are written as %v does: no JSON, never
// given out (see is_finite_json).
[[nodiscard]] NumberText json_number_text(double value) noexcept;
// fmt's %v.
[[nodiscard]] NumberText go_number_text(double value) noexcept;
// strconv.FormatFloat(value, 'f', -1, 32).
[[nodiscard]] NumberText float32_text(double value) noexcept;

// strconv.ParseFloat(text, 64); nothing for what it refuses.
[[nodiscard]] std::optional<double> parse_go_float(std::string_view text);

// The value of a Number, of a computed NaN or infinity, too.
[[nodiscard]] double number_of(const document::Node& node) noexcept;
[[nodiscard]] document::Node make_number(Arena& arena, double value);

}  // namespace tally::jmespath
