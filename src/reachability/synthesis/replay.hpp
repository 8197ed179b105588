#pragma once
// Replay: what a set of policies would do to flows that were seen, and the proof that policies made
// from flows allow them. Both ask the plain evaluator of single connections
// (network_policy/point.hpp), which shares nothing with the code that makes policies.

#include <cstdint>
#include <string>
#include <vector>

#include "flow/flow_set.hpp"
#include "network_policy/policy_set.hpp"
#include "topology/topology.hpp"

namespace tally::reachability {

// A connection that would be denied.
struct Denial {
  std::string source;
  std::string destination;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
  flow::Seen seen;
  std::string
      reason;  // "ingress of shop/db: no rule of NetworkPolicy shop/db (db.yaml:3) allows it"
};

struct Replayed {
  std::uint64_t allowed = 0;     // connections, each counted once
  std::uint64_t unknown = 0;     // a fact is not known: no denial
  std::uint64_t not_asked = 0;   // a side is not known well enough
  std::uint64_t was_denied = 0;  // the observer saw it denied already
  std::vector<Denial> denials;
};

[[nodiscard]] Replayed replay(const topology::Topology& topology,
                              const network_policy::PolicySet& policies,
                              const flow::FlowSet& flows);

// How many ordered pairs of workloads may connect at all, by the class-based analyser.
struct Connectivity {
  std::uint64_t pairs = 0;      // of different workloads
  std::uint64_t connected = 0;  // with at least one allowed connection
  std::uint64_t open = 0;       // with every connection allowed
};
[[nodiscard]] Connectivity connectivity_of(const topology::Topology& topology,
                                           const network_policy::PolicySet& policies);

}  // namespace tally::reachability
