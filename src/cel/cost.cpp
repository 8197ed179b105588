#include "cel/cost.hpp"

#include <algorithm>
#include <cmath>

#include "cel/internal/text_size.hpp"

namespace tally::cel {
namespace {

constexpr double kTextFactor = 0.1;      // StringTraversalCostFactor
constexpr double kPatternFactor = 0.25;  // RegexStringLengthCostFactor

struct Row {
  std::string_view name;
  CallCost kind;
  std::uint32_t amount = 1;
};

// pkg/cel/library/cost.go, CallCost: by the name of the function.
constexpr Row kByFunction[] = {
    {"check", CallCost::Fixed, 350'000},
    {"serviceAccount", CallCost::Fixed},
    {"path", CallCost::Fixed},
    {"group", CallCost::Fixed},
    {"resource", CallCost::Fixed},
    {"subresource", CallCost::Fixed},
    {"namespace", CallCost::Fixed},
    {"name", CallCost::Fixed},
    {"allowed", CallCost::Fixed},
    {"reason", CallCost::Fixed},
    {"error", CallCost::Fixed},
    {"errored", CallCost::Fixed},
    {"fieldSelector", CallCost::Selector},
    {"labelSelector", CallCost::Selector},
    {"isSorted", CallCost::Elements},
    {"sum", CallCost::Elements},
    {"max", CallCost::Elements},
    {"min", CallCost::Elements},
    {"indexOf", CallCost::Elements},
    {"lastIndexOf", CallCost::Elements},
    {"url", CallCost::TraverseFirst},
    {"lowerAscii", CallCost::TraverseFirst},
    {"upperAscii", CallCost::TraverseFirst},
    {"substring", CallCost::TraverseFirst},
    {"trim", CallCost::TraverseFirst},
    {"jsonpatch.escapeKey", CallCost::TraverseFirst},
    {"replace", CallCost::TraverseTwice},
    {"split", CallCost::TraverseTwice},
    {"join", CallCost::TraverseResult},
    {"find", CallCost::Pattern},
    {"findAll", CallCost::Pattern},
    {"cidr", CallCost::TraverseFirst},
    {"isIP", CallCost::TraverseFirst},
    {"isCIDR", CallCost::TraverseFirst},
    {"ip", CallCost::TraverseFirst},
    {"ip.isCanonical", CallCost::TraverseTwice},
    {"containsIP", CallCost::Network},
    {"containsCIDR", CallCost::Subnet},
    {"quantity", CallCost::TraverseFirst},
    {"isQuantity", CallCost::TraverseFirst},
    {"semver", CallCost::TraverseFirst},
    {"isSemver", CallCost::TraverseFirst},
    {"validate", CallCost::NamedFormat},
    {"_==_", CallCost::Equality},
};

// runtimecost.go, costCall: by the id of the overload; the rest costs 1.
constexpr Row kByOverload[] = {
    {"cidr_ip", CallCost::Fixed},
    {"cidr_contains_ip_string", CallCost::NetworkText},
    {"cidr_contains_cidr_string", CallCost::SubnetText},
    {"starts_with_string", CallCost::TraverseFirst},
    {"ends_with_string", CallCost::TraverseFirst},
    {"string_to_bytes", CallCost::TraverseFirst},
    {"bytes_to_string", CallCost::TraverseFirst},
    {"strings_quote", CallCost::TraverseFirst},
    {"string_format", CallCost::TraverseFirst},
    {"in_list", CallCost::SizeOfSecond},
    {"less_string", CallCost::Smaller},
    {"greater_string", CallCost::Smaller},
    {"less_equals_string", CallCost::Smaller},
    {"greater_equals_string", CallCost::Smaller},
    {"less_bytes", CallCost::Smaller},
    {"greater_bytes", CallCost::Smaller},
    {"less_equals_bytes", CallCost::Smaller},
    {"greater_equals_bytes", CallCost::Smaller},
    {"add_string", CallCost::Sum},
    {"add_bytes", CallCost::Sum},
    {"matches_string", CallCost::Pattern},
    {"contains_string", CallCost::Substring},
    {"list_sets_contains_list", CallCost::Product, 1},
    {"list_sets_intersects_list", CallCost::Product, 1},
    {"list_sets_equivalent_list", CallCost::Product, 2},
    {"list_slice", CallCost::Allocate},
    {"list_flatten", CallCost::Flatten},
    {"list_flatten_int", CallCost::Flatten},
    {"lists_range", CallCost::Allocate},
    {"list_reverse", CallCost::Allocate},
    {"list_distinct", CallCost::CompareFirst},
};

std::uint64_t ceil_times(std::uint64_t size, double factor) noexcept {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(size) * factor));
}

std::uint64_t pattern_cost(std::uint64_t text, std::uint64_t pattern) noexcept {
  return static_cast<std::uint64_t>(std::ceil((1.0 + static_cast<double>(text)) * kTextFactor)) *
         ceil_times(pattern, kPatternFactor);
}

constexpr int kDepthMax = 200;

// pkg/cel/library/cost.go, traversalCost.
std::uint64_t elements_cost(Arena& arena, const Value& value, int depth) {
  if (depth > kDepthMax) {
    return 1;
  }
  switch (value.kind()) {
    case ValueKind::String:
    case ValueKind::Bytes:
      return static_cast<std::uint64_t>(static_cast<double>(value.text().size()) * kTextFactor);
    case ValueKind::List: {
      std::uint64_t cost = 0;
      const std::size_t size = list_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        cost += elements_cost(arena, list_at(arena, value, i), depth + 1);
      }
      return cost;
    }
    case ValueKind::Map: {
      std::uint64_t cost = 0;
      const std::size_t size = map_size(value);
      for (std::size_t i = 0; i < size; ++i) {
        cost += elements_cost(arena, map_key_at(arena, value, i), depth + 1) +
                elements_cost(arena, map_value_at(arena, value, i), depth + 1);
      }
      return cost;
    }
    default:
      return 1;
  }
}

