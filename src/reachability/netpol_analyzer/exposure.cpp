#include "reachability/netpol_analyzer/exposure.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "reachability/netpol_analyzer/internal/representatives.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;
using scalar::ConnectionSet;
using scalar::Protocol;

class Finder {
 public:
  Finder(Connectivity& connectivity, const Workloads& workloads, ConnectionPool& pool)
      : connectivity_(connectivity),
        workloads_(workloads),
        pool_(pool),
        set_(connectivity.set()),
        representatives_(find_representatives(set_, workloads)) {
    read_rules();
    for (std::size_t i = 0; i < representatives_.size(); ++i) {
      select_representative(i);
    }
  }

  std::vector<Exposure> run(const ExposureQuery& query) {
    std::vector<Exposure> found;
    for (std::uint32_t i = 0; i < workloads_.list.size(); ++i) {
      if (workloads_.list[i].is_ingress_controller) {
        continue;
      }
      Exposure exposure{.workload = i, .sides = {}};
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        if (query.is_wanted(i, direction)) {
          exposure.sides[static_cast<std::size_t>(direction)] = side(direction, i, query.focus);
        }
      }
      if (exposure.sides[0].is_listed || exposure.sides[1].is_listed) {
        found.push_back(std::move(exposure));
      }
    }
    return found;
  }

 private:
  static constexpr std::uint32_t kCluster = 0;  // the column; representatives follow

  // Which columns each rule means, and all names of ports that there are.
  void read_rules() {
    ConnectionSet everything = ConnectionSet::transport();
    columns_.resize(set_.rules().size());
    for (std::size_t i = 0; i < set_.rules().size(); ++i) {
      const Rule& rule = set_.rules()[i];
      const Policy& policy = set_.policies()[rule.policy];
      const std::vector<PodPeer> peers = pod_peers(policy, rule);
      if (rule.is_any_peer || std::ranges::any_of(peers, &PodPeer::is_cluster)) {
        columns_[i].push_back(kCluster);
      }
      for (std::uint32_t j = 0; j < representatives_.size(); ++j) {
        if (rule.is_any_peer || std::ranges::any_of(peers, [&](const PodPeer& peer) {
              return means(peer, representatives_[j].peer);
            })) {
          columns_[i].push_back(j + 1);
        }
      }
      everything = everything.unite(names_of(rule));
    }
    everything_ = pool_.intern(everything);
  }

  ConnectionSet names_of(const Rule& rule) {
    const std::string_view kind = set_.policies()[rule.policy].object->ref.kind;
    ConnectionSet names;
    for (const network_policy::NamedPort& port : set_.named_ports_of(rule)) {
      names =
          names.unite(names_.add(port.name, kind == "NetworkPolicy" ? &port.protocol : nullptr));
    }
    return names;
  }

  // Towards a pod that is not there: names stay names.
  ConnectionId unresolved(const Rule& rule) {
    return pool_.intern(set_.connections(rule.connections)
                            .intersect(ConnectionSet::transport())
                            .unite(names_of(rule)));
  }

  // Admin policies may select pods that are not there; NetworkPolicies are asked about workloads
  // only.
  void select_representative(std::size_t place) {
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      std::vector<std::uint32_t> policies;
      for (std::uint32_t i = 0; i < set_.policies().size(); ++i) {
        const Policy& policy = set_.policies()[i];
        if (policy.object->ref.kind != "NetworkPolicy" &&
            policy.applies[static_cast<std::size_t>(direction)] &&
            means(subject_of(policy), representatives_[place].peer)) {
          policies.push_back(i);
        }
      }
      auto& rows = own_rows_[static_cast<std::size_t>(direction)];
      rows.resize(representatives_.size());
      if (!policies.empty()) {
        rows[place] = connectivity_.row_for(
            direction, policies,
            [&](const Rule& rule, PeerId other) {
              return direction == Direction::Egress ? connectivity_.connections_to(rule, other)
                                                    : unresolved(rule);
            },
            everything_);
      }
    }
  }

  // What the policies of a workload say to the cluster and to each representative.
  const std::vector<ConnectionId>& row(Direction direction, std::uint32_t workload) {
    auto& rows = rows_[static_cast<std::size_t>(direction)];
    const auto [at, is_new] = rows.try_emplace(connectivity_.own_class(direction, workload));
    if (!is_new) {
      return at->second;
    }
    Columns columns;
    columns.count = representatives_.size() + 1;
    columns.everything = everything_;
    columns.meant_by = [this](const Rule& rule) {
      return std::span<const std::uint32_t>(
          columns_[static_cast<std::size_t>(&rule - set_.rules().data())]);
    };
    columns.connections = [&](const Rule& rule, std::uint32_t column) {
      return direction == Direction::Ingress && column != kCluster
                 ? connectivity_.connections_to(rule, workload)
                 : unresolved(rule);
    };
    at->second =
        judge(pool_, set_, direction, connectivity_.policies_of(direction, workload), columns);
    return at->second;
  }

  // Of what the cluster may reach, the names that the workload's own ports have.
  ConnectionId resolved(ConnectionId id, const Workload& workload) {
    ConnectionSet set = pool_.at(id);
    const auto found = names_.in(set);
    if (found.empty()) {
      return id;
    }
    for (const NamedPorts::Found& name : found) {
      if (const auto* port = workload.named_port(name.name); port != nullptr) {
        set = set.minus(names_.add(name.name, name.protocol));
        set.add(name.protocol == nullptr ? port->protocol : *name.protocol,
                scalar::PortSet(port->port, port->port));
      }
    }
    return pool_.intern(set);
  }

  ConnectionId with_representative(Direction direction, std::uint32_t workload,
                                   std::uint32_t place) {
    ConnectionId allowed = row(direction, workload)[place + 1];
    const Direction far = direction == Direction::Ingress ? Direction::Egress : Direction::Ingress;
    const auto& own = own_rows_[static_cast<std::size_t>(far)][place];
    if (!own.empty()) {
      allowed = pool_.intersect(allowed, own[connectivity_.other_class(far, workload)]);
    }
    return allowed;
  }

  ExposureSide side(Direction direction, std::uint32_t workload,
                    const std::optional<ConnectionFocus>& focus) {
    ExposureSide side;
    if (connectivity_.policies_of(direction, workload).empty()) {
      side.is_listed = true;
      side.is_protected = false;
      return side;
    }
    ConnectionId cluster = row(direction, workload)[kCluster];
    if (direction == Direction::Ingress) {
      cluster = resolved(cluster, workloads_.list[workload]);
    }
    const ConnectionId focused =
        focus ? pool_.intern(ConnectionSet::of_port(focus->protocol, focus->port)) : kNoConnection;
    const auto holds_focus = [&](ConnectionId id) {
      return pool_.intersect(id, focused) == focused;
    };
    const auto add = [&](std::string peer, ConnectionId connections, const Representative* from) {
      side.is_listed = true;
      side.to.push_back({.peer = std::move(peer),
                         .connections = connection_text(pool_.at(connections), &names_),
                         .name_space_label = from == nullptr ? "" : from->name_space_text,
                         .pod_label = from == nullptr ? "" : from->pod_text});
    };
    const bool is_exposed = cluster != kNoConnection;
    if (is_exposed && (!focus || holds_focus(cluster))) {
      cluster = focus ? focused : cluster;
      add(std::string(kEntireCluster), cluster, nullptr);
    }
    for (std::uint32_t i = 0; i < representatives_.size(); ++i) {
      ConnectionId allowed = with_representative(direction, workload, i);
      if (focus) {
        if (!holds_focus(allowed)) {
          continue;
        }
        allowed = focused;
      }
      if (is_exposed ? allowed != cluster : allowed != kNoConnection) {
        add(representatives_[i].text, allowed, &representatives_[i]);
      }
    }
    return side;
  }

  Connectivity& connectivity_;
  const Workloads& workloads_;
  ConnectionPool& pool_;
  const PolicySet& set_;
  std::vector<Representative> representatives_;
  NamedPorts names_;
  ConnectionId everything_ = kAllConnections;
  std::vector<std::vector<std::uint32_t>> columns_;             // by rule
  std::vector<std::vector<ConnectionId>> own_rows_[2];          // by representative
  std::map<std::uint32_t, std::vector<ConnectionId>> rows_[2];  // by own class
};

}  // namespace

std::vector<Exposure> find_exposure(Connectivity& connectivity, const Workloads& workloads,
                                    ConnectionPool& pool, const ExposureQuery& query) {
  return Finder(connectivity, workloads, pool).run(query);
}

}  // namespace tally::reachability::netpol_analyzer
