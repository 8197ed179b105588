// Functions of the specification over lists and maps.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

// The order of Go's sort.Float64Slice: NaN before everything.
bool less(const Node& a, const Node& b) {
  if (a.is_string()) {
    return a.text() < b.text();
  }
  const double x = number_of(a);
  const double y = number_of(b);
  return x < y || (std::isnan(x) && !std::isnan(y));
}

bool apply_max(Call& /*call*/, Arguments arguments, Node& out) {
  out = Node{};
  for (const Node& item : arguments[0].items()) {
    const bool is_better =
        item.is_string() ? item.text() > out.text() : number_of(item) > number_of(out);
    out = &item == arguments[0].items().data() || is_better ? item : out;
  }
  return true;
}

bool apply_min(Call& /*call*/, Arguments arguments, Node& out) {
  out = Node{};
  for (const Node& item : arguments[0].items()) {
    const bool is_better =
        item.is_string() ? item.text() < out.text() : number_of(item) < number_of(out);
    out = &item == arguments[0].items().data() || is_better ? item : out;
  }
  return true;
}

bool apply_sort(Call& call, Arguments arguments, Node& out) {
  std::vector<Node> items(arguments[0].items().begin(), arguments[0].items().end());
  if (!call.charge_steps(items.size() * 8)) {
    return false;
  }
  // Equal elements keep their order: they may be written in different ways.
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto from = arguments[0].items();
  std::ranges::sort(order, [from](std::size_t a, std::size_t b) {
    return less(from[a], from[b]) || (a < b && !less(from[b], from[a]));
  });
  std::ranges::transform(order, items.begin(), [from](std::size_t i) { return from[i]; });
  return call.give_list(items, out);
}

// Keys stay where they were first seen; the last value counts.
bool apply_merge(Call& call, Arguments arguments, Node& out) {
  std::vector<std::string_view> keys;
  std::vector<Node> values;
  std::unordered_map<std::string_view, std::size_t> known;
  for (const Node& map : arguments) {
    if (!call.charge_steps(map.size())) {
      return false;
    }
    for (const document::Member member : map.members()) {
      const auto [at, is_new] = known.emplace(member.key, keys.size());
      if (is_new) {
        keys.push_back(member.key);
        values.push_back(member.value);
      } else {
        values[at->second] = member.value;
      }
    }
  }
  return call.give_object(values, keys, out);
}

// In the order of the source; Go's maps have none.
bool apply_keys(Call& call, Arguments arguments, Node& out) {
  std::vector<std::string_view> keys;
  for (const document::Member member : arguments[0].members()) {
    keys.push_back(member.key);
  }
  return call.charge_steps(keys.size()) && call.give_texts(keys, out);
}

bool apply_values(Call& call, Arguments arguments, Node& out) {
  return call.give_list(arguments[0].items(), out);
}

constexpr std::array kComparable{static_cast<Accepts>(kNumbers | kStrings)};
constexpr std::array kSortable{static_cast<Accepts>(kNumbers | kStrings | kReversed)};
constexpr std::array kOneObject{kObject};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "keys",
     .origin = Origin::Standard,
     .parameters = kOneObject,
     .returns = kArray,
     .apply = apply_keys,
     .summary = "The keys of a map.",
     .example = "keys({a: `1`}) == ['a']"},
    {.name = "max",
     .origin = Origin::Standard,
     .parameters = kComparable,
     .may_return_null = true,
     .apply = apply_max,
     .summary = "The greatest number or text of a list.",
     .example = "max([`1`, `3`, `2`]) == `3`"},
    {.name = "merge",
     .origin = Origin::Standard,
     .parameters = kOneObject,
     .is_variadic = true,
     .returns = kObject,
     .apply = apply_merge,
     .summary = "One map of all; of equal keys the last one counts.",
     .example = "merge({a: `1`}, {a: `2`}) == {a: `2`}"},
    {.name = "min",
     .origin = Origin::Standard,
     .parameters = kComparable,
     .may_return_null = true,
     .apply = apply_min,
     .summary = "The smallest number or text of a list.",
     .example = "min(['b', 'a']) == 'a'"},
    {.name = "sort",
     .origin = Origin::Standard,
     .parameters = kSortable,
     .returns = kArray,
     .apply = apply_sort,
     .summary = "The numbers or texts of a list in order.",
     .example = "sort(['b', 'a']) == ['a', 'b']"},
    {.name = "values",
     .origin = Origin::Standard,
     .parameters = kOneObject,
     .returns = kArray,
     .apply = apply_values,
     .summary = "The values of a map.",
     .example = "values({a: `1`}) == [`1`]"},
});

}  // namespace

std::span<const Function> list_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
