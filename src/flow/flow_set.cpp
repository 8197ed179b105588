#include "flow/flow_set.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tally::flow {
namespace {

std::string key_of(std::string_view name_space, std::string_view name) {
  return std::string(name_space).append("/").append(name);
}

bool is_before(const scalar::TimestampParts& a, const scalar::TimestampParts& b) {
  return std::tie(a.seconds, a.nanoseconds) < std::tie(b.seconds, b.nanoseconds);
}

// A controller's pods are named after it, with up to two parts behind ("-5d4f8c7b9-x2x9k", "-0").
constexpr int kSuffixesMax = 3;

}  // namespace

FlowSet::FlowSet(const topology::Topology& topology, std::size_t connections_max)
    : topology_(topology), connections_max_(connections_max) {
  const auto endpoints = topology.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    const topology::Endpoint& endpoint = endpoints[i];
    const std::string_view name_space = topology.name_space_of(endpoint).name;
    by_name_.try_emplace(key_of(name_space, endpoint.name), i);
    for (const scalar::IpAddress& address : endpoint.addresses) {
      // A pod on its node's network shares the address with others.
      if (!endpoint.is_on_host_network) {
        by_address_.try_emplace(address.to_string(), i);
      }
    }
  }
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    by_name_.try_emplace(
        key_of(topology.name_space_of(endpoints[i]).name, endpoints[i].workload_name), i);
  }
}

std::optional<std::uint32_t> FlowSet::find_pod(const Party& party) const {
  const auto find = [&](std::string_view name) -> std::optional<std::uint32_t> {
    const auto at = by_name_.find(key_of(party.name_space, name));
    return at == by_name_.end() ? std::nullopt : std::optional(at->second);
  };
  if (!party.name_space.empty()) {
    if (!party.pod.empty()) {
      if (const auto found = find(party.pod)) {
        return found;
      }
    }
    if (!party.workload.empty()) {
      if (const auto found = find(party.workload)) {
        return found;
      }
    }
    std::string_view name = party.pod;
    for (int i = 0; i < kSuffixesMax && name.contains('-'); ++i) {
      name = name.substr(0, name.rfind('-'));
      if (const auto found = find(name)) {
        return found;
      }
    }
    return find_by_labels(party);
  }
  if (party.workload.empty()) {
    return std::nullopt;
  }
  // A name without a namespace: if one namespace has it.
  std::optional<std::uint32_t> only;
  for (const topology::Namespace& name_space : topology_.namespaces()) {
    const auto at = by_name_.find(key_of(name_space.name, party.workload));
    if (at != by_name_.end()) {
      if (only) {
        return std::nullopt;
      }
      only = at->second;
    }
  }
  return only;
}

// The only workload of the namespace whose pods carry labels all of which the flow names.
std::optional<std::uint32_t> FlowSet::find_by_labels(const Party& party) const {
  const auto name_space = topology_.find_namespace(party.name_space);
  if (!name_space || party.labels.empty()) {
    return std::nullopt;
  }
  std::optional<std::uint32_t> only;
  const auto range = topology_.endpoints_in(*name_space);
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    const topology::Endpoint& endpoint = topology_.endpoints()[i];
    bool is_it = endpoint.labels.size() > 0;
    for (const document::Member member : endpoint.labels.members()) {
      is_it = is_it && std::ranges::find(party.labels, Label(member.key, member.value.text())) !=
                           party.labels.end();
    }
    if (!is_it) {
      continue;
    }
    if (only && topology_.endpoints()[*only].workload_name != endpoint.workload_name) {
      return std::nullopt;
    }
    only = only.value_or(i);
  }
  return only;
}

Place FlowSet::stranger(const Party& party) {
  const std::string_view name = party.workload.empty() ? party.pod : party.workload;
  const auto next = static_cast<std::uint32_t>(strangers_.size());
  const auto [at, is_new] = strangers_by_name_.try_emplace(key_of(party.name_space, name), next);
  if (is_new) {
    Stranger stranger{
        .name_space = std::string(party.name_space), .name = std::string(name), .labels = {}};
    if (!party.labels.empty()) {
      std::vector<document::Node> values;
      std::vector<std::string_view> keys;
      for (const auto& [key, value] : party.labels) {
        if (std::ranges::find(keys, key) == keys.end()) {
          keys.push_back(arena_.copy(key));
          values.push_back(document::Node::make_string(arena_.copy(value), 0));
        }
      }
      stranger.labels = document::Node::make_object(arena_, values, keys, "", 0);
    }
    strangers_.push_back(std::move(stranger));
  }
  return {.kind = Place::Kind::Stranger, .role = Role::Pod, .index = at->second};
}

Place FlowSet::resolve(const Party& party) {
  if (const auto pod = find_pod(party)) {
    return {.kind = Place::Kind::Endpoint, .role = Role::Pod, .index = *pod};
  }
  const bool is_named = !party.pod.empty() || !party.workload.empty();
  if (party.address && !is_named) {
    const std::string text = party.address->to_string();
    if (const auto pod = by_address_.find(text); pod != by_address_.end()) {
      return {.kind = Place::Kind::Endpoint, .role = Role::Pod, .index = pod->second};
    }
    if (party.role == Role::Unknown || party.role == Role::World) {
      const auto next = static_cast<std::uint32_t>(addresses_.size());
      const auto [at, is_new] = address_positions_.try_emplace(text, next);
      if (is_new) {
        addresses_.push_back(*party.address);
      }
      return {.kind = Place::Kind::Outside, .role = Role::World, .index = at->second};
    }
  }
  if (is_named) {
    return stranger(party);
  }
  return {.kind = Place::Kind::Role, .role = party.role, .index = 0};
}

void FlowSet::add(const Flow& flow) {
  if (connections_.size() >= connections_max_) {
    left_out_ += flow.count;
    return;
  }
  const Connection connection{.source = resolve(flow.source),
                              .destination = resolve(flow.destination),
                              .protocol = flow.protocol,
                              .port = flow.port,
                              .verdict = flow.verdict};
  const auto is_unresolved = [](const Place& place) {
    return place.kind == Place::Kind::Stranger ||
           (place.kind == Place::Kind::Role && place.role == Role::Unknown);
  };
  if (is_unresolved(connection.source) || is_unresolved(connection.destination)) {
    unresolved_ += flow.count;
  }
  Seen& seen = connections_[connection];
  if (seen.times == 0) {
    seen.line = flow.line;
  }
  seen.times += flow.count;
  if (flow.time) {
    if (!seen.first || is_before(*flow.time, *seen.first)) {
      seen.first = flow.time;
    }
    if (!seen.last || is_before(*seen.last, *flow.time)) {
      seen.last = flow.time;
    }
  }
}

std::string FlowSet::to_string(const Place& place) const {
  switch (place.kind) {
    case Place::Kind::Endpoint: {
      const topology::Endpoint& endpoint = topology_.endpoints()[place.index];
      return key_of(topology_.name_space_of(endpoint).name, endpoint.workload_name);
    }
    case Place::Kind::Stranger: {
      const Stranger& one = strangers_[place.index];
      return key_of(one.name_space, one.name) + " (not in the input)";
    }
    case Place::Kind::Outside:
      return addresses_[place.index].to_string();
    case Place::Kind::Role:
      return std::string(to_text(place.role));
  }
  return {};
}

}  // namespace tally::flow
