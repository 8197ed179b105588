#pragma once
// The one rule form to which every dialect compiles (NetworkPolicy, AdminNetworkPolicy,
// ClusterNetworkPolicy, Cilium, Calico): there is one evaluator, and dialects differ in how they
// are read only.
//
// How a connection is judged, on either side of it (egress at the source, ingress at the
// destination; both must allow it):
//   tiers in ascending order;
//     the rules of this direction of all policies of the tier that select the endpoint, by rank:
//       the first that matches peer and connection decides: Allow and Deny end, Pass goes on to the
//       next tier;
//     none matches: denied, if one of those policies isolates the endpoint in this direction and
//       the tier ends so; else the next tier;
//   behind the last tier: allowed.
// The outcome of a rule of which it is not known whether it matches is Unknown, unless what follows
// decides the same.

#include <cstdint>
#include <string>
#include <string_view>

#include "kube/object.hpp"
#include "network_policy/selector.hpp"
#include "scalar/connection_set.hpp"

namespace tally::network_policy {

enum class Direction : std::uint8_t { Ingress, Egress };
// "ingress", "egress"
[[nodiscard]] std::string_view to_text(Direction direction) noexcept;

enum class Action : std::uint8_t { Allow, Deny, Pass };
// "allow", "deny", "pass"
[[nodiscard]] std::string_view to_text(Action action) noexcept;

// Orders of the tiers that are always there; Calico's own tiers take their places among them
// (Calico 3.30: kube-admin 1,000, default 1,000,000, kube-baseline 10,000,000).
inline constexpr double kAdminTierOrder = 1'000;
inline constexpr double kDefaultTierOrder = 1'000'000;
inline constexpr double kBaselineTierOrder = 10'000'000;

struct Tier {
  std::string_view name;
  double order = 0;
  bool ends_with_deny = true;  // else an isolated endpoint passes on (Calico: defaultAction Pass)
};

// Peers that are no endpoints of the Topology, as a set of bits.
enum class Entity : std::uint8_t {
  None = 0,
  Host = 1,        // the endpoint's own node
  RemoteNode = 2,  // another node
  ApiServer = 4,   // kube-apiserver outside the pods
  IngressController = 8,
  World = 16,  // every address that no endpoint and no node has
};
[[nodiscard]] constexpr Entity operator|(Entity a, Entity b) noexcept {
  return static_cast<Entity>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
[[nodiscard]] constexpr bool has(Entity set, Entity one) noexcept {
  return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(one)) != 0;
}

using AddressesId = std::uint32_t;  // of PolicySet's pool
inline constexpr AddressesId kNoAddresses = 0;
using ConnectionsId = std::uint32_t;  // of PolicySet's pool
inline constexpr ConnectionsId kNoConnections = 0;

// One item of `from` or `to`. Its parts are alternatives.
struct Peers {
  SelectorId endpoints = kNothing;
  AddressesId addresses = kNoAddresses;
  // Whether the addresses select endpoints that have them, too: the dialects differ.
  bool addresses_reach_endpoints = false;
  // Calico, whose parts of one peer narrow each other: of the endpoints, those only that have an
  // address within; by their addresses, those endpoints only.
  AddressesId endpoints_within = kNoAddresses;
  SelectorId addresses_only = kEverything;
  Entity entities = Entity::None;
  // Why this item may match more than the above (a DNS name, a node selector): then every external
  // peer matches perhaps. Empty: it does not.
  std::string_view unknown{};
};

struct NamedPort {
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::string_view name;
  bool is_excluded = false;  // taken off what else the rule speaks of (Calico: notPorts)
};

struct Rule {
  std::uint32_t policy = 0;  // position in PolicySet::policies()
  Direction direction = Direction::Ingress;
  Action action = Action::Allow;
  // Whoever is on the other side, in the cluster or not; `peers` is empty then.
  bool is_any_peer = false;
  // Denies of Cilium go before its allows, wherever they stand.
  bool is_first_in_tier = false;
  std::uint32_t peers_begin = 0;  // positions in PolicySet::peers()
  std::uint32_t peers_end = 0;
  SelectorId own = kEverything;           // a further condition on the policy's own side (Calico)
  AddressesId own_within = kNoAddresses;  // and that it has an address within
  // Why the rule may match less than it says (source ports, HTTP): it matches perhaps. Empty: no.
  std::string_view unknown{};
  ConnectionsId connections = kNoConnections;
  std::uint32_t ports_begin = 0;  // positions in PolicySet::named_ports(); each pod resolves them
  std::uint32_t ports_end = 0;
  std::uint32_t ordinal = 0;  // in its list, from 0
  std::string_view name;      // where the dialect has one
  std::string_view pointer;   // RFC 6901, in the policy's object
  std::uint32_t offset = 0;
};

struct Policy {
  const kube::Object* object = nullptr;
  std::uint32_t tier = 0;  // position in PolicySet::tiers()
  double order = 0;        // within the tier; ties: by namespace and name
  SelectorId subject = kNothing;
  // By Direction: does it apply, and does it deny what none of its tier's rules matches.
  bool applies[2] = {false, false};
  bool isolates[2] = {false, false};
  bool is_staged = false;         // Calico: never enforced; listed, and judged by forecasts only
  std::uint32_t rules_begin = 0;  // positions in PolicySet::rules(): ingress, then egress
  std::uint32_t rules_end = 0;
};

}  // namespace tally::network_policy
