#pragma once
// What a call costs at run time, in Kubernetes' units and to the number: cel-go
// interpreter/runtimecost.go (v0.26, CostTracker.costCall) with the estimator of
// k8s.io/apiserver/pkg/cel/library/cost.go in front. Everything else that costs something is known
// when an expression is compiled and stands in its instructions.

#include <cstdint>
#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// cel-go common/cost.go
inline constexpr std::uint64_t kListCreateCost = 10;
inline constexpr std::uint64_t kMapCreateCost = 30;
inline constexpr std::uint64_t kStructCreateCost = 40;

enum class CallCost : std::uint8_t {
  Fixed,           // `amount`
  TraverseFirst,   // ceil(size(args[0]) * 0.1)
  TraverseTwice,   // ceil(size(args[0]) * 2 * 0.1)
  TraverseResult,  // ceil(size(result) * 2 * 0.1)
  SizeOfSecond,    // size(args[1])
  Smaller,         // ceil(min(size(args[0]), size(args[1])) * 0.1)
  Equality,        // the same; 1 for values of Kubernetes' libraries
  Sum,             // ceil((size(args[0]) + size(args[1])) * 0.1)
  Pattern,         // ceil((size(args[0]) + 1) * 0.1) * ceil(size(args[1]) * 0.25)
  Substring,       // ceil(size(args[0]) * 0.1) * ceil(size(args[1]) * 0.1)
  Elements,        // what it takes to look at every element, deeply
  Selector,        // parsing a field or label selector
  Network,         // comparing the bytes of a CIDR
  NetworkText,     // and parsing args[1]
  Subnet,
  SubnetText,
  NamedFormat,  // the pattern of args[0] over args[1]
  // Of ext.Sets and ext.Lists, which bring trackers of their own:
  Product,        // 1 + size(args[0]) * size(args[1]) * amount
  Allocate,       // 11 + size(result)
  Flatten,        // 11 + size(args[0]) * depth
  CompareFirst,   // 11 + size(args[0])^2 * 2, a little more for texts
  CompareSecond,  // 11 + size(args[1])^2 * 2, a little more for texts
};

struct CallCostRule {
  CallCost kind = CallCost::Fixed;
  std::uint32_t amount = 1;
};

// `overload` is empty when the checker left several candidates, as in cel-go.
[[nodiscard]] CallCostRule call_cost_rule(std::string_view function,
                                          std::string_view overload) noexcept;

[[nodiscard]] std::uint64_t call_cost(Arena& arena, const CallCostRule& rule,
                                      std::span<const Value> args, const Value& result);

// cel-go's actualSize: of everything that has a size, else 1.
[[nodiscard]] std::uint64_t actual_size(const Value& value) noexcept;

// ceil(size * 0.1) in double arithmetic, as cel-go computes it.
[[nodiscard]] std::uint64_t traversal_cost(std::uint64_t size) noexcept;

}  // namespace tally::cel
