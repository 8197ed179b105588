#pragma once
// Source ports of rules of Calico, which the one rule form of network_policy does not know.

#include <optional>

#include "network_policy/rule_form.hpp"
#include "reachability/query/traffic.hpp"

namespace tally::reachability::query {

// Nothing: of any port.
[[nodiscard]] std::optional<NumberSet> source_ports(const network_policy::Policy& policy,
                                                    const network_policy::Rule& rule);

}  // namespace tally::reachability::query
