#pragma once
// A pod of a controller that is not in the input: some of its labels are known, or none; its
// namespace perhaps. What a selector says of it is unknown where more decides. A namespace that has
// workloads in the input is taken to be there whole: it is not the controller's, unless the
// door says that it may be.

#include <string_view>

#include "network_policy/peer.hpp"
#include "reachability/entries/internal/door.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::entries {

class UnknownPod final : public network_policy::Peer {
 public:
  // What the door knows of it.
  UnknownPod(const topology::Topology& topology, const Door& door);

  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override;
  [[nodiscard]] bool is_pod() const override { return true; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return none_; }
  [[nodiscard]] bool knows_addresses() const override { return false; }
  [[nodiscard]] network_policy::Entity entity() const override {
    return network_policy::Entity::None;
  }
  [[nodiscard]] scalar::PortSet named_port(std::string_view, scalar::Protocol) const override {
    return {};
  }

 private:
  [[nodiscard]] network_policy::Match holds(const network_policy::SelectorPool& selectors,
                                            network_policy::SelectorId id,
                                            const network_policy::Term& term) const;
  [[nodiscard]] network_policy::Match holds_of_namespace(const network_policy::Term& term) const;

  const topology::Topology& topology_;
  topology::Endpoint endpoint_;
  topology::Namespace name_space_;
  std::string_view home_;
  scalar::AddressSet none_;
};

}  // namespace tally::reachability::entries
