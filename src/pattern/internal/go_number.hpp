#pragma once
// Numbers as Go programs read and print them (strconv and fmt of Go 1.26): the verdict of a pattern
// depends on these texts.

#include <cstdint>
#include <optional>
#include <string_view>

#include "document/node.hpp"
#include "pattern/number_reading.hpp"

namespace tally::pattern {

// A JSON number in Go: an int64 or a float64.
struct GoNumber {
  bool is_integer = false;
  std::int64_t integer = 0;
  double real = 0;  // also of an integer
};
// k8s.io/apimachinery, pkg/util/json: an int64 if the text has neither point nor exponent and is in
// range. Precondition: node.is_number().
[[nodiscard]] GoNumber read_number(const document::Node& node,
                                   NumberReading reading = NumberReading::AsWritten) noexcept;

// int64(x): what is out of range gives the least int64, as on amd64.
[[nodiscard]] std::int64_t go_int64(double value) noexcept;
[[nodiscard]] bool is_whole(double value) noexcept;

// strconv.ParseInt(text, 10, 64) and strconv.ParseFloat(text, 64); nothing where they fail.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text) noexcept;
[[nodiscard]] std::optional<double> parse_real(std::string_view text);

// Enough for every text below: "%f" of the greatest double.
inline constexpr std::size_t kNumberBytesMax = 352;
struct NumberText {
  char bytes[kNumberBytesMax];
  std::size_t size = 0;
  [[nodiscard]] std::string_view text() const noexcept { return {bytes, size}; }
};
enum class NumberStyle : std::uint8_t {
  Plain,       // %v: 1e+06, 1.5
  Scientific,  // strconv 'E', shortest: 1E+06, 1.5E+00
  Fixed,       // %f: 1000000.000000
};
void print_number(NumberText& out, const GoNumber& number, NumberStyle style) noexcept;

}  // namespace tally::pattern
