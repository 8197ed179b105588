// The sets library of cel-go (ext/sets.go of v0.31): lists as sets, by value.
#include <array>
#include <bit>

#include "cel/cost.hpp"
#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/internal/value_set.hpp"

namespace tally::cel {

namespace {

Value contains_all(EvalContext& context, const Value& list, const Value& wanted) {
  const std::size_t size = list_size(wanted);
  const ValueSet set(context.arena, list, size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, wanted, i);
    if (item.is_outcome()) {
      return item;
    }
    if (!set.contains(item)) {
      return Value::boolean(false);
    }
  }
  return Value::boolean(true);
}

Value contains(EvalContext& context, std::span<const Value> args) {
  return contains_all(context, args[0], args[1]);
}

Value equivalent(EvalContext& context, std::span<const Value> args) {
  const Value forth = contains_all(context, args[0], args[1]);
  return forth.is_true() ? contains_all(context, args[1], args[0]) : forth;
}

Value intersects(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  const ValueSet set(context.arena, args[1], size);
  for (std::size_t i = 0; i < size; ++i) {
    if (set.contains(list_at(context.arena, args[0], i))) {
      return Value::boolean(true);
    }
  }
  return Value::boolean(false);
}

// ext/sets.go, trackSetsCost.
template <std::uint64_t kFactor>
std::uint64_t charge_product(EvalContext& /*context*/, std::span<const Value> args,
                             const Value& /*result*/) {
  return 1 + actual_size(args[0]) * actual_size(args[1]) * kFactor;
}

constexpr auto kContains = std::to_array<Overload>({
    {.id = "list_sets_contains_list",
     .signature = "(list(T), list(T)) -> bool",
     .apply = contains,
     .charge = charge_product<1>},
});
constexpr auto kEquivalent = std::to_array<Overload>({
    {.id = "list_sets_equivalent_list",
     .signature = "(list(T), list(T)) -> bool",
     .apply = equivalent,
     .charge = charge_product<2>},
});
constexpr auto kIntersects = std::to_array<Overload>({
    {.id = "list_sets_intersects_list",
     .signature = "(list(T), list(T)) -> bool",
     .apply = intersects,
     .charge = charge_product<1>},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "sets.contains",
     .library = Library::Sets,
     .overloads = kContains,
     .summary = "Whether the first list has every element of the second.\n"
                "sets.contains([1, 2, 3, 4], [2, 3])"},
    {.name = "sets.equivalent",
     .library = Library::Sets,
     .overloads = kEquivalent,
     .summary = "Whether both lists have the same elements, however often and in whatever order.\n"
                "sets.equivalent([1, 2, 2], [2, 1])"},
    {.name = "sets.intersects",
     .library = Library::Sets,
     .overloads = kIntersects,
     .summary = "Whether the lists share an element.\nsets.intersects([1], [1, 2])"},
});

}  // namespace

std::span<const Function> set_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
