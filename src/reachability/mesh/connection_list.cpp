#include "reachability/mesh/connection_list.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace tally::reachability::mesh {

using network_policy::kNone;
using scalar::ConnectionSet;

namespace {

// One pod of each kind that some proxy tells apart.
std::vector<Party> parties_of(const Mesh& mesh, const Workload& workload) {
  std::vector<Party> parties;
  std::set<std::uint32_t> known;
  for (const std::uint32_t at : workload.endpoints) {
    if (known.insert(mesh.class_of(at)).second) {
      parties.push_back({.endpoint = at, .addresses = {}});
    }
  }
  return parties;
}

class Lister {
 public:
  Lister(World& world, const Mesh& mesh) : world_(world), mesh_(mesh) {
    for (const Workload& workload : world.workloads()) {
      parties_.push_back(parties_of(mesh, workload));
    }
  }

  std::vector<ConnectionRow> run(const ConnectionFilter& filter) {
    std::vector<ConnectionRow> rows = reachability::list_connections(world_, filter);
    add_waypoint_pairs(filter, rows);
    // By destination: what the mesh says is remembered for one of them.
    std::vector<std::size_t> order(rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(rows[i].destination, i); });
    for (const std::size_t i : order) {
      read(rows[i]);
    }
    std::erase_if(rows, [](const ConnectionRow& row) {
      return row.mesh->allowed.is_empty() && row.mesh->unknown.is_empty();
    });
    std::ranges::sort(rows, [](const ConnectionRow& a, const ConnectionRow& b) {
      return std::tuple(a.source + 1, a.destination + 1, a.outside) <
             std::tuple(b.source + 1, b.destination + 1, b.outside);
    });
    return rows;
  }

 private:
  // Pairs that the network policies keep apart may meet at a waypoint.
  void add_waypoint_pairs(const ConnectionFilter& filter, std::vector<ConnectionRow>& rows) const {
    std::vector<std::uint32_t> behind;
    const auto workloads = world_.workloads();
    for (std::uint32_t i = 0; i < workloads.size(); ++i) {
      if (mesh_.is_behind_waypoint(workloads[i].endpoints.front())) {
        behind.push_back(i);
      }
    }
    if (behind.empty()) {
      return;
    }
    std::set<std::pair<std::uint32_t, std::uint32_t>> known;
    for (const ConnectionRow& row : rows) {
      known.emplace(row.source, row.destination);
    }
    const auto is_wanted = [&](std::uint32_t workload) {
      return filter.workloads.empty() ||
             std::ranges::find(filter.workloads, workload) != filter.workloads.end();
    };
    for (const std::uint32_t destination : behind) {
      for (std::uint32_t source = 0; source < workloads.size(); ++source) {
        const bool is_asked = (is_wanted(source) || is_wanted(destination)) &&
                              (source != destination || filter.with_itself);
        if (is_asked && !known.contains({source, destination})) {
          rows.push_back({.source = source,
                          .destination = destination,
                          .answer = {.allowed = kNone, .unknown = kNone}});
        }
      }
    }
  }

  [[nodiscard]] std::vector<Party> side_of(std::uint32_t workload,
                                           const scalar::AddressSet& outside) const {
    if (workload == kOutside) {
      return {Party{.endpoint = {}, .addresses = outside}};
    }
    return parties_[workload];
  }

  void read(ConnectionRow& row) {
    const NetworkAnswer network{.allowed = world_.analyser().connections().at(row.answer.allowed),
                                .unknown = world_.analyser().connections().at(row.answer.unknown)};
    MeshColumns& columns = row.mesh.emplace();
    bool is_first = true;
    ConnectionSet perhaps;
    for (const Party& source : side_of(row.source, row.outside)) {
      for (const Party& destination : side_of(row.destination, row.outside)) {
        const PairConnections pair =
            connections_between(mesh_, source, destination, network, groups(source, destination));
        perhaps = perhaps.unite(pair.allowed).unite(pair.unknown);
        columns.allowed = is_first ? pair.allowed : columns.allowed.intersect(pair.allowed);
        if (is_first) {
          columns.encryption = encryption_words(pair);
          columns.identity = identity_words(pair);
          columns.requests = request_words(pair);
        }
        is_first = false;
      }
    }
    columns.unknown = perhaps.minus(columns.allowed);
  }

  const std::vector<MeshGroup>& groups(const Party& source, const Party& destination) {
    if (!source.endpoint || !destination.endpoint) {
      outside_ = mesh_groups(mesh_, source, destination);
      return outside_;
    }
    const std::uint32_t to = mesh_.class_of(*destination.endpoint);
    if (to != remembered_) {
      remembered_ = to;
      by_source_.clear();
    }
    const auto [at, is_new] = by_source_.try_emplace(mesh_.source_class_of(*source.endpoint));
    if (is_new) {
      at->second = mesh_groups(mesh_, source, destination);
    }
    return at->second;
  }

  World& world_;
  const Mesh& mesh_;
  std::vector<std::vector<Party>> parties_;  // by workload
  std::uint32_t remembered_ = kOutside;
  std::map<std::uint32_t, std::vector<MeshGroup>> by_source_;
  std::vector<MeshGroup> outside_;
};

}  // namespace

std::vector<ConnectionRow> list_connections(World& world, const Mesh& mesh,
                                            const ConnectionFilter& filter) {
  return Lister(world, mesh).run(filter);
}

std::string classes_to_text(World& world, const Mesh& mesh) {
  using Key = std::pair<network_policy::ClassId, std::set<std::uint32_t>>;
  std::map<Key, std::vector<std::uint32_t>> members;
  const auto workloads = world.workloads();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    std::set<std::uint32_t> classes;
    for (const std::uint32_t at : workloads[i].endpoints) {
      classes.insert(mesh.class_of(at));
    }
    members[{workloads[i].class_id, std::move(classes)}].push_back(i);
  }
  constexpr std::size_t kShownMax = 3;
  std::vector<std::size_t> class_of(workloads.size());
  std::string out;
  std::size_t next = 0;
  for (const auto& [key, list] : members) {
    out.append("class ").append(std::to_string(next)).append(": ");
    for (std::size_t i = 0; i < list.size(); ++i) {
      class_of[list[i]] = next;
      if (i < kShownMax) {
        out.append(i == 0 ? "" : ", ").append(workloads[list[i]].label);
      }
    }
    if (list.size() > kShownMax) {
      out.append(" and ").append(std::to_string(list.size() - kShownMax)).append(" more");
    }
    out += "\n";
    ++next;
  }
  std::set<std::string> lines;
  for (const ConnectionRow& row : list_connections(
           world, mesh, {.workloads = {}, .with_outside = false, .with_itself = true})) {
    std::string line = std::to_string(class_of[row.source]);
    line.append(" -> ").append(std::to_string(class_of[row.destination])).append("  ");
    const MeshColumns& mesh_columns = *row.mesh;
    line += mesh_columns.allowed.to_string();
    if (!mesh_columns.unknown.is_empty()) {
      line.append(", perhaps ").append(mesh_columns.unknown.to_string());
    }
    if (!mesh_columns.requests.empty()) {
      line.append("  (").append(mesh_columns.requests).append(")");
    }
    if (lines.insert(line).second) {
      out.append(line).append("\n");
    }
  }
  return out;
}

}  // namespace tally::reachability::mesh