// selectorCostEstimate: a list, parsing, and one requirement for two characters.
std::uint64_t selector_cost(std::uint64_t size) noexcept {
  return kListCreateCost + ceil_times(size, kTextFactor) +
         ceil_times(ceil_times(size, 0.5),
                    static_cast<double>(kListCreateCost + kStructCreateCost));
}

// ext/lists.go, trackAllocatingListCall.
std::uint64_t allocating_cost(double factor, std::uint64_t size) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(size) * factor) + 1 + kListCreateCost;
}

// ext/lists.go, trackListSelfCompare: every element with every other one.
std::uint64_t compare_all_cost(Arena& arena, const Value& list) {
  if (!list.is(ValueKind::List) || list_size(list) == 0) {
    return allocating_cost(2, 0);
  }
  const Value first = list_at(arena, list, 0);
  const bool text = first.is(ValueKind::String) || first.is(ValueKind::Bytes);
  const std::uint64_t size = list_size(list);
  return allocating_cost(text ? 2.0 + kTextFactor : 2.0, size * size);
}

constexpr std::string_view kNamedFormat = "kubernetes.NamedFormat";

// Matching with cel.Format.MaxRegexSize, which is what the size of a named format means.
std::uint64_t named_format_cost(const Value& format, std::uint64_t text) noexcept {
  if (!format.is(ValueKind::Opaque) || format.as_opaque().kind->size == nullptr) {
    return 1;  // an error in its place
  }
  const OpaqueValue& opaque = format.as_opaque();
  return pattern_cost(text, opaque.kind->size(opaque.data));
}

}  // namespace

