#include <algorithm>
#include <map>

#include "authorization/inspect.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

using document::Node;

namespace {

authorization::Loaded load(const kube::Snapshot& snapshot, const MeshOptions& options) {
  if (options.trust_domain.empty()) {
    return authorization::PolicySet::load(snapshot);
  }
  std::vector<authorization::Problem> problems;
  authorization::MeshSettings settings = authorization::read_mesh_settings(snapshot, problems);
  settings.trust_domain = options.trust_domain;
  authorization::Loaded loaded = authorization::PolicySet::load(snapshot, std::move(settings));
  loaded.problems.insert(loaded.problems.begin(), problems.begin(), problems.end());
  return loaded;
}

// Endpoints of one namespace by one of their labels.
using Postings =
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::uint32_t>>;

Postings post(const topology::Topology& topology, std::uint32_t name_space) {
  Postings postings;
  const auto range = topology.endpoints_in(name_space);
  for (std::uint32_t at = range.begin; at < range.end; ++at) {
    for (const document::Member label : topology.endpoints()[at].labels.members()) {
      postings[{label.key, label.value.text()}].push_back(at);
    }
  }
  return postings;
}

// By endpoint: positions of the Services that select it, ascending.
std::vector<std::vector<std::uint32_t>> select(const topology::Topology& topology) {
  std::vector<std::vector<std::uint32_t>> by_endpoint(topology.endpoints().size());
  std::map<std::uint32_t, Postings> by_namespace;
  const auto services = topology.services();
  for (std::uint32_t i = 0; i < services.size(); ++i) {
    if (!services[i].selector || services[i].selector->is_empty()) {
      continue;
    }
    const auto [known, is_new] = by_namespace.try_emplace(services[i].name_space);
    if (is_new) {
      known->second = post(topology, services[i].name_space);
    }
    // Selectors of Services are equations.
    const scalar::LabelRequirement& first = services[i].selector->requirements().front();
    const auto posted = known->second.find({first.key, first.values.front()});
    if (posted == known->second.end()) {
      continue;
    }
    for (const std::uint32_t at : posted->second) {
      const topology::Endpoint& endpoint = topology.endpoints()[at];
      if (services[i].selector->matches(
              [&](std::string_view key) { return endpoint.label(key); })) {
        by_endpoint[at].push_back(i);
      }
    }
  }
  return by_endpoint;
}

// What a proxy, or a rule of the mesh, can see of an endpoint; of the side of a client, and of
// both.
struct Keys {
  std::string source;
  std::string both;
};

Keys keys_of(const MeshTable& table, std::uint32_t at, bool with_addresses, bool with_labels) {
  const topology::Endpoint& endpoint = table.endpoint(at);
  Keys keys;
  keys.source = to_text(table.enrolments[at].plane);
  keys.source.append("|").append(table.enrolments[at].reason);
  keys.source += table.enrolments[at].is_shared ? "|shared" : "|";
  keys.source.append("|").append(table.topology().name_space_of(endpoint).name);
  keys.source.append("|").append(table.principals[at]).append("|");
  keys.source += interception_text(endpoint);
  if (with_addresses) {
    for (const scalar::IpAddress& address : endpoint.addresses) {
      keys.source.append("|").append(address.to_string());
    }
  }
  std::map<std::string_view, std::string_view> labels;
  for (const document::Member label : endpoint.labels.members()) {
    // What marks one pod of a controller only is no label for a policy.
    if (label.key != "pod-template-hash" && label.key != "controller-revision-hash" &&
        label.key != "statefulset.kubernetes.io/pod-name" &&
        label.key != "apps.kubernetes.io/pod-index") {
      labels.emplace(label.key, label.value.text());
    }
  }
  std::string rest;
  for (const auto& [name, value] : labels) {
    rest.append("|").append(name).append("=").append(value);
  }
  if (with_labels) {
    keys.source += rest;
  }
  for (const std::uint32_t service : table.services[at]) {
    rest.append("|").append(std::to_string(service));
  }
  for (const topology::ContainerPort& port : endpoint.ports) {
    rest.append("|").append(port.name).append(":").append(std::to_string(port.port));
  }
  keys.both = keys.source + rest;
  return keys;
}

}  // namespace

MeshTable::MeshTable(const kube::Snapshot& of_snapshot, const World& of_world,
                     const MeshOptions& options)
    : snapshot(&of_snapshot),
      world(&of_world),
      loaded(load(of_snapshot, options)),
      waypoints(of_snapshot, of_world.topology()),
      client_settings(of_snapshot, of_world.topology(), loaded.set.settings()),
      services(of_world.topology().endpoints().size()),
      classes(of_world.topology().endpoints().size()),
      source_classes(of_world.topology().endpoints().size()),
      texts(std::make_unique<Arena>()) {
  const bool speaks = std::ranges::any_of(of_snapshot.objects(), speaks_of_istio);
  is_present = options.mode != MeshMode::None && (speaks || options.mode != MeshMode::Auto);
  add_proxies(*this);
  const EnrolmentOptions enrolment{.mode = options.mode, .has_mesh = speaks};
  for (const topology::Endpoint& one : topology().endpoints()) {
    const topology::Namespace& name_space = topology().name_space_of(one);
    enrolments.push_back(mesh::enrolment_of(one, name_space, enrolment));
    principals.push_back(authorization::principal_of(
        loaded.set.settings(), {.name_space = name_space.name, .name = one.service_account}));
  }
  if (!is_present) {
    return;
  }
  services = select(topology());
  const bool with_addresses = authorization::uses_addresses(loaded.set);
  const bool with_labels = client_settings.selects_clients();
  std::map<std::string, std::uint32_t> known[2];
  const auto number_of = [](std::map<std::string, std::uint32_t>& numbers, std::string key) {
    const auto next = static_cast<std::uint32_t>(numbers.size());
    return numbers.emplace(std::move(key), next).first->second;
  };
  for (std::uint32_t at = 0; at < enrolments.size(); ++at) {
    Keys keys = keys_of(*this, at, with_addresses, with_labels);
    source_classes[at] = number_of(known[0], std::move(keys.source));
    classes[at] = number_of(known[1], std::move(keys.both));
  }
}

}  // namespace tally::reachability::mesh
