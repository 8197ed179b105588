#pragma once
// Products and quotients of quantities, which scalar::Quantity has no need of: gopkg.in/inf.v0
// decimals (an integer and a decimal scale) as resource.Quantity makes and prints them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scalar/quantity.hpp"

namespace tally::jmespath {

// digits * 10^-scale.
struct Decimal {
  bool is_negative = false;
  std::string digits;  // without leading zeros; empty: zero
  std::int64_t scale = 0;
};

// Quantity.AsDec() of what ParseQuantity made of the text; nothing where the exponent is absurd.
// Precondition: scalar::Quantity::parse accepted the text.
[[nodiscard]] std::optional<Decimal> to_decimal(std::string_view quantity);
// Quantity.AsApproximateFloat64().
[[nodiscard]] double approximate_double(const Decimal& value);
[[nodiscard]] Decimal multiply(const Decimal& a, const Decimal& b);
// inf.Dec.QuoRound with RoundDown. Precondition: b is not zero.
[[nodiscard]] std::optional<Decimal> divide(const Decimal& a, const Decimal& b);
// NewDecimalQuantity(value, format).String().
[[nodiscard]] std::string quantity_text(const Decimal& value, scalar::QuantityFormat format);

}  // namespace tally::jmespath
