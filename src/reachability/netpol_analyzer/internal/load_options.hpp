#pragma once

#include "network_policy/policy_set.hpp"

namespace tally::reachability::netpol_analyzer {

// The tool reads no IPv6, blocks never select pods, and pods on their node's network are as others.
inline constexpr network_policy::LoadOptions kLoadOptions{
    .ip_blocks_select_pods = false, .host_network_pods_are_nodes = false, .with_v6 = false};

}  // namespace tally::reachability::netpol_analyzer
