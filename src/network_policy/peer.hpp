#pragma once
// Peer: one side of a connection, as rules see it: an endpoint of the Topology, a block of outside
// addresses that all rules treat alike, or an entity. A caller may bring its own (a pod that is not
// there yet).

#include <string_view>

#include "network_policy/policy_set.hpp"
#include "scalar/address_set.hpp"
#include "topology/topology.hpp"

namespace tally::network_policy {

class Peer {
 public:
  [[nodiscard]] virtual Match selected_by(const SelectorPool& selectors, SelectorId id) const = 0;
  // Whether it is a pod, to which alone named ports and subjects apply.
  [[nodiscard]] virtual bool is_pod() const = 0;
  // Of an external peer: its block. Of a pod: the addresses that are known of it.
  [[nodiscard]] virtual const scalar::AddressSet& addresses() const = 0;
  // Whether addresses() is all that there is: a pod without status has addresses that nobody knows.
  [[nodiscard]] virtual bool knows_addresses() const = 0;
  [[nodiscard]] virtual Entity entity() const = 0;
  [[nodiscard]] virtual scalar::PortSet named_port(std::string_view name,
                                                   scalar::Protocol protocol) const = 0;

 protected:
  ~Peer() = default;
};

class EndpointPeer final : public Peer {
 public:
  EndpointPeer(const topology::Topology& topology, const topology::Endpoint& endpoint);
  [[nodiscard]] const topology::Endpoint& endpoint() const noexcept { return *endpoint_; }

  [[nodiscard]] Match selected_by(const SelectorPool& selectors, SelectorId id) const override;
  [[nodiscard]] bool is_pod() const override { return true; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return addresses_; }
  [[nodiscard]] bool knows_addresses() const override { return !addresses_.is_empty(); }
  [[nodiscard]] Entity entity() const override { return Entity::None; }
  [[nodiscard]] scalar::PortSet named_port(std::string_view name,
                                           scalar::Protocol protocol) const override;

 private:
  const topology::Endpoint* endpoint_;
  const topology::Namespace* name_space_;
  scalar::AddressSet addresses_;
};

// A block of addresses outside, or an entity without addresses.
class ExternalPeer final : public Peer {
 public:
  explicit ExternalPeer(scalar::AddressSet addresses, Entity entity = Entity::World)
      : addresses_(std::move(addresses)), entity_(entity) {}

  [[nodiscard]] Match selected_by(const SelectorPool&, SelectorId) const override {
    return Match::No;
  }
  [[nodiscard]] bool is_pod() const override { return false; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return addresses_; }
  [[nodiscard]] bool knows_addresses() const override { return true; }
  [[nodiscard]] Entity entity() const override { return entity_; }
  [[nodiscard]] scalar::PortSet named_port(std::string_view, scalar::Protocol) const override {
    return {};
  }

 private:
  scalar::AddressSet addresses_;
  Entity entity_;
};

// Does one rule speak of this peer? A block of which the rule's addresses hold only a part matches
// if `whole` is met: callers partition the space first (PolicySet::addresses()).
[[nodiscard]] Match matches_peer(const PolicySet& set, const Rule& rule, const Peer& peer);

// Does the rule hold on the policy's own side, as far as it says more than the policy's subject?
[[nodiscard]] Match matches_own(const PolicySet& set, const Rule& rule, const Peer& own);

// The connections of a rule towards a destination, whose ports resolve the names.
[[nodiscard]] scalar::ConnectionSet connections_to(const PolicySet& set, const Rule& rule,
                                                   const Peer& destination);

// The blocks of outside addresses that no rule of the set tells apart.
[[nodiscard]] std::vector<scalar::AddressSet> external_blocks(const PolicySet& set, bool with_v6);

}  // namespace tally::network_policy
