#pragma once
// A side of an observed connection as rules see it: an endpoint of the Topology, a pod that only
// the observer knows (by its labels), an outside address, or an entity.

#include <memory>

#include "flow/flow_set.hpp"
#include "network_policy/peer.hpp"
#include "topology/topology.hpp"

namespace tally::reachability {

// Nothing: not enough is known to ask.
[[nodiscard]] std::shared_ptr<const network_policy::Peer> peer_of(
    const topology::Topology& topology, const flow::FlowSet& flows, const flow::Place& place);

}  // namespace tally::reachability