CallCostRule call_cost_rule(std::string_view function, std::string_view overload) noexcept {
  if (!overload.empty()) {
    // One overload for each type of element: "list_int_sort".
    if (overload.starts_with("list_") && overload.ends_with("_sort")) {
      return {CallCost::CompareFirst, 1};
    }
    if (overload.starts_with("list_") && overload.ends_with("_sortByAssociatedKeys")) {
      return {CallCost::CompareSecond, 1};
    }
    if (const auto* row = std::ranges::find(kByOverload, overload, &Row::name);
        row != std::end(kByOverload)) {
      return {row->kind, row->amount};
    }
  }
  if (const auto* row = std::ranges::find(kByFunction, function, &Row::name);
      row != std::end(kByFunction)) {
    return {row->kind, row->amount};
  }
  if (function == "_!=_") {
    return {CallCost::Smaller, 1};
  }
  return {};
}

std::uint64_t actual_size(const Value& value) noexcept {
  switch (value.kind()) {
    case ValueKind::Optional:
      return value.held() != nullptr ? actual_size(*value.held()) : 1;
    case ValueKind::Opaque: {
      const OpaqueKind& kind = *value.as_opaque().kind;
      if (kind.size == nullptr || kind.type_name == kNamedFormat) {
        return 1;
      }
      return kind.size(value.as_opaque().data);
    }
    default:
      return size_of(value);
  }
}

std::uint64_t traversal_cost(std::uint64_t size) noexcept { return ceil_times(size, kTextFactor); }

std::uint64_t call_cost(Arena& arena, const CallCostRule& rule, std::span<const Value> args,
                        const Value& result) {
  const auto size = [&](std::size_t i) { return i < args.size() ? actual_size(args[i]) : 1; };
  switch (rule.kind) {
    case CallCost::Fixed:
      return rule.amount;
    case CallCost::TraverseFirst:
      return traversal_cost(size(0));
    case CallCost::TraverseTwice:
      return static_cast<std::uint64_t>(std::ceil(static_cast<double>(size(0)) * 2 * kTextFactor));
    case CallCost::TraverseResult:
      return static_cast<std::uint64_t>(
          std::ceil(static_cast<double>(actual_size(result)) * 2 * kTextFactor));
    case CallCost::SizeOfSecond:
      return size(1);
    case CallCost::Equality:
      if (!args.empty() && args[0].is(ValueKind::Opaque)) {
        return 1;
      }
      return traversal_cost(std::min(size(0), size(1)));
    case CallCost::Smaller:
      return traversal_cost(std::min(size(0), size(1)));
    case CallCost::Sum:
      return traversal_cost(size(0) + size(1));
    case CallCost::Pattern:
      return pattern_cost(size(0), size(1));
    case CallCost::Substring:
      return traversal_cost(size(0)) * traversal_cost(size(1));
    case CallCost::Elements:
      return args.empty() ? 0 : elements_cost(arena, args[0], 0);
    case CallCost::Selector:
      return args.size() < 2 ? 1 : selector_cost(size(1));
    case CallCost::Network:
      return traversal_cost(size(0) * 2);
    case CallCost::NetworkText:
      return traversal_cost(size(0) * 2) + traversal_cost(size(1));
    case CallCost::Subnet:
      return traversal_cost(size(0) * 2) + traversal_cost(size(0)) + 1;
    case CallCost::SubnetText:
      return traversal_cost(size(0) * 2) + traversal_cost(size(0)) + 1 + traversal_cost(size(1));
    case CallCost::Product:
      return 1 + size(0) * size(1) * rule.amount;
    case CallCost::Allocate:
      return allocating_cost(1, actual_size(result));
    case CallCost::Flatten: {
      const double depth = args.size() == 2 && args[1].is(ValueKind::Int)
                               ? static_cast<double>(args[1].as_int())
                               : 1.0;
      return depth < 0 ? 1 : allocating_cost(depth, size(0));
    }
    case CallCost::CompareFirst:
      return compare_all_cost(arena, args.empty() ? result : args[0]);
    case CallCost::CompareSecond:
      return compare_all_cost(arena, args.size() < 2 ? result : args[1]);
    case CallCost::NamedFormat:
      return args.size() < 2 ? 1 : named_format_cost(args[0], size(1));
  }
  return 1;
}

}  // namespace tally::cel
