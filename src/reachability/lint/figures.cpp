#include "reachability/lint/figures.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace tally::reachability {

using mesh::Encryption;
using network_policy::ClassId;
using network_policy::Direction;
using scalar::ConnectionSet;
using scalar::Protocol;

namespace {

constexpr std::size_t kPairsMax = 4'000'000;  // of groups

// Workloads that no policy and no setting of a mesh tells apart.
struct Key {
  ClassId class_id = 0;
  std::uint32_t name_space = 0;
  mesh::DataPlane plane = mesh::DataPlane::None;
  friend auto operator<=>(const Key&, const Key&) = default;
};
struct Group {
  Key key;
  std::uint32_t endpoint = 0;
  std::uint64_t workloads = 0;
};
struct Destination {
  Group group;
  ConnectionSet ports;  // behind Services
};

class Pairs {
 public:
  Pairs(World& world, const mesh::Mesh& mesh) : world_(world), mesh_(mesh) {}

  std::optional<NetworkFigures::Pairs> count() {
    const std::vector<Destination> destinations = find_destinations();
    find_sources();
    NetworkFigures::Pairs pairs;
    std::size_t looked_at = 0;
    for (const Destination& destination : destinations) {
      for (const std::uint32_t source : sources_towards(destination)) {
        if (++looked_at > kPairsMax) {
          return std::nullopt;
        }
        add(sources_[source], destination, pairs);
      }
    }
    return pairs;
  }

 private:
  [[nodiscard]] Key key_of(const Workload& workload) const {
    const std::uint32_t endpoint = workload.endpoints.front();
    return {.class_id = workload.class_id,
            .name_space = world_.topology().endpoints()[endpoint].name_space,
            .plane = mesh_.data_plane_of(endpoint)};
  }

  void find_sources() {
    std::map<Key, Group> groups;
    for (const Workload& workload : world_.workloads()) {
      const Key key = key_of(workload);
      Group& group = groups[key];
      if (group.workloads++ == 0) {
        group.key = key;
        group.endpoint = workload.endpoints.front();
      }
    }
    by_class_.resize(world_.analyser().class_count());
    for (const auto& [key, group] : groups) {
      by_class_[key.class_id].push_back(static_cast<std::uint32_t>(sources_.size()));
      sources_.push_back(group);
    }
  }

  // By endpoint: the ports behind Services.
  [[nodiscard]] std::vector<ConnectionSet> service_ports() const {
    const topology::Topology& topology = world_.topology();
    std::vector<ConnectionSet> ports(topology.endpoints().size());
    for (const topology::Service& service : topology.services()) {
      if (!service.selector || service.ports.empty()) {
        continue;
      }
      const auto range = topology.endpoints_in(service.name_space);
      for (std::uint32_t i = range.begin; i < range.end; ++i) {
        const topology::Endpoint& endpoint = topology.endpoints()[i];
        if (!service.selector->matches([&](std::string_view key) { return endpoint.label(key); })) {
          continue;
        }
        for (const topology::ServicePort& port : service.ports) {
          if (!port.target_name.empty()) {
            ports[i].add(port.protocol,
                         topology::named_ports(endpoint, port.target_name, port.protocol));
          } else if (port.target_port != 0) {
            ports[i].add(port.protocol, scalar::PortSet(port.target_port, port.target_port));
          }
        }
      }
    }
    return ports;
  }

  [[nodiscard]] std::vector<Destination> find_destinations() const {
    const std::vector<ConnectionSet> ports = service_ports();
    std::map<std::pair<Key, std::string>, Destination> groups;
    for (const Workload& workload : world_.workloads()) {
      const std::uint32_t endpoint = workload.endpoints.front();
      if (ports[endpoint].is_empty()) {
        continue;
      }
      const Key key = key_of(workload);
      std::string text = ports[endpoint].to_string();
      // Port-level modes and selectors of a mesh tell apart what policies do not.
      if (mesh_.is_present()) {
        text += ' ';
        text += workload.label;
      }
      Destination& destination = groups[{key, std::move(text)}];
      if (destination.group.workloads++ == 0) {
        destination.group.key = key;
        destination.group.endpoint = endpoint;
        destination.ports = ports[endpoint];
      }
    }
    std::vector<Destination> destinations;
    for (auto& [key, destination] : groups) {
      destinations.push_back(std::move(destination));
    }
    return destinations;
  }

