#include "reachability/mesh/entry_answers.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reachability/mesh/layers.hpp"

namespace tally::reachability::mesh {

using network_policy::Verdict;
using scalar::ConnectionSet;

namespace {

bool is_of_clients(EntryKind kind) {
  return kind == EntryKind::NodePort || kind == EntryKind::LoadBalancer ||
         kind == EntryKind::ExternalIp;
}

// A proxy of the mesh itself, whatever stands before its pods.
bool is_proxy(EntryKind kind) {
  return kind == EntryKind::IstioGateway || kind == EntryKind::GatewayApi;
}

class Asker {
 public:
  Asker(JoinedAnswers& answers, const EntryList& entries)
      : answers_(answers), world_(answers.world()), mesh_(*answers.mesh()), entries_(entries) {
    workload_of_.resize(world_.topology().endpoints().size());
    for (std::uint32_t i = 0; i < world_.workloads().size(); ++i) {
      for (const std::uint32_t at : world_.workloads()[i].endpoints) {
        workload_of_[at] = i;
      }
    }
  }

  void ask(const Entry& entry, EntryBackend& backend) {
    const ConnectionSet before = backend.allowed.unite(backend.unknown);
    if (before.is_empty()) {
      return;
    }
    const bool is_of_pods = entry.door.has_value();
    Passing passing = is_of_pods ? from_pods(entry, backend) : from_outside(backend);
    const bool is_guess =
        is_of_pods ? is_proxy(entry.kind) && !has_proxy(entry) : !is_of_clients(entry.kind);
    if (is_guess) {
      // Somebody with an identity may come in where nobody without one does.
      passing.unknown = before.minus(passing.allowed);
    }
    backend.allowed = backend.allowed.intersect(passing.allowed);
    const ConnectionSet perhaps =
        before.intersect(passing.allowed.unite(passing.unknown)).minus(backend.allowed);
    if (!perhaps.is_empty() && perhaps != backend.unknown) {
      backend.missing = is_guess ? "whether the controller is in the mesh, and its identity there"
                                 : "what the mesh is not sure of";
    }
    backend.unknown = perhaps;
    if (backend.unknown.is_empty()) {
      backend.missing.clear();
    }
    if (backend.reach() == Verdict::Denied) {
      backend.clients = {};
      backend.denied_by = reason(entry, backend, before);
    }
  }

 private:
  struct Passing {
    ConnectionSet allowed{};
    ConnectionSet unknown{};
  };

  [[nodiscard]] const std::vector<std::uint32_t>& pods_of(const Entry& entry) const {
    return entries_.doors[*entry.door];
  }

  [[nodiscard]] bool has_proxy(const Entry& entry) const {
    return std::ranges::all_of(pods_of(entry), [&](std::uint32_t pod) {
      return mesh_.data_plane_of(pod) == DataPlane::Sidecar;
    });
  }

  // What one of them may use.
  Passing from_pods(const Entry& entry, const EntryBackend& backend) {
    Passing passing;
    for (const std::uint32_t pod : pods_of(entry)) {
      const auto columns = answers_.between(workload_of_[pod], backend.workload);
      passing.allowed = passing.allowed.unite(columns->allowed);
      passing.unknown = passing.unknown.unite(columns->unknown);
    }
    passing.unknown = passing.unknown.minus(passing.allowed);
    return passing;
  }

  Passing from_outside(const EntryBackend& backend) {
    const Party client{.endpoint = {}, .addresses = backend.clients};
    Passing passing;
    for (const std::uint32_t endpoint : backend.endpoints) {
      const Party own{.endpoint = endpoint};
      std::vector<MeshGroup>& groups = groups_[{mesh_.class_of(endpoint), backend.clients}];
      if (groups.empty()) {
        groups = mesh_groups(mesh_, client, own);
      }
      const PairConnections pair = connections_between(
          mesh_, client, own, {.allowed = backend.allowed, .unknown = backend.unknown}, groups,
          hops_);
      passing.allowed = passing.allowed.unite(pair.allowed);
      passing.unknown = passing.unknown.unite(pair.unknown);
    }
    passing.unknown = passing.unknown.minus(passing.allowed);
    return passing;
  }

  // Of the first port that network policies let in.
  [[nodiscard]] std::string reason(const Entry& entry, const EntryBackend& backend,
                                   const ConnectionSet& before) const {
    const auto ports = before.ports(scalar::Protocol::Tcp).intervals();
    if (ports.empty()) {
      return "the mesh";
    }
    const Party source = entry.door && !pods_of(entry).empty()
                             ? Party{.endpoint = pods_of(entry).front()}
                             : Party{.endpoint = {}, .addresses = scalar::AddressSet::all()};
    return mesh_
        .judge(source, {.endpoint = backend.endpoints.front()}, {.number = ports.front().first})
        .reason;
  }

  JoinedAnswers& answers_;
  const World& world_;
  const Mesh& mesh_;
  const EntryList& entries_;
  std::vector<std::uint32_t> workload_of_;  // by endpoint
  std::map<std::pair<std::uint32_t, scalar::AddressSet>, std::vector<MeshGroup>> groups_;
  HopAnswers hops_;
};

}  // namespace

void ask_mesh(JoinedAnswers& answers, EntryList& entries) {
  if (answers.mesh() == nullptr || !answers.mesh()->is_present()) {
    return;
  }
  Asker asker(answers, entries);
  for (Entry& entry : entries.entries) {
    for (EntryBackend& backend : entry.backends) {
      asker.ask(entry, backend);
    }
  }
}

}  // namespace tally::reachability::mesh
