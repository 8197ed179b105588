#include "network_policy/peer.hpp"

#include <algorithm>
#include <utility>

namespace tally::network_policy {
namespace {

Match either(Match a, Match b) {
  if (a == Match::Yes || b == Match::Yes) {
    return Match::Yes;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::No;
}

Match both(Match a, Match b) {
  if (a == Match::No || b == Match::No) {
    return Match::No;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::Yes;
}

// A pod is met by addresses if one of its own is among them; a block, if it lies within.
Match has_address(const scalar::AddressSet& wanted, const Peer& peer) {
  if (!peer.is_pod()) {
    return !peer.addresses().is_empty() && wanted.contains(peer.addresses()) ? Match::Yes
                                                                             : Match::No;
  }
  if (peer.knows_addresses()) {
    return wanted.intersects(peer.addresses()) ? Match::Yes : Match::No;
  }
  // Whatever address the pod will have, everything holds it.
  const bool is_everything = wanted.contains(scalar::AddressSet::all_v4());
  return is_everything ? Match::Yes : Match::Unknown;
}

}  // namespace

EndpointPeer::EndpointPeer(const topology::Topology& topology, const topology::Endpoint& endpoint)
    : endpoint_(&endpoint), name_space_(&topology.name_space_of(endpoint)) {
  for (const scalar::IpAddress& address : endpoint.addresses) {
    addresses_ = addresses_.unite(scalar::AddressSet(address));
  }
}

Match EndpointPeer::selected_by(const SelectorPool& selectors, SelectorId id) const {
  return selectors.matches(id, *endpoint_, *name_space_);
}

scalar::PortSet EndpointPeer::named_port(std::string_view name, scalar::Protocol protocol) const {
  return topology::named_ports(*endpoint_, name, protocol);
}

Match matches_peer(const PolicySet& set, const Rule& rule, const Peer& peer) {
  if (rule.is_any_peer) {
    return Match::Yes;
  }
  Match match = Match::No;
  for (const Peers& peers : set.peers_of(rule)) {
    if (peer.is_pod() && peers.endpoints != kNothing) {
      Match selected = peer.selected_by(set.selectors(), peers.endpoints);
      if (peers.endpoints_within != kNoAddresses && selected != Match::No) {
        selected = both(selected, has_address(set.addresses(peers.endpoints_within), peer));
      }
      match = either(match, selected);
    }
    if (peers.addresses != kNoAddresses && (!peer.is_pod() || peers.addresses_reach_endpoints)) {
      Match met = has_address(set.addresses(peers.addresses), peer);
      if (peer.is_pod() && peers.addresses_only != kEverything && met != Match::No) {
        met = both(met, peer.selected_by(set.selectors(), peers.addresses_only));
      }
      match = either(match, met);
    }
    if (!peer.is_pod() && has(peers.entities, peer.entity())) {
      match = Match::Yes;
    }
    if (!peer.is_pod() && !peers.unknown.empty()) {
      match = either(match, Match::Unknown);
    }
    if (match == Match::Yes) {
      return match;
    }
  }
  return match;
}

Match matches_own(const PolicySet& set, const Rule& rule, const Peer& own) {
  Match match = rule.unknown.empty() ? Match::Yes : Match::Unknown;
  if (rule.own != kEverything) {
    match = both(match, own.selected_by(set.selectors(), rule.own));
  }
  if (rule.own_within != kNoAddresses && match != Match::No) {
    match = both(match, has_address(set.addresses(rule.own_within), own));
  }
  return match;
}

scalar::ConnectionSet connections_to(const PolicySet& set, const Rule& rule,
                                     const Peer& destination) {
  const scalar::ConnectionSet& fixed = set.connections(rule.connections);
  const auto named = set.named_ports_of(rule);
  if (named.empty()) {
    return fixed;
  }
  scalar::ConnectionSet connections = fixed;
  scalar::ConnectionSet excluded;
  for (const NamedPort& port : named) {
    (port.is_excluded ? excluded : connections)
        .add(port.protocol, destination.named_port(port.name, port.protocol));
  }
  return connections.minus(excluded);
}

std::vector<scalar::AddressSet> external_blocks(const PolicySet& set, bool with_v6) {
  const auto sets = set.addresses();
  return scalar::partition(std::vector(sets.begin(), sets.end()), with_v6);
}

}  // namespace tally::network_policy
