#include "reachability/exposure.hpp"

#include <algorithm>

#include "document/json_writer.hpp"
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

std::string_view word(Direction direction) {
  return direction == Direction::Ingress ? "from" : "to";
}

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

std::string to_text(const World& world, const std::vector<Exposure>& list) {
  std::string out;
  std::uint32_t last = 0xFFFF'FFFF;
  for (const Exposure& exposure : list) {
    if (exposure.workload != last) {
      out.append(out.empty() ? "" : "\n").append(world.workloads()[exposure.workload].label);
      out += "\n";
      last = exposure.workload;
    }
    out.append("  ").append(to_text(exposure.direction)).append(":");
    if (!exposure.is_isolated && exposure.cluster.is_all() && exposure.outside.is_all()) {
      out += " open: no policy isolates it\n";
      continue;
    }
    if (exposure.cluster.is_empty() && exposure.perhaps_cluster.is_empty() &&
        exposure.outside.is_empty()) {
      out += " only what is listed by `tally network connections`\n";
      continue;
    }
    out += "\n";
    if (!exposure.outside.is_empty()) {
      out.append("    ").append(word(exposure.direction)).append(" ");
      out.append(to_words(exposure.addresses)).append(": ");
      out.append(exposure.outside.to_string()).append("\n");
    }
    if (!exposure.cluster.is_empty()) {
      out.append("    ").append(word(exposure.direction)).append(" any pod of the cluster: ");
      out.append(exposure.cluster.to_string()).append("\n");
    }
    if (!exposure.perhaps_cluster.is_empty()) {
      out.append("    ").append(word(exposure.direction));
      out.append(" any pod of a namespace with the labels that its rules ask for: ");
      out.append(exposure.perhaps_cluster.to_string()).append("\n");
    }
  }
  return out;
}

std::string to_json(const World& world, const std::vector<Exposure>& list) {
  std::string out = "[";
  const auto member = [&out](std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    document::append_json_string(out, text);
  };
  for (const Exposure& exposure : list) {
    out.append(out.size() == 1 ? "\n" : ",\n").append("{\"workload\":");
    document::append_json_string(out, world.workloads()[exposure.workload].label);
    member("direction", to_text(exposure.direction));
    out.append(",\"isolated\":").append(exposure.is_isolated ? "true" : "false");
    member("outside", exposure.outside.to_string());
    member("addresses", to_words(exposure.addresses));
    member("cluster", exposure.cluster.to_string());
    member("labelledNamespaces", exposure.perhaps_cluster.to_string());
    out += "}";
  }
  return out + "\n]\n";
}

}  // namespace tally::reachability
