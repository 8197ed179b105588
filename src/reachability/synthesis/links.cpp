#include "reachability/synthesis/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tally::reachability {

std::vector<Unit> units_of(const topology::Topology& topology) {
  std::map<std::tuple<std::uint32_t, std::string_view, std::string_view>, Unit> units;
  const auto endpoints = topology.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    const topology::Endpoint& endpoint = endpoints[i];
    Unit& unit = units[{endpoint.name_space, endpoint.workload_name, endpoint.workload_kind}];
    unit.name_space = endpoint.name_space;
    unit.kind = endpoint.workload_kind;
    unit.name = endpoint.workload_name;
    unit.is_on_host_network = endpoint.is_on_host_network;
    unit.endpoints.push_back(i);
  }
  std::vector<Unit> result;
  result.reserve(units.size());
  for (auto& [key, unit] : units) {
    result.push_back(std::move(unit));
  }
  return result;
}

void Links::add(const Link& link, std::string reason) {
  Reasons& reasons = links[link];
  if (std::ranges::find(reasons, reason) == reasons.end()) {
    reasons.push_back(std::move(reason));
  }
}

Links links_without_reasons(const topology::Topology& topology) {
  Links links;
  links.units = units_of(topology);
  links.unit_of.resize(topology.endpoints().size());
  for (std::uint32_t i = 0; i < links.units.size(); ++i) {
    for (const std::uint32_t endpoint : links.units[i].endpoints) {
      links.unit_of[endpoint] = i;
    }
  }
  return links;
}

const topology::Service* find_service(const topology::Topology& topology,
                                      std::string_view name_space, std::string_view name) {
  for (const topology::Service& service : topology.services()) {
    if (service.name == name && topology.namespaces()[service.name_space].name == name_space) {
      return &service;
    }
  }
  return nullptr;
}

// A headless Service hands out the addresses of its pods: the port is theirs.
std::vector<Target> targets_of(const topology::Topology& topology, const Links& links,
                               const topology::Service& service, std::uint16_t service_port) {
  std::vector<Target> targets;
  if (!service.selector) {
    return targets;
  }
  const auto range = topology.endpoints_in(service.name_space);
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    const topology::Endpoint& endpoint = topology.endpoints()[i];
    if (!service.selector->matches(
            [&endpoint](std::string_view key) { return endpoint.label(key); })) {
      continue;
    }
    for (const topology::ServicePort& port : service.ports) {
      if (service_port != 0 && port.port != service_port) {
        continue;
      }
      Target target{.unit = links.unit_of[i], .protocol = port.protocol, .port = port.target_port};
      if (port.target_name.empty()) {
        targets.push_back(target);
        continue;
      }
      const scalar::PortSet numbers =
          topology::named_ports(endpoint, port.target_name, port.protocol);
      for (const auto& interval : numbers.intervals()) {
        target.port = interval.first;
        targets.push_back(target);
      }
    }
    if (service.is_headless && targets.empty() && service_port != 0) {
      targets.push_back(
          {.unit = links.unit_of[i], .protocol = scalar::Protocol::Tcp, .port = service_port});
    }
  }
  std::ranges::sort(targets);
  const auto repeated = std::ranges::unique(targets);
  targets.erase(repeated.begin(), repeated.end());
  return targets;
}

namespace {

std::string times_text(const flow::Seen& seen, std::string_view source) {
  std::string text = fmt::format("seen {} {}", seen.times, seen.times == 1 ? "time" : "times");
  if (seen.first) {
    const auto first = scalar::timestamp_text(*seen.first);
    text += fmt::format(", first {}", first.text());
  }
  if (seen.last) {
    const auto last = scalar::timestamp_text(*seen.last);
    text += fmt::format(", last {}", last.text());
  }
  return text + fmt::format(" ({}:{})", source, seen.line);
}

}  // namespace

void add_links_of_flows(const flow::FlowSet& flows, std::string_view source, Links& links) {
  const auto end_of = [&](const flow::Place& place) -> std::optional<LinkEnd> {
    switch (place.kind) {
      case flow::Place::Kind::Endpoint:
        return LinkEnd{
            .kind = LinkEnd::Kind::Unit, .unit = links.unit_of[place.index], .block = {}};
      case flow::Place::Kind::Outside:
        return LinkEnd{.kind = LinkEnd::Kind::Block,
                       .unit = 0,
                       .block = scalar::AddressSet(flows.addresses()[place.index])};
      case flow::Place::Kind::Role:
        if (place.role == flow::Role::World) {
          return LinkEnd{.kind = LinkEnd::Kind::Anybody, .unit = 0, .block = {}};
        }
        return std::nullopt;
      case flow::Place::Kind::Stranger:
        return std::nullopt;
    }
    return std::nullopt;
  };
  for (const auto& [seen, times] : flows.connections()) {
    if (seen.verdict == flow::Verdict::Denied) {
      continue;
    }
    const auto from = end_of(seen.source);
    const auto to = end_of(seen.destination);
    const bool has_ports = seen.protocol == scalar::Protocol::Tcp ||
                           seen.protocol == scalar::Protocol::Udp ||
                           seen.protocol == scalar::Protocol::Sctp;
    if (!from || !to || !has_ports) {
      links.notes.push_back(fmt::format(
          "{} -> {} {} {}: {}", flows.to_string(seen.source), flows.to_string(seen.destination),
          scalar::protocol_name(seen.protocol), seen.port,
          !has_ports ? "a NetworkPolicy cannot speak of this protocol"
                     : "a side is no workload of the input and has no address"));
      continue;
    }
    links.add({.source = *from, .destination = *to, .protocol = seen.protocol, .port = seen.port},
              times_text(times, source));
  }
}

}  // namespace tally::reachability
