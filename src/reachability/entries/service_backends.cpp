#include "reachability/entries/internal/service_backends.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "kube/selectors.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;
using topology::Endpoint;
using topology::Service;
using topology::ServicePort;

ServiceBackends::ServiceBackends(const kube::Snapshot& snapshot, const topology::Topology& topology)
    : snapshot_(snapshot), topology_(topology) {
  const auto services = topology.services();
  for (std::uint32_t i = 0; i < services.size(); ++i) {
    by_name_[{topology.namespaces()[services[i].name_space].name, services[i].name}] = i;
  }
}

std::optional<std::uint32_t> ServiceBackends::find(std::string_view name_space,
                                                   std::string_view name) const {
  const auto at = by_name_.find({name_space, name});
  return at == by_name_.end() ? std::nullopt : std::optional(at->second);
}

// "web.shop.svc" and "web.shop.svc.DOMAIN", which is cluster.local nearly everywhere: the DNS
// specification of Kubernetes (kubernetes/dns docs/specification.md, 2.3).
std::optional<std::uint32_t> ServiceBackends::find_host(std::string_view host) const {
  const std::size_t first = host.find('.');
  const std::size_t second =
      first == std::string_view::npos ? std::string_view::npos : host.find('.', first + 1);
  if (second == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view rest = host.substr(second + 1);
  if (rest != "svc" && !rest.starts_with("svc.")) {
    return std::nullopt;
  }
  return find(host.substr(first + 1, second - first - 1), host.substr(0, first));
}

std::optional<std::uint32_t> ServiceBackends::follow(std::uint32_t service) const {
  // As many as resolvers of names follow aliases.
  constexpr int kAliasesMax = 8;
  std::optional<std::uint32_t> at = service;
  for (int i = 0; i < kAliasesMax; ++i) {
    if (!at || this->at(*at).type != "ExternalName") {
      return at;
    }
    at = find_host(text_at(field(&this->at(*at).object->root, "spec"), "externalName"));
  }
  return std::nullopt;
}

void ServiceBackends::index_labels() {
  has_labels_ = true;
  std::unordered_set<std::string_view> keys;
  for (const Service& service : topology_.services()) {
    if (service.selector) {
      for (const scalar::LabelRequirement& requirement : service.selector->requirements()) {
        keys.insert(requirement.key);
      }
    }
  }
  const auto endpoints = topology_.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    const Node labels = endpoints[i].labels;
    for (const document::Member label : labels.members()) {
      if (keys.contains(label.key)) {
        by_label_[{endpoints[i].name_space, label.key, label.value.text()}].push_back(i);
      }
    }
  }
}

std::vector<std::uint32_t> ServiceBackends::pods(std::uint32_t service) {
  const Service& own = at(service);
  std::vector<std::uint32_t> found;
  if (own.type == "ExternalName") {
    return found;
  }
  if (!own.selector) {
    for (const Listed& one : listed(service)) {
      found.push_back(one.endpoint);
    }
    std::ranges::sort(found);
    const auto repeated = std::ranges::unique(found);
    found.erase(repeated.begin(), repeated.end());
    return found;
  }
  if (!has_labels_) {
    index_labels();
  }
  const std::vector<std::uint32_t>* shortest = nullptr;
  for (const scalar::LabelRequirement& requirement : own.selector->requirements()) {
    const auto at = requirement.values.empty()
                        ? by_label_.end()
                        : by_label_.find({own.name_space, requirement.key,
                                          std::string_view(requirement.values.front())});
    if (at == by_label_.end()) {
      return found;
    }
    if (shortest == nullptr || at->second.size() < shortest->size()) {
      shortest = &at->second;
    }
  }
  if (shortest != nullptr) {
    std::ranges::copy_if(*shortest, std::back_inserter(found), [&](std::uint32_t i) {
      return kube::matches(*own.selector, topology_.endpoints()[i].labels);
    });
  }
  return found;
}

std::vector<Target> ServiceBackends::targets(std::uint32_t service, const ServicePort& port) {
  std::vector<Target> found;
  if (at(service).selector) {
    for (const std::uint32_t i : pods(service)) {
      // Core v1 API, ServicePort.targetPort: a name is looked up in each pod's own ports; a number
      // is sent to whether or not a container declares it.
      const scalar::PortSet ports =
          port.target_name.empty()
              ? scalar::PortSet(port.target_port, port.target_port)
              : topology::named_ports(topology_.endpoints()[i], port.target_name, port.protocol);
      if (!ports.is_empty()) {
        found.push_back({.endpoint = i, .ports = scalar::ConnectionSet::of(port.protocol, ports)});
      }
    }
    return found;
  }
  // Kubernetes pkg/proxy/endpointslicecache.go: ports of a slice belong to the port of the Service
  // that has the same name.
  for (const Listed& one : listed(service)) {
    if (one.port == 0 || one.port_name != port.name || one.protocol != port.protocol) {
      continue;
    }
    const auto same = std::ranges::find(found, one.endpoint, &Target::endpoint);
    if (same == found.end()) {
      found.push_back({.endpoint = one.endpoint,
                       .ports = scalar::ConnectionSet::of_port(one.protocol, one.port)});
    } else {
      same->ports.add(one.protocol, scalar::PortSet(one.port, one.port));
    }
  }
  std::ranges::sort(found, {}, &Target::endpoint);
  return found;
}

