#pragma once
// The static cost limits of a CustomResourceDefinition, after apiextensions-apiserver v0.36.3
// pkg/apis/apiextensions/validation: cel_validation.go (TotalCost) and validation.go
// (getExpressionCost, getCostErrorMessage).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/custom_schema.hpp"

namespace tally::admission_policy {

// How often a place of the schema can occur in one object; nothing: no list or map above it says.
using Cardinality = std::optional<std::uint64_t>;

// Of what stands below a node.
[[nodiscard]] Cardinality cardinality_below(const kube::SchemaNode& node, Cardinality own);

// UINT64_MAX where it does not fit.
[[nodiscard]] std::uint64_t multiply_costs(std::uint64_t a, std::uint64_t b) noexcept;

// `what` exceeds its budget: the server's sentence.
[[nodiscard]] std::string over_budget(std::string_view what, std::uint64_t cost,
                                      std::uint64_t limit);

// Where in a definition a rule stands.
struct RulePlace {
  std::string field;    // as the server writes it: "spec.validation.openAPIV3Schema..."
  std::string pointer;  // RFC 6901
  std::uint32_t offset = 0;
};

// What all rules of one schema cost.
class StaticBudget {
 public:
  void add(const RulePlace& place, std::uint64_t cost);
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  [[nodiscard]] bool is_exceeded() const noexcept;

  struct Share {
    RulePlace place;
    std::uint64_t cost = 0;
  };
  // The most expensive rules that are worth a word, at most four.
  [[nodiscard]] const std::vector<Share>& shares() const noexcept { return shares_; }

 private:
  std::uint64_t total_ = 0;
  std::vector<Share> shares_;
};

}  // namespace tally::admission_policy
