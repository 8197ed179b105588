// Functions of the specification that take an expression reference.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/numbers.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

// The value of a reference for one element; what is missing is null.
bool value_for(Call& call, const Node& reference, const Node& item, Node& out) {
  switch (call.evaluate(reference, item, out)) {
    case Outcome::Ok:
      return true;
    case Outcome::NotFound:
      out = Node{};
      return true;
    case Outcome::Failed:
      return false;
  }
  return false;
}

bool apply_map(Call& call, Arguments arguments, Node& out) {
  std::vector<Node> mapped;
  mapped.reserve(arguments[1].size());
  for (const Node& item : arguments[1].items()) {
    Node value;
    if (!value_for(call, arguments[0], item, value)) {
      return false;
    }
    mapped.push_back(value);
  }
  return call.give_list(mapped, out);
}

enum class Wanted : bool { Least, Greatest };

bool is_beaten(const Node& best, const Node& key, Wanted wanted) {
  if (key.is_string()) {
    return wanted == Wanted::Greatest ? key.text() > best.text() : key.text() < best.text();
  }
  return wanted == Wanted::Greatest ? number_of(key) > number_of(best)
                                    : number_of(key) < number_of(best);
}

// The first key decides which type all must have. A single element is not looked at.
bool apply_extreme(Call& call, Arguments arguments, Wanted wanted, Node& out) {
  const auto items = arguments[0].items();
  out = items.empty() ? Node{} : items[0];
  if (items.size() < 2) {
    return true;
  }
  Node best;
  if (!value_for(call, arguments[1], items[0], best)) {
    return false;
  }
  const Type type = type_of(best);
  if (type != Type::Number && type != Type::String) {
    return call.fail("invalid type, must be number of string");
  }
  for (const Node& item : items.subspan(1)) {
    Node key;
    if (!value_for(call, arguments[1], item, key)) {
      return false;
    }
    if (type_of(key) != type) {
      return call.fail(type == Type::Number ? "invalid type, must be number"
                                            : "invalid type, must be string");
    }
    if (is_beaten(best, key, wanted)) {
      best = key;
      out = item;
    }
  }
  return true;
}

bool apply_max_by(Call& call, Arguments arguments, Node& out) {
  return apply_extreme(call, arguments, Wanted::Greatest, out);
}
bool apply_min_by(Call& call, Arguments arguments, Node& out) {
  return apply_extreme(call, arguments, Wanted::Least, out);
}

// Each key is computed once. Upstream computes them while it sorts, and forgets all but that one
// of them failed.
bool apply_sort_by(Call& call, Arguments arguments, Node& out) {
  const auto items = arguments[0].items();
  out = arguments[0];
  if (items.size() < 2) {
    return true;
  }
  std::vector<Node> keys(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Outcome outcome = call.evaluate(arguments[1], items[i], keys[i]);
    if (outcome == Outcome::Failed && (i == 0 || !call.forget_failure())) {
      return false;
    }
    if (i == 0) {
      const Type type = outcome == Outcome::Ok ? type_of(keys[0]) : Type::Null;
      if (type != Type::Number && type != Type::String) {
        return call.fail("invalid type, must be number of string");
      }
    } else if (outcome != Outcome::Ok || type_of(keys[i]) != type_of(keys[0])) {
      return call.fail("error in sort_by comparison");
    }
  }
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const bool by_text = keys[0].is_string();
  // Equal keys keep their order; NaN stands before everything.
  const auto less = [&](std::size_t a, std::size_t b) {
    if (by_text) {
      return keys[a].text() < keys[b].text();
    }
    const double x = number_of(keys[a]);
    const double y = number_of(keys[b]);
    return x < y || (std::isnan(x) && !std::isnan(y));
  };
  std::ranges::sort(
      order, [&](std::size_t a, std::size_t b) { return less(a, b) || (a < b && !less(b, a)); });
  std::vector<Node> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) {
    sorted.push_back(items[i]);
  }
  return call.charge_steps(order.size() * 8) && call.give_list(sorted, out);
}

constexpr std::array kReferenceFirst{kExpression, kArray};
constexpr std::array kReferenceLast{kArray, kExpression};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "map",
     .origin = Origin::Standard,
     .parameters = kReferenceFirst,
     .returns = kArray,
     .apply = apply_map,
     .summary = "The value of an expression for each element, null included.",
     .example = "map(&a, [{a: `1`}, {b: `2`}]) == [`1`, null]"},
    {.name = "max_by",
     .origin = Origin::Standard,
     .parameters = kReferenceLast,
     .may_return_null = true,
     .apply = apply_max_by,
     .summary = "The element for which an expression is greatest.",
     .example = "max_by([{a: `1`}, {a: `2`}], &a) == {a: `2`}"},
    {.name = "min_by",
     .origin = Origin::Standard,
     .parameters = kReferenceLast,
     .may_return_null = true,
     .apply = apply_min_by,
     .summary = "The element for which an expression is smallest.",
     .example = "min_by([{a: `1`}, {a: `2`}], &a) == {a: `1`}"},
    {.name = "sort_by",
     .origin = Origin::Standard,
     .parameters = kReferenceLast,
     .returns = kArray,
     .apply = apply_sort_by,
     .summary = "The elements in the order of an expression's values.",
     .example = "sort_by([{a: `2`}, {a: `1`}], &a) == [{a: `1`}, {a: `2`}]"},
});

}  // namespace

std::span<const Function> expression_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
