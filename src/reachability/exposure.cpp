#include "reachability/exposure.hpp"

#include "network_policy/pair.hpp"

namespace tally::reachability {

using network_policy::Direction;
using network_policy::DirectionAnswer;
using network_policy::EndpointPeer;
using network_policy::kNone;
using scalar::ConnectionSet;

namespace {

// A pod without labels, in a namespace of which only that it has another name is known.
class Stranger final : public network_policy::Peer {
 public:
  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override {
    return selectors.matches(id, endpoint_, name_space_);
  }
  [[nodiscard]] bool is_pod() const override { return true; }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return none_; }
  // Of no block of outside addresses: what those may do is said apart.
  [[nodiscard]] bool knows_addresses() const override { return true; }
  [[nodiscard]] network_policy::Entity entity() const override {
    return network_policy::Entity::None;
  }
  [[nodiscard]] scalar::PortSet named_port(std::string_view, scalar::Protocol) const override {
    return {};
  }

 private:
  topology::Endpoint endpoint_;
  topology::Namespace name_space_{.name = "(new)", .object = nullptr};
  scalar::AddressSet none_;
};

}  // namespace

std::vector<Exposure> list_exposure(const World& world) {
  const Stranger stranger;
  std::vector<Exposure> list;
  const auto workloads = world.workloads();
  const network_policy::ConnectionPool& pool = world.analyser().connections();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const EndpointPeer own(world.topology(),
                           world.topology().endpoints()[workloads[i].endpoints.front()]);
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const network_policy::DirectionTable& table =
          world.analyser().table(workloads[i].class_id, direction);
      Exposure exposure{.workload = i, .direction = direction, .is_isolated = table.is_isolated};
      for (const auto& [addresses, answer] : table.outside) {
        if (answer.allowed != kNone || answer.unknown != kNone) {
          exposure.outside =
              exposure.outside.unite(pool.at(answer.allowed)).unite(pool.at(answer.unknown));
          exposure.addresses = exposure.addresses.unite(addresses);
        }
      }
      const DirectionAnswer answer = judge_direction(world.policies(), direction, own, stranger);
      exposure.cluster = answer.allowed;
      exposure.perhaps_cluster = answer.unknown;
      list.push_back(std::move(exposure));
    }
  }
  return list;
}

}  // namespace tally::reachability