void ServiceBackends::index_addresses() {
  has_addresses_ = true;
  const auto endpoints = topology_.endpoints();
  for (std::uint32_t i = 0; i < endpoints.size(); ++i) {
    if (!endpoints[i].is_pod) {
      continue;
    }
    by_pod_[{topology_.name_space_of(endpoints[i]).name, endpoints[i].name}] = i;
    if (!endpoints[i].is_on_host_network) {
      for (const scalar::IpAddress& address : endpoints[i].addresses) {
        by_address_[address.to_string()] = i;
      }
    }
  }
  for (const std::uint32_t i : snapshot_.by_kind("", "Endpoints")) {
    read_endpoints(snapshot_.objects()[i]);
  }
  for (const std::uint32_t i : snapshot_.by_kind("discovery.k8s.io", "EndpointSlice")) {
    read_slice(snapshot_.objects()[i]);
  }
}

std::span<const ServiceBackends::Listed> ServiceBackends::listed(std::uint32_t service) {
  if (!has_addresses_) {
    index_addresses();
  }
  const auto at = listed_.find(service);
  return at == listed_.end() ? std::span<const Listed>{} : std::span<const Listed>(at->second);
}

std::optional<std::uint32_t> ServiceBackends::endpoint_of(const Node* reference,
                                                          std::string_view name_space,
                                                          std::string_view address) const {
  if (text_at(reference, "kind") == "Pod") {
    const std::string_view named = text_at(reference, "namespace");
    const auto at = by_pod_.find({named.empty() ? name_space : named, text_at(reference, "name")});
    if (at != by_pod_.end()) {
      return at->second;
    }
  }
  const auto parsed = scalar::IpAddress::parse(address);
  if (!parsed) {
    return std::nullopt;
  }
  const auto at = by_address_.find(parsed->to_string());
  return at == by_address_.end() ? std::nullopt : std::optional(at->second);
}

void ServiceBackends::add_listed(std::uint32_t service, std::uint32_t endpoint, const Node* ports) {
  // Of one Service: more than any cluster has, so that a hostile list of addresses times a hostile
  // list of ports ends.
  constexpr std::size_t kListedMax = 100'000;
  std::vector<Listed>& list = listed_[service];
  if (ports == nullptr || ports->size() == 0) {
    list.push_back({.endpoint = endpoint, .port_name = {}, .port = 0});
    return;
  }
  for (const Node& port : ports->items()) {
    if (list.size() >= kListedMax) {
      return;
    }
    const Node* number = field(&port, "port");
    const auto value = number == nullptr ? std::nullopt : number->integer();
    const std::string_view name = text_at(&port, "protocol");
    const auto protocol = name.empty() ? scalar::Protocol::Tcp : scalar::parse_protocol(name);
    if (value && protocol && *value >= scalar::kPortMin && *value <= scalar::kPortMax) {
      list.push_back({.endpoint = endpoint,
                      .port_name = text_at(&port, "name"),
                      .protocol = *protocol,
                      .port = static_cast<std::uint16_t>(*value)});
    }
  }
}

// Endpoints have the name of their Service. Addresses that are not ready get nothing.
void ServiceBackends::read_endpoints(const Object& object) {
  const auto service = find(object.ref.name_space, object.ref.name);
  const Node* subsets = field(&object.root, "subsets");
  if (!service || subsets == nullptr || at(*service).selector) {
    return;
  }
  for (const Node& subset : subsets->items()) {
    const Node* addresses = field(&subset, "addresses");
    for (const Node& address :
         addresses == nullptr ? std::span<const Node>{} : addresses->items()) {
      const auto endpoint =
          endpoint_of(field(&address, "targetRef"), object.ref.name_space, text_at(&address, "ip"));
      if (endpoint) {
        add_listed(*service, *endpoint, field(&subset, "ports"));
      }
    }
  }
}

// A slice names its Service by a label; ready is "unknown" if absent, which counts as ready
// (discovery/v1 EndpointConditions).
void ServiceBackends::read_slice(const Object& object) {
  const auto name = object.label("kubernetes.io/service-name");
  const Node* endpoints = field(&object.root, "endpoints");
  if (!name || endpoints == nullptr) {
    return;
  }
  const auto service = find(object.ref.name_space, *name);
  if (!service || at(*service).selector) {
    return;
  }
  for (const Node& item : endpoints->items()) {
    const Node* ready = field(field(&item, "conditions"), "ready");
    const Node* addresses = field(&item, "addresses");
    if ((ready != nullptr && ready->is_bool() && !ready->boolean()) || addresses == nullptr) {
      continue;
    }
    for (const Node& address : addresses->items()) {
      const auto endpoint =
          endpoint_of(field(&item, "targetRef"), object.ref.name_space, address.text());
      if (endpoint) {
        add_listed(*service, *endpoint, field(&object.root, "ports"));
        break;
      }
    }
  }
}

}  // namespace tally::reachability::entries
