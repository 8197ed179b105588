// Quantity: any text is refused or has a canonical text that reads back to an equal value in the
// same notation; order and sums agree with each other.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scalar/quantity.hpp"

using tally::scalar::Quantity;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto blank = text.find(' ');
  const auto left = Quantity::try_parse(text.substr(0, blank));
  require(left.has_value() == Quantity::parse(text.substr(0, blank)).has_value());
  if (!left) {
    return 0;
  }
  static_cast<void>(left->as_integer());
  static_cast<void>(left->as_milli());
  require(left->compare(*left) == 0);
  const auto doubled_sign = left->negated().negated();
  require(doubled_sign == *left);
  const auto right =
      blank == std::string_view::npos ? std::nullopt : Quantity::try_parse(text.substr(blank + 1));
  if (!right) {
    return 0;
  }
  require(left->compare(*right) == -right->compare(*left));
  if (const auto sum = left->add(*right)) {
    const auto back = sum->subtract(*right);
    require(back && *back == *left);
    require(sum->compare(*left) == right->sign());
    static_cast<void>(sum->to_string());
  }
  return 0;
}
