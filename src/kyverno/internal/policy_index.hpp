#pragma once
// PolicyIndex: which policies might speak about a kind, without asking each of them.
//
// For every phase the names of kinds that rules match lead to their policies; kinds with wildcards,
// and filters that name no kind, stand for themselves. Immutable once it is made.

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/review.hpp"
#include "kyverno/internal/match.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::kyverno::internal {

class PolicyIndex {
 public:
  PolicyIndex() = default;
  explicit PolicyIndex(const PolicySet::Table& table);

  // Positions of policies, ascending, each once: a superset of those with a rule for the kind.
  void find(Phase phase, const kube::GroupVersionKind& kind, std::vector<std::uint32_t>& out) const;

 private:
  struct Entry {
    KindSelector selector;
    std::uint32_t policy = 0;
  };
  struct OfPhase {
    std::unordered_map<std::string_view, std::vector<Entry>> named;  // by kind
    std::vector<Entry> wild;
  };
  std::array<OfPhase, 5> phases_;  // by Phase
};

}  // namespace tally::kyverno::internal
