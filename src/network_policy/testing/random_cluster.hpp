#pragma once
// Small random clusters with policies of every dialect, over a small alphabet so that they meet
// often.

#include <functional>
#include <string>

namespace tally::network_policy::testing {

// A number below n.
using Choose = std::function<unsigned(unsigned n)>;

// YAML documents: two namespaces (and pods in a third that is not there), five pods, policies that
// the API server takes.
[[nodiscard]] std::string random_cluster(const Choose& choose);

}  // namespace tally::network_policy::testing
