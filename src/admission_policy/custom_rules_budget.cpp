#include <fmt/format.h>

#include <algorithm>

#include "admission_policy/internal/static_budget.hpp"
#include "cel/cost_limits.hpp"

namespace tally::admission_policy {

namespace {

constexpr std::size_t kSharesMax = 4;
// Less than one percent of the budget is not worth a word.
constexpr std::uint64_t kShareMin = cel::kStaticCostPerDefinitionMax / 100;

std::uint64_t at_least_zero(std::int64_t value) noexcept {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

}  // namespace

// extractMaxElements
Cardinality cardinality_below(const kube::SchemaNode& node, Cardinality own) {
  const std::optional<std::int64_t>* factor = nullptr;
  if (node.type == kube::SchemaType::Array) {
    factor = &node.items_max;
  } else if (node.type == kube::SchemaType::Object &&
             (node.additional != kube::kNoSchema || node.has_any_additional)) {
    factor = &node.properties_max;
  }
  if (factor == nullptr || !own) {
    return own;
  }
  return *factor ? Cardinality{multiply_costs(*own, at_least_zero(**factor))} : std::nullopt;
}

// multiplyWithOverflowGuard
std::uint64_t multiply_costs(std::uint64_t a, std::uint64_t b) noexcept {
  return a != 0 && UINT64_MAX / a < b ? UINT64_MAX : a * b;
}

std::string over_budget(std::string_view what, std::uint64_t cost, std::uint64_t limit) {
  const double factor = static_cast<double>(cost) / static_cast<double>(limit);
  const std::string text = factor > 100.0 ? "more than 100x"
                           : factor < 1.5 ? fmt::format("{:f}x", factor)
                                          : fmt::format("{:.1f}x", factor);
  return fmt::format(
      "{} exceeds budget by factor of {} (try simplifying the rule, or adding maxItems, "
      "maxProperties, and maxLength where arrays, maps, and strings are declared)",
      what, text);
}

// ObserveExpressionCost
void StaticBudget::add(const RulePlace& place, std::uint64_t cost) {
  total_ = UINT64_MAX - total_ < cost ? UINT64_MAX : total_ + cost;
  if (cost < kShareMin) {
    return;
  }
  const auto behind =
      std::ranges::find_if(shares_, [&](const Share& share) { return share.cost < cost; });
  shares_.insert(behind, {.place = place, .cost = cost});
  if (shares_.size() > kSharesMax) {
    shares_.pop_back();
  }
}

bool StaticBudget::is_exceeded() const noexcept {
  return total_ > cel::kStaticCostPerDefinitionMax;
}

}  // namespace tally::admission_policy
