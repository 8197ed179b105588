#include "reachability/map/internal/pair_reader.hpp"

#include <span>
#include <utility>

#include "reachability/map/internal/json_text.hpp"

namespace tally::reachability {

using network_policy::kNone;
using network_policy::PooledAnswer;
using scalar::ConnectionSet;

PairText PairReader::read(const PairEnd& source, const PairEnd& destination,
                          const PooledAnswer& network, bool with_reasons) {
  const auto& pool = world_.analyser().connections();
  PairText pair{.allowed = texts_.number(pool.at(network.allowed).to_string()),
                .unknown = texts_.number(pool.at(network.unknown).to_string())};
  if (with_reasons) {
    const Explanation why = explain(world_, side_of(source), side_of(destination), std::nullopt);
    pair.egress = reason(why.egress);
    pair.ingress = reason(why.ingress);
  }
  if (mesh_ != nullptr) {
    read_mesh(source, destination, network, pair);
  }
  return pair;
}

namespace {

// Ports of the proxy itself, which it does not intercept (istio.io/latest/docs/ops/deployment/
// application-requirements).
const scalar::PortSet& ports_of_proxy() {
  static const scalar::PortSet kPorts = scalar::PortSet(15020, 15021).unite({15090, 15090});
  return kPorts;
}

// The TCP ports that matter: those that the destination names, or all but the proxy's own.
scalar::PortSet ports_that_matter(const ConnectionSet& connections,
                                  std::span<const topology::ContainerPort> named) {
  const scalar::PortSet& passing = connections.ports(scalar::Protocol::Tcp);
  scalar::PortSet wanted;
  for (const topology::ContainerPort& port : named) {
    if (port.protocol == scalar::Protocol::Tcp) {
      wanted.add(port.port, port.port);
    }
  }
  return wanted.intersects(passing) ? wanted.intersect(passing) : passing.minus(ports_of_proxy());
}

// 2: everything, 1: a part, 0: nothing.
std::size_t share_of(const scalar::PortSet& part, const scalar::PortSet& whole) {
  return part.intersect(whole) == whole ? 2 : part.intersects(whole) ? 1 : 0;
}

scalar::PortSet encrypted_ports(const mesh::PairConnections& pair) {
  scalar::PortSet encrypted;
  for (const mesh::PortGroup& group : pair.groups) {
    const mesh::Encryption encryption = group.reach.route.encryption;
    if (encryption == mesh::Encryption::MutualTls || encryption == mesh::Encryption::Hbone) {
      encrypted = encrypted.unite(group.ports);
    }
  }
  return encrypted;
}

// ", through waypoint shop/waypoint": of the first that is passed.
std::string waypoint_words(const mesh::PairConnections& pair) {
  for (const mesh::PortGroup& group : pair.groups) {
    const mesh::WaypointUse& use = group.reach.route.waypoint;
    if (use.state == mesh::WaypointUse::State::Used) {
      return ", through waypoint " + std::string(use.name_space) + "/" + std::string(use.name);
    }
  }
  return {};
}

}  // namespace

Side PairReader::side_of(const PairEnd& end) const {
  if (!end.workload) {
    const scalar::IpAddress address = end.addresses.cidrs().front().address;
    return {.addresses = scalar::AddressSet(address), .label = address.to_string()};
  }
  return {.workload = *end.workload, .label = world_.workloads()[*end.workload].label};
}

std::uint32_t PairReader::reason(const SideExplanation& side) {
  JsonText text;
  text.open().number(side.is_governed ? 1 : 0).number(texts_.number(side.allowed.to_string()));
  for (const Step& step : side.steps) {
    text.open()
        .number(texts_.number(step.title))
        .number(texts_.number(step.place))
        .number(texts_.number(step.rule))
        .number(texts_.number((step.is_sure ? "" : "perhaps ") + step.what))
        .number(texts_.number(step.connections.to_string()))
        .close();
  }
  return reasons_.number(text.close().take());
}

mesh::Party PairReader::party_of(const PairEnd& end, bool is_second) const {
  if (!end.workload) {
    return {.addresses = end.addresses};
  }
  const auto& endpoints = world_.workloads()[*end.workload].endpoints;
  return {.endpoint = endpoints[is_second && endpoints.size() > 1 ? 1 : 0]};
}

void PairReader::read_mesh(const PairEnd& source, const PairEnd& destination,
                           const PooledAnswer& network, PairText& into) {
  const auto& pool = world_.analyser().connections();
  const mesh::Party from = party_of(source, false);
  const mesh::Party to = party_of(destination, source.workload == destination.workload);
  const mesh::PairConnections pair = mesh::connections_between(
      *mesh_, from, to, {.allowed = pool.at(network.allowed), .unknown = pool.at(network.unknown)});
  into.allowed = texts_.number(pair.allowed.to_string());
  into.unknown = texts_.number(pair.unknown.to_string());
  const auto named = to.endpoint ? world_.topology().endpoints()[*to.endpoint].ports
                                 : std::span<const topology::ContainerPort>();
  const ConnectionSet before = pool.at(network.allowed).unite(pool.at(network.unknown));
  const ConnectionSet after = pair.allowed.unite(pair.unknown);
  const scalar::PortSet wanted = ports_that_matter(before, named);
  const scalar::PortSet served = ports_that_matter(after, named);
  JsonText text;
  text.open()
      .number(served.is_empty() ? 0 : share_of(encrypted_ports(pair), served))
      .number(share_of(after.ports(scalar::Protocol::Tcp), wanted))
      .number(texts_.number(mesh::encryption_words(pair) + waypoint_words(pair)))
      .number(texts_.number(mesh::identity_words(pair)))
      .number(texts_.number(mesh::request_words(pair)));
  const ConnectionSet lost = before.minus(after);
  const auto intervals = lost.ports(scalar::Protocol::Tcp).intervals();
  if (!intervals.empty() && to.endpoint) {
    // A port that the destination listens on says more than the first of all.
    std::uint16_t number = intervals.front().first;
    for (const topology::ContainerPort& port : named) {
      if (port.protocol == scalar::Protocol::Tcp &&
          lost.contains(scalar::Protocol::Tcp, port.port)) {
        number = port.port;
        break;
      }
    }
    const mesh::MeshAnswer why = mesh_->judge(from, to, {.number = number});
    text.number(texts_.number("TCP " + std::to_string(number)))
        .number(texts_.number(why.reason))
        .number(texts_.number(why.decided_by.title))
        .number(texts_.number(why.decided_by.place))
        .number(texts_.number(why.decided_by.rule))
        .number(texts_.number(why.remedy));
  }
  into.mesh = meshes_.number(text.close().take());
}

}  // namespace tally::reachability
