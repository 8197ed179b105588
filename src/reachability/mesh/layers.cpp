#include "reachability/mesh/layers.hpp"

#include <algorithm>

#include "network_policy/pair.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

using authorization::Reach;
using network_policy::EndpointPeer;
using network_policy::ExternalPeer;
using network_policy::Peer;
using network_policy::Verdict;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

namespace {

// A side of a hop, as the network policies see it.
class HopPeer {
 public:
  HopPeer(const Mesh& mesh, const Route& route, Hop::End end, const Party& source,
          const Party& destination) {
    const topology::Topology& topology = mesh.world().topology();
    if (end == Hop::End::Waypoint) {
      endpoint_.emplace(topology, mesh.proxy_of(route.waypoint));
      return;
    }
    const Party& party = end == Hop::End::Source ? source : destination;
    if (party.endpoint) {
      endpoint_.emplace(topology, topology.endpoints()[*party.endpoint]);
    } else {
      external_.emplace(party.addresses);
    }
  }
  [[nodiscard]] const Peer& get() const {
    return endpoint_ ? static_cast<const Peer&>(*endpoint_) : static_cast<const Peer&>(*external_);
  }

 private:
  std::optional<EndpointPeer> endpoint_;
  std::optional<ExternalPeer> external_;
};

Verdict both(Verdict a, Verdict b) {
  if (a == Verdict::Denied || b == Verdict::Denied) {
    return Verdict::Denied;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::Allowed;
}

Verdict judge_hops(const Mesh& mesh, const Route& route, const Party& source,
                   const Party& destination, const Port& port) {
  Verdict verdict = Verdict::Allowed;
  for (const Hop& hop : route.hops) {
    verdict = both(verdict, judge_hop(mesh, route, hop, source, destination, port));
  }
  return verdict;
}

WayAnswer judge_way(const Mesh& mesh, const Route& route, const Party& source,
                    const Party& destination, const Port& port, const HttpRequest* request) {
  WayAnswer way;
  way.mesh = mesh.judge(route, source, destination, port.number, request);
  way.network = judge_hops(mesh, route, source, destination, port);
  way.verdict = both(way.network, way.mesh.verdict);
  return way;
}

// A group's connections on one way.
struct Sets {
  PortSet allowed;
  PortSet unknown;
  std::uint8_t possibility = 0;
};

class PairReader {
 public:
  PairReader(const Mesh& mesh, const Party& source, const Party& destination,
             const NetworkAnswer& network, HopAnswers& hops)
      : mesh_(mesh), source_(source), destination_(destination), network_(network), hops_(hops) {}

  PairConnections read(const std::vector<MeshGroup>& groups) {
    out_.allowed = network_.allowed.minus(ConnectionSet::of(Protocol::Tcp));
    out_.unknown = network_.unknown.minus(ConnectionSet::of(Protocol::Tcp));
    for (const MeshGroup& group : groups) {
      add_group(group);
    }
    return std::move(out_);
  }

 private:
  void add_group(const MeshGroup& group) {
    std::vector<Sets> ways;
    for (const MeshReach& reach : group.ways) {
      ways.push_back(sets_of(reach, group.ports));
    }
    const Sets merged = merge(ways);
    out_.allowed.add(Protocol::Tcp, merged.allowed);
    out_.unknown.add(Protocol::Tcp, merged.unknown);
    PortSet named = merged.allowed.unite(merged.unknown);
    if (named.is_empty()) {
      return;
    }
    // The way that lets most through says how.
    std::size_t best = 0;
    for (std::size_t i = 1; i < ways.size(); ++i) {
      if (ways[best].allowed.is_empty() && !ways[i].allowed.is_empty()) {
        best = i;
      }
    }
    MeshReach reach = group.ways[best];
    if (ways.back().possibility > 0) {
      reach.route.encryption = Encryption::Unknown;
      reach.route.identity.clear();
      if (!merged.unknown.is_empty()) {
        const auto facts = mesh_.open_facts(source_, destination_);
        reach.missing.insert(reach.missing.begin(), facts.begin(), facts.end());
      }
    }
    out_.groups.push_back({.ports = std::move(named), .reach = std::move(reach)});
  }

  Sets sets_of(const MeshReach& reach, const PortSet& ports) {
    const Route& route = reach.route;
    Sets sets;
    sets.possibility = route.possibility;
    if (reach.kind == Reach::Kind::Never) {
      return sets;
    }
    sets.allowed = ports;
    for (const Hop& hop : route.hops) {
      const bool is_pair = hop.from == Hop::End::Source && hop.to == Hop::End::Destination;
      PortSet allowed = ports;
      PortSet unknown;
      if (is_pair && hop.port == 0) {
        allowed = ports.intersect(network_.allowed.ports(Protocol::Tcp));
        unknown = ports.intersect(network_.unknown.ports(Protocol::Tcp));
      } else if (is_pair) {
        const bool is_allowed = network_.allowed.contains(Protocol::Tcp, hop.port);
        unknown =
            !is_allowed && network_.unknown.contains(Protocol::Tcp, hop.port) ? ports : PortSet();
        allowed = is_allowed ? ports : PortSet();
      } else {
        std::tie(allowed, unknown) = hop_sets(route, hop, ports);
      }
      sets.unknown =
          sets.unknown.intersect(allowed.unite(unknown)).unite(sets.allowed.intersect(unknown));
      sets.allowed = sets.allowed.intersect(allowed);
    }
    if (reach.kind == Reach::Kind::Unknown) {
      sets.unknown = sets.unknown.unite(sets.allowed);
      sets.allowed = {};
    }
    return sets;
  }

  // To or from a waypoint.
  std::pair<PortSet, PortSet> hop_sets(const Route& route, const Hop& hop, const PortSet& ports) {
    const HopAnswers::Ports answer = ports_of_hop(route, hop);
    if (hop.port == 0) {
      return {ports.intersect(answer.allowed), ports.intersect(answer.unknown)};
    }
    return {answer.allowed.contains(hop.port) ? ports : PortSet(),
            answer.unknown.contains(hop.port) ? ports : PortSet()};
  }

  HopAnswers::Ports ports_of_hop(const Route& route, const Hop& hop) {
    const auto ask = [&]() -> HopAnswers::Ports {
      const HopPeer from(mesh_, route, hop.from, source_, destination_);
      const HopPeer to(mesh_, route, hop.to, source_, destination_);
      const network_policy::PairAnswer answer =
          network_policy::connections_between(mesh_.world().policies(), from.get(), to.get());
      return {.allowed = answer.allowed.ports(Protocol::Tcp),
              .unknown = answer.unknown.ports(Protocol::Tcp)};
    };
    const auto from = key_of(route, hop.from);
    const auto to = key_of(route, hop.to);
    if (!from || !to) {
      return ask();
    }
    const auto [at, is_new] = hops_.known.try_emplace({*from, *to});
    if (is_new) {
      at->second = ask();
    }
    return at->second;
  }

  // Nothing: addresses outside.
  [[nodiscard]] std::optional<HopAnswers::Peer> key_of(const Route& route, Hop::End end) const {
    if (end == Hop::End::Waypoint) {
      return HopAnswers::Peer(0, &mesh_.proxy_of(route.waypoint));
    }
    const Party& party = end == Hop::End::Source ? source_ : destination_;
    return party.endpoint ? std::optional(HopAnswers::Peer(
                                mesh_.world().analyser().class_of(*party.endpoint), nullptr))
                          : std::nullopt;
  }

  // Of ways that a client may choose all count; of possibilities what they have in common.
  static Sets merge(const std::vector<Sets>& ways) {
    Sets merged;
    PortSet perhaps;
    for (std::size_t i = 0; i < ways.size();) {
      Sets one;
      const std::uint8_t possibility = ways[i].possibility;
      const bool is_first = i == 0;
      for (; i < ways.size() && ways[i].possibility == possibility; ++i) {
        one.allowed = one.allowed.unite(ways[i].allowed);
        one.unknown = one.unknown.unite(ways[i].unknown);
      }
      merged.allowed = is_first ? one.allowed : merged.allowed.intersect(one.allowed);
      perhaps = perhaps.unite(one.allowed).unite(one.unknown);
    }
    merged.unknown = perhaps.minus(merged.allowed);
    return merged;
  }

  const Mesh& mesh_;
  const Party& source_;
  const Party& destination_;
  const NetworkAnswer& network_;
  HopAnswers& hops_;
  PairConnections out_;
};

// What is said of groups of ports: without the ports, if it is the same of all.
std::string words_of(const PairConnections& pair, const auto& text_of) {
  std::vector<std::pair<std::string, PortSet>> texts;
  const auto is_own = [](const PortGroup& group) {
    return group.reach.route.server == DataPlane::None && is_own_of_sidecar(group.ports);
  };
  const bool is_all_own = std::ranges::all_of(pair.groups, is_own);
  for (const PortGroup& group : pair.groups) {
    if (is_own(group) && !is_all_own) {
      continue;
    }
    std::string text = text_of(group);
    const auto known =
        std::ranges::find(texts, text, [](const auto& entry) { return entry.first; });
    if (known == texts.end()) {
      texts.emplace_back(std::move(text), group.ports);
    } else {
      known->second = known->second.unite(group.ports);
    }
  }
  if (texts.size() == 1) {
    return std::move(texts.front().first);
  }
  std::string out;
  for (const auto& [text, ports] : texts) {
    if (!text.empty()) {
      out.append(out.empty() ? "" : "; ");
      out.append(ConnectionSet::of(Protocol::Tcp, ports).to_string()).append(": ").append(text);
    }
  }
  return out;
}

}  // namespace

Verdict judge_hop(const Mesh& mesh, const Route& route, const Hop& hop, const Party& source,
                  const Party& destination, const Port& port) {
  const HopPeer from(mesh, route, hop.from, source, destination);
  const HopPeer to(mesh, route, hop.to, source, destination);
  return network_policy::judge(mesh.world().policies(),
                               {.source = &from.get(),
                                .destination = &to.get(),
                                .protocol = port.protocol,
                                .port = hop.port == 0 ? port.number : hop.port});
}

LayeredAnswer judge_layers(const Mesh& mesh, const Party& source, const Party& destination,
                           const Port& port, const HttpRequest* request) {
  LayeredAnswer out;
  if (port.protocol != Protocol::Tcp) {
    out.way.mesh.route.hops.push_back({});
    out.way.mesh.reason = "Proxies take TCP only.";
    out.way.network = judge_hops(mesh, out.way.mesh.route, source, destination, port);
    out.way.verdict = out.way.network;
    out.verdict = out.way.network;
    return out;
  }
  std::vector<WayAnswer> ways;
  std::vector<Outcome> outcomes;
  for (const Route& route : mesh.routes(source, destination, port.number)) {
    ways.push_back(judge_way(mesh, route, source, destination, port, request));
    outcomes.push_back({ways.back().verdict, route.possibility});
  }
  const Merged merged = merge_outcomes(outcomes);
  out.verdict = merged.verdict;
  out.way = std::move(ways[merged.decisive]);
  if (out.verdict == Verdict::Unknown) {
    if (merged.is_open) {
      out.missing = mesh.open_facts(source, destination);
    }
    out.missing.insert(out.missing.end(), out.way.mesh.missing.begin(), out.way.mesh.missing.end());
    if (out.way.network == Verdict::Unknown) {
      out.missing.emplace_back("what the network policies are not sure of");
    }
  }
  if (out.verdict != Verdict::Allowed) {
    if (const auto route = mesh.bypass(source, destination, port.number)) {
      WayAnswer way = judge_way(mesh, *route, source, destination, port, request);
      if (way.verdict == Verdict::Allowed) {
        out.bypass = std::move(way);
      }
    }
  }
  return out;
}

std::vector<MeshGroup> mesh_groups(const Mesh& mesh, const Party& source,
                                   const Party& destination) {
  std::vector<std::uint16_t> ports;
  const auto add_ports = [&](const std::vector<std::uint16_t>& own) {
    ports.insert(ports.end(), own.begin(), own.end());
  };
  const std::vector<std::uint16_t> excepted =
      source.endpoint ? intercepted_ports(mesh.world().topology().endpoints()[*source.endpoint])
                      : std::vector<std::uint16_t>{};
  add_ports(excepted);
  add_ports(destination.endpoint ? mesh.ports_of(*destination.endpoint) : mesh.outside_ports());
  std::ranges::sort(ports);
  ports.erase(std::ranges::unique(ports).begin(), ports.end());
  std::vector<MeshGroup> groups;
  PortSet rest(scalar::kPortMin, scalar::kPortMax);
  const auto add = [&](const PortSet& members, std::uint16_t port) {
    MeshGroup& group = groups.emplace_back();
    group.ports = members;
    for (const Route& route : mesh.routes(source, destination, port)) {
      group.ways.push_back(mesh.reach(route, source, destination, port));
    }
  };
  // A sidecar's own ports are alike, unless somebody made a Service of one or excepts it.
  const bool has_sidecar =
      destination.endpoint && mesh.data_plane_of(*destination.endpoint) == DataPlane::Sidecar;
  PortSet alike;
  for (const std::uint16_t port : ports) {
    rest = rest.minus(PortSet(port, port));
    const bool is_plain = has_sidecar && is_own_of_sidecar(PortSet(port, port)) &&
                          !mesh.has_service(*destination.endpoint, port) &&
                          std::ranges::find(excepted, port) == excepted.end();
    if (is_plain) {
      alike.add(port, port);
    } else {
      add(PortSet(port, port), port);
    }
  }
  if (!alike.is_empty()) {
    add(alike, alike.intervals().front().first);
  }
  if (!rest.is_empty()) {
    add(rest, rest.intervals().front().first);
  }
  return groups;
}

PairConnections connections_between(const Mesh& mesh, const Party& source, const Party& destination,
                                    const NetworkAnswer& network) {
  HopAnswers hops;
  return connections_between(mesh, source, destination, network,
                             mesh_groups(mesh, source, destination), hops);
}

PairConnections connections_between(const Mesh& mesh, const Party& source, const Party& destination,
                                    const NetworkAnswer& network,
                                    const std::vector<MeshGroup>& groups, HopAnswers& hops) {
  return PairReader(mesh, source, destination, network, hops).read(groups);
}

std::string encryption_words(const PairConnections& pair) {
  return words_of(pair, [](const PortGroup& group) {
    return std::string(to_text(group.reach.route.encryption));
  });
}

std::string identity_words(const PairConnections& pair) {
  return words_of(pair, [](const PortGroup& group) { return group.reach.route.identity; });
}

std::string request_words(const PairConnections& pair) {
  return words_of(pair, [](const PortGroup& group) {
    return group.reach.kind == Reach::Kind::Http ? to_words(group.reach) : std::string();
  });
}

}  // namespace tally::reachability::mesh
