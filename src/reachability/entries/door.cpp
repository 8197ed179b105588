#include "reachability/entries/internal/door.hpp"

#include <algorithm>

#include "reachability/entries/internal/unknown_pod.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using network_policy::Direction;
using network_policy::DirectionTable;
using scalar::AddressSet;
using scalar::ConnectionSet;

Doorkeeper::Doorkeeper(const kube::Snapshot& snapshot, World& world) : world_(world) {
  for (const std::uint32_t i : snapshot.by_kind("", "Node")) {
    const document::Node* addresses = netpol_analyzer::field(
        netpol_analyzer::field(&snapshot.objects()[i].root, "status"), "addresses");
    if (addresses == nullptr) {
      continue;
    }
    for (const document::Node& address : addresses->items()) {
      const auto parsed = scalar::IpAddress::parse(netpol_analyzer::text_at(&address, "address"));
      if (parsed) {
        nodes_ = nodes_.unite(AddressSet(*parsed));
      }
    }
  }
  for (const topology::Endpoint& endpoint : world.topology().endpoints()) {
    if (endpoint.node_address && !nodes_.contains(*endpoint.node_address)) {
      nodes_ = nodes_.unite(AddressSet(*endpoint.node_address));
    }
  }
}

// What any of the addresses may use.
Doorkeeper::Answer Doorkeeper::from_clients(network_policy::ClassId id, const AddressSet& sources,
                                            const ConnectionSet& ports) const {
  const network_policy::ConnectionPool& pool = world_.analyser().connections();
  Answer answer;
  for (const auto& [block, judged] : world_.analyser().table(id, Direction::Ingress).outside) {
    const ConnectionSet& allowed = pool.at(judged.allowed);
    const ConnectionSet& unknown = pool.at(judged.unknown);
    if (!block.intersects(sources) || (!allowed.intersects(ports) && !unknown.intersects(ports))) {
      continue;
    }
    answer.allowed = answer.allowed.unite(allowed);
    answer.unknown = answer.unknown.unite(unknown);
    answer.clients = answer.clients.unite(block.intersect(sources));
  }
  answer.unknown = answer.unknown.minus(answer.allowed);
  return answer;
}

// One address of IPv4 that nobody has told: sure is what all addresses may use.
Doorkeeper::Answer Doorkeeper::from_some_address(network_policy::ClassId id) const {
  const network_policy::ConnectionPool& pool = world_.analyser().connections();
  Answer answer{.allowed = ConnectionSet::all(), .unknown = {}, .clients = AddressSet::all()};
  for (const auto& [block, judged] : world_.analyser().table(id, Direction::Ingress).outside) {
    if (!block.v4().is_empty()) {
      answer.allowed = answer.allowed.intersect(pool.at(judged.allowed));
      answer.unknown = answer.unknown.unite(pool.at(judged.allowed)).unite(pool.at(judged.unknown));
    }
  }
  answer.unknown = answer.unknown.minus(answer.allowed);
  return answer;
}

Doorkeeper::Answer Doorkeeper::from_nodes(network_policy::ClassId id) const {
  return nodes_.is_empty() ? from_some_address(id) : from_clients(id, nodes_, ConnectionSet::all());
}

Doorkeeper::Answer Doorkeeper::from_pods(network_policy::ClassId id, const Door& door) {
  const auto [at, is_new] = from_pods_.try_emplace({&door, id});
  Answer& answer = at->second;
  if (!is_new) {
    return answer;
  }
  network_policy::Analyser& analyser = world_.analyser();
  std::vector<network_policy::ClassId> classes;
  for (const std::uint32_t pod : door.pods) {
    classes.push_back(analyser.class_of(pod));
  }
  std::ranges::sort(classes);
  const auto repeated = std::ranges::unique(classes);
  classes.erase(repeated.begin(), repeated.end());
  answer.clients = AddressSet::all();
  for (const network_policy::ClassId source : classes) {
    const network_policy::PooledAnswer judged = analyser.between_classes(source, id);
    answer.allowed = answer.allowed.unite(analyser.connections().at(judged.allowed));
    answer.unknown = answer.unknown.unite(analyser.connections().at(judged.unknown));
  }
  answer.unknown = answer.unknown.minus(answer.allowed);
  return answer;
}

Doorkeeper::Answer Doorkeeper::from_peer(const Door& door, const EntryBackend& backend) {
  const network_policy::ClassId id = world_.workloads()[backend.workload].class_id;
  const auto [at, is_new] =
      remembered_.try_emplace({&door, &world_.analyser().table(id, Direction::Ingress)});
  if (is_new) {
    const network_policy::EndpointPeer own(
        world_.topology(), world_.topology().endpoints()[backend.endpoints.front()]);
    const UnknownPod pod(world_.topology(), door);
    const network_policy::ExternalPeer proxy(AddressSet{},
                                             network_policy::Entity::IngressController);
    const network_policy::Peer& other =
        door.kind == Door::Kind::CiliumNode ? static_cast<const network_policy::Peer&>(proxy) : pod;
    const network_policy::DirectionAnswer judged =
        network_policy::judge_direction(world_.policies(), Direction::Ingress, own, other);
    at->second = {
        .allowed = judged.allowed, .unknown = judged.unknown, .clients = AddressSet::all()};
  }
  return at->second;
}

void Doorkeeper::judge(const Door& door, const AddressSet& sources, EntryBackend& backend) {
  const network_policy::ClassId id = world_.workloads()[backend.workload].class_id;
  Answer answer;
  switch (door.kind) {
    case Door::Kind::Clients:
      answer = from_clients(id, sources, backend.ports);
      backend.missing = "labels or addresses that a policy asks for";
      break;
    case Door::Kind::ClientsOrNodes: {
      // kubernetes.io/docs/concepts/services-networking/network-policies ("it is not defined
      // whether this happens before or after NetworkPolicy processing"): the policies see the
      // client's address or a node's.
      answer = from_clients(id, sources, backend.ports);
      const Answer node = from_nodes(id);
      const ConnectionSet sure = answer.allowed.intersect(node.allowed);
      answer.unknown =
          answer.allowed.unite(answer.unknown).unite(node.allowed).unite(node.unknown).minus(sure);
      answer.allowed = sure;
      if (node.allowed.unite(node.unknown).intersects(backend.ports)) {
        answer.clients = sources;
      }
      backend.missing =
          "whether policies see the client's address or a node's "
          "(externalTrafficPolicy: Cluster)";
      break;
    }
    case Door::Kind::Pods:
      answer = from_pods(id, door);
      backend.missing = "labels or addresses that a policy asks for";
      break;
    case Door::Kind::UnknownAddress:
      answer = from_some_address(id);
      backend.missing = "the addresses of the load balancer";
      break;
    case Door::Kind::UnknownPod:
    case Door::Kind::CiliumNode:
      answer = from_peer(door, backend);
      backend.missing =
          "the pods of the controller and their namespace, which are not in the input";
      break;
  }
  backend.allowed = answer.allowed.intersect(backend.ports);
  backend.unknown = answer.unknown.intersect(backend.ports);
  if (!backend.allowed.is_empty() || !backend.unknown.is_empty()) {
    backend.clients = answer.clients.intersect(sources);
  }
  if (backend.unknown.is_empty()) {
    backend.missing.clear();
  }
}

}  // namespace tally::reachability::entries
