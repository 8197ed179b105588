#pragma once
// Rules of every dialect but NetworkPolicy, by the rule form to which all compile: what a check
// asks of ports and addresses is the same there. NetworkPolicies are read as they were written
// (plain_policy.hpp).

#include "reachability/lint/internal/view.hpp"

namespace tally::reachability::linting {

[[nodiscard]] inline bool is_plain(const network_policy::Policy& policy) noexcept {
  return policy.object->ref.kind == "NetworkPolicy" &&
         (policy.object->ref.group == "networking.k8s.io" ||
          policy.object->ref.group == "extensions");
}

// Calls visit(policy, position) for every enforced policy of the other dialects.
void for_each_other_policy(const View& view, const auto& visit) {
  const auto policies = view.policies().policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    if (!policies[i].is_staged && !is_plain(policies[i])) {
      visit(policies[i], i);
    }
  }
}

// Calls visit(policy, position, rule) for each of their rules that allows something.
void for_each_other_rule(const View& view, const auto& visit) {
  for_each_other_policy(view, [&](const network_policy::Policy& policy, std::uint32_t position) {
    for (const network_policy::Rule& rule : view.policies().rules_of(policy)) {
      if (rule.action == network_policy::Action::Allow) {
        visit(policy, position, rule);
      }
    }
  });
}

[[nodiscard]] inline Place place_of_rule(const network_policy::Rule& rule) {
  return {.pointer = std::string(rule.pointer), .offset = rule.offset};
}

}  // namespace tally::reachability::linting
