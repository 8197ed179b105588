#pragma once
// Quantity: resource.Quantity of k8s.io/apimachinery, exact: a decimal number of any size and the
// notation it was written in.
//
//   quantity = [ "+" | "-" ] digits [ "." digits ] suffix
//   suffix   = "" | n u m k M G T P E | Ki Mi Gi Ti Pi Ei | ( "e" | "E" ) [ sign ] digits
//
// As upstream: a value below one nano is rounded away from zero to a nano where upstream leaves its
// fast path; binary quantities are capped at 2^63 - 1; the canonical text keeps the notation. No
// floating point anywhere. Differences: a text over kQuantityBytesMax bytes is refused; upstream
// expands exponents such as 1e999999999 and does not come back, we compare them without expanding
// and refuse to add them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::scalar {

inline constexpr std::size_t kQuantityBytesMax = 512;

enum class QuantityFormat : std::uint8_t { DecimalSi, BinarySi, DecimalExponent };

class Quantity {
 public:
  // Zero.
  Quantity() = default;

  [[nodiscard]] static Result<Quantity> parse(std::string_view text);
  // The same without an error text: nothing if refused. For checks on hot paths.
  [[nodiscard]] static std::optional<Quantity> try_parse(std::string_view text);
  [[nodiscard]] static Quantity from_integer(std::int64_t value,
                                             QuantityFormat format = QuantityFormat::DecimalSi);

  [[nodiscard]] QuantityFormat format() const noexcept { return format_; }
  [[nodiscard]] int sign() const noexcept;
  // The value if it is an integer in the range of int64.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  // value * 1000 rounded up, as scheduling counts CPU; nothing if out of range.
  [[nodiscard]] std::optional<std::int64_t> as_milli() const;

  // Upstream's AsApproximateFloat64(): infinite when out of range.
  [[nodiscard]] double as_approximate_double() const;

  // -1, 0, 1.
  [[nodiscard]] int compare(const Quantity& other) const;
  // Values, not notations: "1" equals "1000m".
  friend bool operator==(const Quantity& a, const Quantity& b) { return a.compare(b) == 0; }
  friend bool operator<(const Quantity& a, const Quantity& b) { return a.compare(b) < 0; }

  // Sum and difference in the notation of *this (of `other`, if *this is zero). Nothing if the
  // exponents are too far apart.
  [[nodiscard]] std::optional<Quantity> add(const Quantity& other) const;
  [[nodiscard]] std::optional<Quantity> subtract(const Quantity& other) const;
  [[nodiscard]] Quantity negated() const;

  // Upstream's String(): the written text if it already passed for canonical, else the canonical
  // text.
  [[nodiscard]] std::string to_string() const;

 private:
  // The value is value_ * 10^exponent_ while digits_ is empty, else sign * digits_ * 10^exponent_
  // with the sign of value_.
  std::int64_t value_ = 0;
  std::int64_t exponent_ = 0;
  QuantityFormat format_ = QuantityFormat::DecimalSi;
  std::string digits_;
  std::string written_;
};

}  // namespace tally::scalar
