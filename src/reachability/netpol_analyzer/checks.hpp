#pragma once
// What netpol-analyzer refuses before it answers, and what it warns of: a policy that cannot be
// read, two objects of one name, pods of one owner that a policy tells apart.

#include <vector>

#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "network_policy/policy_set.hpp"
#include "reachability/netpol_analyzer/connectivity.hpp"
#include "reachability/netpol_analyzer/options.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::reachability::netpol_analyzer {

// Names that are taken twice.
[[nodiscard]] Result<void> check_names(const kube::Snapshot& snapshot);
// Policies that are not in the set, and what was left out of those that are.
[[nodiscard]] Result<void> check_policies(const network_policy::PolicySet& set,
                                          std::vector<Warning>& warnings);
// Pods of one owner are one workload: a selector must not see a difference between them.
[[nodiscard]] Result<void> check_owners(const kube::Snapshot& snapshot,
                                        const network_policy::PolicySet& set);
// A named port means nothing for outside addresses: a NetworkPolicy that says so of a workload
// cannot be analysed.
[[nodiscard]] Result<void> check_named_ports(Connectivity& connectivity);
// Named ports of rules that a workload they are meant for does not have.
void warn_of_named_ports(Connectivity& connectivity, const Workloads& workloads,
                         std::vector<Warning>& warnings);

}  // namespace tally::reachability::netpol_analyzer
