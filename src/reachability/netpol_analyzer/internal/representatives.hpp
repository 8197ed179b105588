#pragma once
// Representative peers, and what rules mean by them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "network_policy/policy_set.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::reachability::netpol_analyzer {

// A selector as a list of requirements, sorted: two that say the same are equal.
struct Requirements {
  bool is_absent = false;
  std::vector<std::string> list;
  const document::Node* selector = nullptr;  // null: absent, or made up

  [[nodiscard]] static Requirements read(const document::Node* selector);
  [[nodiscard]] bool has_expressions() const;
  [[nodiscard]] bool mean(const Requirements& other) const {
    return is_absent || list.empty() || list == other.list;
  }
};

// One item of `from` or `to`, or a subject, that selects pods.
struct PodPeer {
  Requirements namespaces;
  Requirements pods;
  std::string_view own_namespace;  // of the policy, for an item without a namespaceSelector

  // Every pod of every namespace.
  [[nodiscard]] bool is_cluster() const {
    return !namespaces.is_absent && namespaces.list.empty() && pods.list.empty();
  }
};

struct Representative {
  PodPeer peer;
  std::string name_space_text;  // "all namespaces", a name, or "namespace with {...}"
  std::string pod_text;         // "all pods" or "pod with {...}"
  std::string text;             // as lists show it
};

// The items of a rule that select pods.
[[nodiscard]] std::vector<PodPeer> pod_peers(const network_policy::Policy& policy,
                                             const network_policy::Rule& rule);
// Of an admin policy.
[[nodiscard]] PodPeer subject_of(const network_policy::Policy& policy);

[[nodiscard]] bool means(const PodPeer& rule, const PodPeer& representative);

// From all rules of the set, without those that a workload answers to.
[[nodiscard]] std::vector<Representative> find_representatives(const network_policy::PolicySet& set,
                                                               const Workloads& workloads);

}  // namespace tally::reachability::netpol_analyzer
