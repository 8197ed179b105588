#pragma once
// Links: who has to reach whom, and how we know: service addresses in manifests, entry points, and
// observed flows. What policies are made of.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flow/flow_set.hpp"
#include "kube/snapshot.hpp"
#include "scalar/address_set.hpp"
#include "scalar/connection_set.hpp"
#include "topology/topology.hpp"

namespace tally::reachability {

// The pods of one controller, for which one policy is made.
struct Unit {
  std::uint32_t name_space = 0;  // position in Topology::namespaces()
  std::string_view kind;
  std::string_view name;
  std::vector<std::uint32_t> endpoints;  // positions in Topology::endpoints(), ascending
  bool is_on_host_network = false;       // no policy governs it
};

// By namespace, then name, then kind.
[[nodiscard]] std::vector<Unit> units_of(const topology::Topology& topology);

struct LinkEnd {
  enum class Kind : std::uint8_t {
    Unit,     // `unit`
    AnyPod,   // of every namespace: whoever runs the ingress controller
    Anybody,  // inside and outside
    Block,    // `block`: one address
  };
  Kind kind = Kind::Unit;
  std::uint32_t unit = 0;
  scalar::AddressSet block;
  friend auto operator<=>(const LinkEnd&, const LinkEnd&) = default;
};

struct Link {
  LinkEnd source;
  LinkEnd destination;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
  friend auto operator<=>(const Link&, const Link&) = default;
};

// Why a link is there, one text for each reason.
using Reasons = std::vector<std::string>;

struct Links {
  std::vector<Unit> units;
  std::vector<std::uint32_t> unit_of;  // by position in Topology::endpoints()
  std::map<Link, Reasons> links;
  std::vector<std::string> notes;  // what was seen and could not become a link

  void add(const Link& link, std::string reason);
};

[[nodiscard]] Links links_without_reasons(const topology::Topology& topology);
// Service addresses ("svc[.namespace[.svc[.cluster.local]]][:port]") in environment variables,
// arguments and the config maps that a pod uses.
void add_links_of_manifests(const kube::Snapshot& snapshot, const topology::Topology& topology,
                            Links& links);
// Services that are open to the outside, and what Ingress, Route, HTTPRoute and GRPCRoute lead to.
void add_entry_points(const kube::Snapshot& snapshot, const topology::Topology& topology,
                      Links& links);
// Flows that were not denied. `source` names the file.
void add_links_of_flows(const flow::FlowSet& flows, std::string_view source, Links& links);

// The pods' ports behind a port of a Service (0: every port), by unit.
struct Target {
  std::uint32_t unit = 0;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
  friend auto operator<=>(const Target&, const Target&) = default;
};
[[nodiscard]] std::vector<Target> targets_of(const topology::Topology& topology, const Links& links,
                                             const topology::Service& service,
                                             std::uint16_t service_port);
[[nodiscard]] const topology::Service* find_service(const topology::Topology& topology,
                                                    std::string_view name_space,
                                                    std::string_view name);

}  // namespace tally::reachability