  // Those that the destination's table does not rule out: under default deny they are few.
  [[nodiscard]] std::vector<std::uint32_t> sources_towards(const Destination& destination) const {
    const auto& analyser = world_.analyser();
    const auto& table = analyser.table(destination.group.key.class_id, Direction::Ingress);
    const auto lets_in = [&](const network_policy::PooledAnswer& answer) {
      return analyser.connections().at(answer.allowed).intersects(destination.ports);
    };
    std::vector<std::uint32_t> sources;
    if (lets_in(table.usual[0]) || lets_in(table.usual[1])) {
      sources.resize(sources_.size());
      for (std::uint32_t i = 0; i < sources.size(); ++i) {
        sources[i] = i;
      }
      return sources;
    }
    for (const auto& part : table.parts) {
      if (lets_in(part.answer)) {
        for (const ClassId id : part.classes) {
          sources.insert(sources.end(), by_class_[id].begin(), by_class_[id].end());
        }
      }
    }
    return sources;
  }

  void add(const Group& source, const Destination& destination, NetworkFigures::Pairs& pairs) {
    const network_policy::PooledAnswer answer =
        world_.analyser().between_classes(source.key.class_id, destination.group.key.class_id);
    const ConnectionSet open =
        world_.analyser().connections().at(answer.allowed).intersect(destination.ports);
    if (open.is_empty()) {
      return;
    }
    std::uint64_t count = source.workloads * destination.group.workloads;
    if (source.key == destination.group.key) {
      count -= destination.group.workloads;  // each to itself
    }
    pairs.all += count;
    if (mesh_.is_present() && is_encrypted(source, destination.group, open)) {
      pairs.encrypted += count;
    }
  }

  [[nodiscard]] bool is_encrypted(const Group& source, const Group& destination,
                                  const ConnectionSet& open) const {
    if (!open.minus(ConnectionSet::of(Protocol::Tcp)).is_empty()) {
      return false;  // no mesh encrypts anything but TCP
    }
    for (const auto& interval : open.ports(Protocol::Tcp).intervals()) {
      for (std::uint32_t port = interval.first; port <= interval.last; ++port) {
        const auto routes =
            mesh_.routes({.endpoint = source.endpoint}, {.endpoint = destination.endpoint},
                         static_cast<std::uint16_t>(port));
        const bool is_sure =
            !routes.empty() && std::ranges::all_of(routes, [](const mesh::Route& route) {
              return route.encryption == Encryption::MutualTls ||
                     route.encryption == Encryption::Hbone;
            });
        if (!is_sure) {
          return false;
        }
      }
    }
    return true;
  }

  World& world_;
  const mesh::Mesh& mesh_;
  std::vector<Group> sources_;
  std::vector<std::vector<std::uint32_t>> by_class_;  // positions in sources_
};

}  // namespace

NetworkFigures network_figures(World& world, const mesh::Mesh& mesh, const EntryList& entries) {
  NetworkFigures figures;
  figures.workloads = world.workloads().size();
  for (const Workload& workload : world.workloads()) {
    const auto& analyser = world.analyser();
    const bool is_on_host =
        world.topology().endpoints()[workload.endpoints.front()].is_on_host_network;
    const auto is_isolated = [&](Direction direction) {
      return !is_on_host && analyser.table(workload.class_id, direction).is_isolated;
    };
    figures.isolated_ingress += is_isolated(Direction::Ingress) ? 1U : 0U;
    figures.isolated_egress += is_isolated(Direction::Egress) ? 1U : 0U;
  }
  for (const network_policy::Verdict verdict : world_exposed(world, entries)) {
    figures.world_exposed += verdict != network_policy::Verdict::Denied ? 1U : 0U;
  }
  figures.pairs = Pairs(world, mesh).count();
  return figures;
}

}  // namespace tally::reachability
