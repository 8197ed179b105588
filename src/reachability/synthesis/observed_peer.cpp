#include "reachability/synthesis/observed_peer.hpp"

namespace tally::reachability {
namespace {

using network_policy::Entity;
using network_policy::ExternalPeer;

class StrangerPeer final : public network_policy::Peer {
 public:
  StrangerPeer(const topology::Topology& topology, const flow::Stranger& stranger) {
    name_space_.name = stranger.name_space;
    if (const auto at = topology.find_namespace(stranger.name_space)) {
      name_space_ = topology.namespaces()[*at];
    }
    endpoint_.name = stranger.name;
    endpoint_.labels = stranger.labels;
    endpoint_.service_account = "default";
    endpoint_.is_pod = true;
  }
  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override {
    return selectors.matches(id, endpoint_, name_space_);
  }
  [[nodiscard]] bool is_pod() const override { return true; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return addresses_; }
  [[nodiscard]] bool knows_addresses() const override { return false; }
  [[nodiscard]] Entity entity() const override { return Entity::None; }
  [[nodiscard]] scalar::PortSet named_port(std::string_view, scalar::Protocol) const override {
    return {};
  }

 private:
  topology::Endpoint endpoint_;
  topology::Namespace name_space_;
  scalar::AddressSet addresses_;
};

Entity entity_of(flow::Role role) {
  switch (role) {
    case flow::Role::World:
      return Entity::World;
    case flow::Role::Host:
      return Entity::Host;
    case flow::Role::RemoteNode:
      return Entity::RemoteNode;
    case flow::Role::ApiServer:
      return Entity::ApiServer;
    case flow::Role::Ingress:
      return Entity::IngressController;
    case flow::Role::Unknown:
    case flow::Role::Pod:
      return Entity::None;
  }
  return Entity::None;
}

}  // namespace

std::shared_ptr<const network_policy::Peer> peer_of(const topology::Topology& topology,
                                                    const flow::FlowSet& flows,
                                                    const flow::Place& place) {
  switch (place.kind) {
    case flow::Place::Kind::Endpoint:
      return std::make_shared<const network_policy::EndpointPeer>(
          topology, topology.endpoints()[place.index]);
    case flow::Place::Kind::Stranger: {
      const flow::Stranger& stranger = flows.strangers()[place.index];
      if (stranger.labels.is_null() || stranger.name_space.empty()) {
        return nullptr;
      }
      return std::make_shared<const StrangerPeer>(topology, stranger);
    }
    case flow::Place::Kind::Outside:
      return std::make_shared<const ExternalPeer>(
          scalar::AddressSet(flows.addresses()[place.index]));
    case flow::Place::Kind::Role: {
      const Entity entity = entity_of(place.role);
      if (entity == Entity::None) {
        return nullptr;
      }
      // Whoever is outside: a rule must allow every address to allow them.
      return std::make_shared<const ExternalPeer>(
          entity == Entity::World ? scalar::AddressSet::all() : scalar::AddressSet(), entity);
    }
  }
  return nullptr;
}

}  // namespace tally::reachability
