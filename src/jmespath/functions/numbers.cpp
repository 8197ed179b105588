// Functions of the specification over numbers
// (https://jmespath.org/specification.html#built-in-functions).
#include "jmespath/internal/numbers.hpp"

#include <array>
#include <cmath>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

bool apply_abs(Call& call, Arguments arguments, Node& out) {
  return call.give_number(std::fabs(number_of(arguments[0])), out);
}
bool apply_ceil(Call& call, Arguments arguments, Node& out) {
  return call.give_number(std::ceil(number_of(arguments[0])), out);
}
bool apply_floor(Call& call, Arguments arguments, Node& out) {
  return call.give_number(std::floor(number_of(arguments[0])), out);
}

double sum_of(const Node& list) {
  double sum = 0;
  for (const Node& item : list.items()) {
    sum += number_of(item);
  }
  return sum;
}

bool apply_sum(Call& call, Arguments arguments, Node& out) {
  return call.give_number(sum_of(arguments[0]), out);
}

// The specification says null for an empty list; upstream divides by zero.
bool apply_avg(Call& call, Arguments arguments, Node& out) {
  const Node& list = arguments[0];
  if (list.size() == 0 && !call.is_kyverno()) {
    out = Node{};
    return true;
  }
  return call.give_number(sum_of(list) / static_cast<double>(list.size()), out);
}

constexpr std::array kOneNumber{kNumber};
constexpr std::array kNumberList{kNumbers};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "abs",
     .origin = Origin::Standard,
     .parameters = kOneNumber,
     .returns = kNumber,
     .apply = apply_abs,
     .summary = "The magnitude of a number.",
     .example = "abs(`-3`) == `3`"},
    {.name = "avg",
     .origin = Origin::Standard,
     .parameters = kNumberList,
     .returns = kNumber,
     .apply = apply_avg,
     .summary = "The mean of a list of numbers.",
     .example = "avg([`1`, `2`]) == `1.5`"},
    {.name = "ceil",
     .origin = Origin::Standard,
     .parameters = kOneNumber,
     .returns = kNumber,
     .apply = apply_ceil,
     .summary = "The next integer upwards.",
     .example = "ceil(`1.2`) == `2`"},
    {.name = "floor",
     .origin = Origin::Standard,
     .parameters = kOneNumber,
     .returns = kNumber,
     .apply = apply_floor,
     .summary = "The next integer downwards.",
     .example = "floor(`1.8`) == `1`"},
    {.name = "sum",
     .origin = Origin::Standard,
     .parameters = kNumberList,
     .returns = kNumber,
     .apply = apply_sum,
     .summary = "The sum of a list of numbers; Kyverno has its own.",
     .example = ""},
});

}  // namespace

std::span<const Function> number_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
