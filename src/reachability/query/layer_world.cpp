// What the readers of layers ask of the cluster.
#include <algorithm>

#include "document/json_writer.hpp"
#include "reachability/query/internal/layer_reader.hpp"

namespace tally::reachability::query {

using document::Node;

std::string_view to_text(Layer layer) noexcept {
  switch (layer) {
    case Layer::K8sCalico:
      return "K8s_Calico";
    case Layer::Istio:
      return "Istio";
    case Layer::Ingress:
      return "K8sGateway";
    case Layer::IstioGateway:
      return "IstioGateway";
  }
  return "";
}

bool PeerSet::has_endpoints() const {
  return std::ranges::find(endpoints, true) != endpoints.end();
}

void PeerSet::unite(const PeerSet& other) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    endpoints[i] = endpoints[i] || other.endpoints[i];
  }
  addresses = addresses.unite(other.addresses);
}

void PeerSet::intersect(const PeerSet& other) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    endpoints[i] = endpoints[i] && other.endpoints[i];
  }
  addresses = addresses.intersect(other.addresses);
}

void PeerSet::subtract(const PeerSet& other) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    endpoints[i] = endpoints[i] && !other.endpoints[i];
  }
  addresses = addresses.minus(other.addresses);
}

std::string_view text_of(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

const Node* node_of(const Node* node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    node = node == nullptr ? nullptr : node->find(key);
  }
  return node;
}

std::span<const Node> items_of(const Node* node) {
  return node == nullptr || !node->is_array() ? std::span<const Node>() : node->items();
}

std::string_view namespace_of_object(const Node& object) {
  const std::string_view name = text_of(object.find("metadata"), "namespace");
  return name.empty() ? "default" : name;
}

void name_policy(LayerPolicy& policy, const Node& object) {
  policy.name = text_of(object.find("metadata"), "name");
  policy.full_name = std::string(namespace_of_object(object)) + "/" + policy.name;
  if (const Node* spec = object.find("spec"); spec != nullptr) {
    document::append_canonical_json(policy.text, *spec);
  }
}

template <class Predicate>
PeerSet LayerWorld::where(const Predicate& holds) const {
  PeerSet set;
  for (const ClusterPeer& peer : peers_) {
    set.endpoints.push_back(holds(peer));
  }
  return set;
}

PeerSet LayerWorld::nobody() const {
  return where([](const ClusterPeer&) { return false; });
}

PeerSet LayerWorld::pods() const {
  return where([](const ClusterPeer& peer) { return peer.is_pod() && !peer.is_host_endpoint; });
}

PeerSet LayerWorld::pods_and_hosts() const {
  return where([](const ClusterPeer& peer) { return peer.is_pod(); });
}

PeerSet LayerWorld::everybody() const {
  PeerSet set = pods_and_hosts();
  set.addresses = scalar::AddressSet::all();
  return set;
}

PeerSet LayerWorld::of_namespace(std::string_view name) const {
  return where([name](const ClusterPeer& peer) {
    return peer.is_pod() && !peer.is_host_endpoint && peer.name_space->name == name;
  });
}

PeerSet LayerWorld::with_label(std::string_view key, std::string_view value) const {
  return where(
      [&](const ClusterPeer& peer) { return peer.is_pod() && peer.endpoint.label(key) == value; });
}

PeerSet LayerWorld::with_account(std::string_view name_space, std::string_view account) const {
  return where([&](const ClusterPeer& peer) {
    return peer.is_pod() && !peer.is_host_endpoint && peer.name_space->name == name_space &&
           peer.endpoint.service_account == account;
  });
}

PeerSet LayerWorld::dns_entries() const {
  return where([](const ClusterPeer& peer) { return peer.is_dns_entry; });
}

// nca/NetworkConfig/PeerContainer.py, get_dns_entry_peers_matching_host_name.
PeerSet LayerWorld::dns_entries(std::string_view host) const {
  return where([host](const ClusterPeer& peer) {
    if (!peer.is_dns_entry) {
      return false;
    }
    const std::string_view name = peer.name;
    if (name == host || !host.starts_with('*')) {
      return name == host;
    }
    return name.ends_with(host.substr(1)) && !name.starts_with('*');
  });
}

PeerSet LayerWorld::targets(const Service& service) const {
  // Peers of a configuration are those of its cluster, in the same order.
  return {.endpoints = service.targets, .addresses = {}};
}

PeerSet LayerWorld::of_services() const {
  PeerSet set = dns_entries();
  for (const Service& service : cluster_.service_list()) {
    set.unite(targets(service));
  }
  return set;
}

PeerSet LayerWorld::of_services(std::string_view name_space) const {
  PeerSet set = dns_entries();
  for (const Service& service : cluster_.service_list()) {
    if (service.name_space == name_space) {
      set.unite(targets(service));
    }
  }
  return set;
}

const Service* LayerWorld::service(std::string_view name_space, std::string_view name) const {
  // The last of a name stands.
  const Service* found = nullptr;
  for (const Service& service : cluster_.service_list()) {
    if (service.name_space == name_space && service.name == name) {
      found = &service;
    }
  }
  return found;
}

// nca/Parsers/IstioGenericYamlParser.py, update_policy_peers.
PeerSet LayerWorld::selected(const Node* selector, std::string_view key,
                             std::string_view name_space, std::vector<std::string>& labels) const {
  PeerSet set = selector == nullptr || selector->is_null() ? pods() : pods_and_hosts();
  const Node* wanted = selector == nullptr ? nullptr : selector->find(key);
  if (wanted != nullptr && wanted->is_object()) {
    std::string keys;
    for (const document::Member member : wanted->members()) {
      set.intersect(with_label(member.key, member.value.text()));
      keys.append(keys.empty() ? "" : ":").append(member.key);
    }
    labels.push_back(std::move(keys));
  }
  if (name_space != kRootNamespace) {
    set.intersect(of_namespace(name_space));
  }
  return set;
}

// nca/Parsers/GenericIngressLikeYamlParser.py, parse_regex_host_value: a star stands for letters
// without a dot.
std::optional<Language> host_language(std::string_view host) {
  if (const std::size_t slash = host.find('/'); slash != std::string_view::npos) {
    host.remove_prefix(slash + 1);  // a namespace, which is not told apart
  }
  if (host == "*") {
    return Language::all();
  }
  if (!host.starts_with('*')) {
    return Language::literal(host);
  }
  std::string pattern = "\\w*";
  for (const char c : host.substr(1)) {
    pattern += c == '.' ? std::string("[.]") : std::string(1, c);
  }
  return pattern.find('*', 3) == std::string::npos ? Language::regex(pattern) : std::nullopt;
}

std::optional<Language> path_prefix(std::string_view prefix) {
  if (prefix == "/") {
    return Language::all();
  }
  if (prefix.ends_with('/')) {
    prefix.remove_suffix(1);
  }
  return Language::regex(std::string(prefix) + "(/.*)?");
}

}  // namespace tally::reachability::query
