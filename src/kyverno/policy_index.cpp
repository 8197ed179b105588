#include "kyverno/internal/policy_index.hpp"

#include <algorithm>

#include "kyverno/internal/policy_table.hpp"

namespace tally::kyverno::internal {

PolicyIndex::PolicyIndex(const PolicySet::Table& table) {
  static constexpr KindSelector kAny{"*", "*", "*", "*"};
  for (std::uint32_t i = 0; i < table.policies.size(); ++i) {
    for (const Rule& rule : table.policies[i].rules) {
      for (std::size_t phase = 0; phase < phases_.size(); ++phase) {
        if (!rule.is_in(static_cast<Phase>(phase))) {
          continue;
        }
        OfPhase& of = phases_[phase];
        for (const ResourceFilter& filter : rule.match.filters()) {
          if (filter.kinds().empty()) {
            of.wild.push_back({.selector = kAny, .policy = i});
          }
          for (const KindSelector& selector : filter.kinds()) {
            const bool is_wild = selector.kind.find_first_of("*?") != std::string_view::npos;
            std::vector<Entry>& entries = is_wild ? of.wild : of.named[selector.kind];
            entries.push_back({.selector = selector, .policy = i});
          }
        }
      }
    }
  }
}

void PolicyIndex::find(Phase phase, const kube::GroupVersionKind& kind,
                       std::vector<std::uint32_t>& out) const {
  out.clear();
  const OfPhase& of = phases_[static_cast<std::size_t>(phase)];
  const auto add = [&](const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      const bool is_new = out.empty() || out.back() != entry.policy;
      if (is_new && entry.selector.matches(kind, entry.selector.subresource)) {
        out.push_back(entry.policy);
      }
    }
  };
  if (const auto named = of.named.find(kind.kind); named != of.named.end()) {
    add(named->second);
  }
  add(of.wild);
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
}

}  // namespace tally::kyverno::internal
