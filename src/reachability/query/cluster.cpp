#include "reachability/query/cluster.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/arena.hpp"
#include "document/json_writer.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;
using network_policy::Match;

constexpr int kAlikeMax = 2;
constexpr int kListDepthMax = 8;

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

const Node* path(const Node* node, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    node = node == nullptr ? nullptr : node->find(key);
  }
  return node;
}

std::string_view namespace_of(const Node& node) {
  const std::string_view name = text_at(node.find("metadata"), "namespace");
  return name.empty() ? "default" : name;
}

constexpr std::array<std::string_view, 7> kWorkloadKinds{
    "Deployment", "ReplicaSet", "StatefulSet",          "DaemonSet",
    "Job",        "CronJob",    "ReplicationController"};

void read_ports(const Node* list, std::string_view number_key, ClusterPeer& peer) {
  for (const Node& port : list == nullptr ? std::span<const Node>() : list->items()) {
    const Node* number = port.find(number_key);
    const auto value = number == nullptr ? std::nullopt : number->integer();
    const std::string_view protocol_text = text_at(&port, "protocol");
    const auto protocol =
        protocol_text.empty() ? scalar::Protocol::Tcp : scalar::parse_protocol(protocol_text);
    const std::string_view name = text_at(&port, "name");
    if (value && *value >= scalar::kPortMin && *value <= scalar::kPortMax && protocol &&
        !name.empty()) {
      peer.ports.push_back(
          {.name = name, .protocol = *protocol, .port = static_cast<std::uint16_t>(*value)});
    }
  }
}

void read_container_ports(const Node* spec, ClusterPeer& peer) {
  const Node* containers = path(spec, {"containers"});
  for (const Node& container :
       containers == nullptr ? std::span<const Node>() : containers->items()) {
    read_ports(container.find("ports"), "containerPort", peer);
  }
}

void visit_objects(const Node& node, std::string_view kind_of_list, int depth,
                   const std::function<void(const Node&, std::string_view)>& visit) {
  if (depth > kListDepthMax) {
    return;
  }
  if (node.is_array()) {
    for (const Node& item : node.items()) {
      visit_objects(item, {}, depth + 1, visit);
    }
    return;
  }
  const std::string_view own = text_at(&node, "kind");
  const std::string_view kind = own.empty() ? kind_of_list : own;
  if (kind.ends_with("List")) {
    const std::string_view of_items = kind.substr(0, kind.size() - 4);
    const Node* items = node.find("items");
    for (const Node& item : items == nullptr ? std::span<const Node>() : items->items()) {
      visit_objects(item, of_items, depth + 1, visit);
    }
    return;
  }
  if (node.is_object()) {
    visit(node, kind);
  }
}

}  // namespace

void for_each_object(const Node& node, std::string_view kind_of_list,
                     const std::function<void(const Node&, std::string_view)>& visit) {
  visit_objects(node, kind_of_list, 0, visit);
}

Match ClusterPeer::selected_by(const network_policy::SelectorPool& selectors,
                               network_policy::SelectorId id) const {
  if (is_dns_entry) {
    return Match::No;
  }
  // What is not in the input is not there: the tool knows no third answer.
  const Match match = selectors.matches(id, endpoint, *name_space);
  return match == Match::Unknown ? Match::No : match;
}

scalar::PortSet ClusterPeer::named_port(std::string_view port, scalar::Protocol protocol) const {
  return topology::named_ports(endpoint, port, protocol);
}

Cluster::Cluster(const std::vector<LoadedDocument>& namespaces,
                 const std::vector<LoadedDocument>& pods, AddedPods added)
    : namespace_documents_(namespaces), pod_documents_(pods) {
  for (const LoadedDocument& document : namespaces) {
    for_each_object(document.root, {}, [&](const Node& node, std::string_view kind) {
      if (kind != "Namespace") {
        return;
      }
      // Items of a typed list may have no kind of their own.
      const Node* metadata = node.find("metadata");
      const std::string_view name = text_at(metadata, "name");
      if (name.empty()) {
        return;
      }
      kube::Object& object = *namespace_objects_.emplace_back(std::make_unique<kube::Object>());
      object.ref.kind = "Namespace";
      object.ref.name = name;
      object.root = node;
      object.metadata = *metadata;
      object.source = document.source;
      auto& entry = namespaces_[std::string(name)];
      entry = std::make_unique<topology::Namespace>();
      entry->name = name;
      entry->object = &object;
    });
  }
  for (const LoadedDocument& document : pods) {
    for_each_object(document.root, {}, [&](const Node& node, std::string_view kind) {
      if (kind == "Pod") {
        read_pod(node);
      } else if (std::ranges::find(kWorkloadKinds, kind) != kWorkloadKinds.end()) {
        read_workload(node, kind);
      } else if (kind == "WorkloadEndpoint") {
        read_workload_endpoint(node);
      } else if (kind == "HostEndpoint") {
        read_host_endpoint(node);
      } else if (kind == "Service") {
        read_service(node);
      } else if (kind == "ServiceEntry") {
        read_service_entry(node);
      }
    });
  }
  add_pods(added);
  find_targets();
  std::ranges::sort(services_);
}

std::shared_ptr<const Cluster> Cluster::with_kube_dns(const std::vector<LoadedDocument>& namespaces,
                                                      const std::vector<LoadedDocument>& pods) {
  return std::make_shared<Cluster>(namespaces, pods, AddedPods{.kube_dns = true});
}

std::vector<std::string_view> Cluster::namespace_names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : namespaces_) {
    if (!name.empty()) {
      names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

namespace {

// A pod that the tool makes up, and its service.
struct Added {
  std::string_view name_space;
  std::string_view name;
  std::vector<std::string_view> keys;
  std::vector<Node> values;
};

const Node& labels_of(const Added& added) {
  static Arena arena;
  static std::unordered_map<std::string_view, Node> made;
  const auto [at, is_new] = made.try_emplace(added.name);
  if (is_new) {
    at->second = Node::make_object(arena, added.values, added.keys, {}, 0);
  }
  return at->second;
}

}  // namespace

void Cluster::add_pods(AddedPods added) {
  const auto text = [](std::string_view value) { return Node::make_string(value, 0); };
  const auto add = [this](const Added& one) -> ClusterPeer& {
    auto peer = make_peer(one.name_space, one.name, &labels_of(one));
    peer->workload = peer->name + "[Pod]";
    ClusterPeer& made = *peer;
    add_peer(std::move(peer), {});
    return made;
  };
  if (added.kube_dns) {
    static_cast<void>(add({.name_space = "kube-system",
                           .name = "kube-dns-livesim",
                           .keys = {"k8s-app"},
                           .values = {text("kube-dns")}}));
  }
  const auto serve = [this](const Added& one, std::string_view name,
                            std::vector<ServicePort> ports) {
    service_list_.push_back({.full_name = std::string(one.name_space) + "/" + std::string(name),
                             .name = name,
                             .name_space = one.name_space,
                             .ports = std::move(ports),
                             .targets = {}});
    service_selectors_.push_back(labels_of(one));
  };
  if (added.ingress_controller) {
    const Added one{.name_space = "ingress-controller-ns",
                    .name = "ingress-controller-livesim",
                    .keys = {"app.kubernetes.io/name", "app.kubernetes.io/component"},
                    .values = {text("ingress-nginx"), text("controller")}};
    static_cast<void>(add(one));
    serve(one, "ingress-nginx", {});
  }
  const auto add_gateway = [&](std::string_view pod, std::string_view label,
                               std::string_view service) {
    const Added one{.name_space = "istio-system",
                    .name = pod,
                    .keys = {"istio", "app"},
                    .values = {text(label), text(service)}};
    static_cast<void>(add(one));
    serve(one, service,
          {{.name = "http2", .port = 80, .target = std::int64_t{80}},
           {.name = "https", .port = 443, .target = std::int64_t{443}}});
  };
  if (added.istio_ingress_gateway) {
    add_gateway("istio-ingressgateway-livesim", "ingressgateway", "istio-ingressgateway");
  }
  if (added.istio_egress_gateway) {
    add_gateway("istio-egressgateway-livesim", "egressgateway", "istio-egressgateway");
  }
}

const topology::Namespace* Cluster::name_space_of(std::string_view name) {
  auto& entry = namespaces_[std::string(name)];
  if (entry == nullptr) {
    namespace_objects_.push_back(std::make_unique<kube::Object>());
    entry = std::make_unique<topology::Namespace>();
    entry->name = name;
    entry->object = namespace_objects_.back().get();
  }
  return entry.get();
}

std::unique_ptr<ClusterPeer> Cluster::make_peer(std::string_view name_space, std::string_view name,
                                                const Node* labels) {
  auto peer = std::make_unique<ClusterPeer>();
  peer->name_space = name_space_of(name_space);
  peer->name =
      name_space.empty() ? std::string(name) : std::string(name_space) + "/" + std::string(name);
  peer->endpoint.service_account = "default";
  peer->endpoint.is_pod = true;
  if (labels != nullptr) {
    peer->endpoint.labels = *labels;
  }
  return peer;
}

void Cluster::add_peer(std::unique_ptr<ClusterPeer> peer, std::string_view owner) {
  peer->endpoint.ports = peer->ports;
  if (!owner.empty()) {
    std::string key(peer->name_space->name);
    key.append("/").append(owner).append("/");
    document::append_canonical_json(key, peer->endpoint.labels);
    if (alike_[key]++ >= kAlikeMax) {
      return;
    }
  }
  const auto same = std::ranges::find(
      peers_, peer->name,
      [](const std::unique_ptr<ClusterPeer>& other) -> const auto& { return other->name; });
  if (same == peers_.end()) {
    peers_.push_back(std::move(peer));
  }
}

void Cluster::read_pod(const Node& node) {
  const Node* metadata = node.find("metadata");
  const Node* spec = node.find("spec");
  const std::string_view name_space = namespace_of(node);
  auto peer = make_peer(name_space, text_at(metadata, "name"), path(metadata, {"labels"}));
  if (const std::string_view account = text_at(spec, "serviceAccountName"); !account.empty()) {
    peer->endpoint.service_account = account;
  }
  read_container_ports(spec, *peer);
  const Node* owners = path(metadata, {"ownerReferences"});
  const Node* owner = owners == nullptr || owners->size() == 0 ? nullptr : owners->items().data();
  const std::string_view owner_name = text_at(owner, "name");
  peer->workload = owner_name.empty() ? peer->name + "[Pod]"
                                      : std::string(name_space) + "/" + std::string(owner_name) +
                                            "[" + std::string(text_at(owner, "kind")) + "]";
  add_peer(std::move(peer), owner_name);
}

void Cluster::read_workload(const Node& node, std::string_view kind) {
  const Node* spec = node.find("spec");
  std::int64_t replicas = 1;
  const Node* count = path(spec, {kind == "Job" ? "parallelism" : "replicas"});
  if (count != nullptr) {
    replicas = count->integer().value_or(1);
  }
  if (kind == "CronJob") {
    spec = path(spec, {"jobTemplate", "spec"});
    replicas = 1;
  }
  const Node* pod_template = path(spec, {"template"});
  const std::string name(text_at(node.find("metadata"), "name"));
  const std::string_view name_space = namespace_of(node);
  for (std::int64_t i = 1; i <= std::min<std::int64_t>(replicas, kAlikeMax); ++i) {
    auto peer = make_peer(name_space, name + "-" + std::to_string(i),
                          path(pod_template, {"metadata", "labels"}));
    peer->workload = std::string(name_space) + "/" + name + "[" + std::string(kind) + "]";
    const Node* pod = path(pod_template, {"spec"});
    if (const std::string_view account = text_at(pod, "serviceAccountName"); !account.empty()) {
      peer->endpoint.service_account = account;
    }
    read_container_ports(pod, *peer);
    add_peer(std::move(peer), name);
  }
}

void Cluster::read_workload_endpoint(const Node& node) {
  const Node* spec = node.find("spec");
  auto peer =
      make_peer(namespace_of(node), text_at(spec, "pod"), path(&node, {"metadata", "labels"}));
  peer->workload = peer->name + "[Pod]";
  read_ports(path(spec, {"ports"}), "port", *peer);
  const Node* profiles = path(spec, {"profiles"});
  for (const Node& profile : profiles == nullptr ? std::span<const Node>() : profiles->items()) {
    peer->profiles.emplace_back(profile.text());
  }
  add_peer(std::move(peer), {});
}

void Cluster::read_host_endpoint(const Node& node) {
  auto peer =
      make_peer({}, text_at(node.find("metadata"), "name"), path(&node, {"metadata", "labels"}));
  peer->workload = peer->name;
  peer->is_host_endpoint = true;
  const Node* spec = node.find("spec");
  read_ports(path(spec, {"ports"}), "port", *peer);
  const Node* profiles = path(spec, {"profiles"});
  for (const Node& profile : profiles == nullptr ? std::span<const Node>() : profiles->items()) {
    peer->profiles.emplace_back(profile.text());
  }
  add_peer(std::move(peer), {});
}

namespace {

std::vector<ServicePort> read_service_ports(const Node* list) {
  std::vector<ServicePort> ports;
  for (const Node& node : list == nullptr ? std::span<const Node>() : list->items()) {
    const Node* number = node.find("port");
    const std::string_view protocol = text_at(&node, "protocol");
    ServicePort port{.name = text_at(&node, "name"),
                     .port = number == nullptr ? 0 : number->integer().value_or(0),
                     .protocol = scalar::parse_protocol(protocol).value_or(scalar::Protocol::Tcp),
                     .target = {}};
    port.target = port.port;
    if (const Node* target = node.find("targetPort"); target != nullptr) {
      if (const auto value = target->integer()) {
        port.target = *value;
      } else if (!target->text().empty()) {
        port.target = target->text();
      }
    }
    ports.push_back(port);
  }
  return ports;
}

}  // namespace

void Cluster::read_service(const Node& node) {
  Service service{.full_name = {},
                  .name = text_at(node.find("metadata"), "name"),
                  .name_space = namespace_of(node),
                  .ports = read_service_ports(path(&node, {"spec", "ports"})),
                  .targets = {}};
  service.full_name = std::string(service.name_space) + "/" + std::string(service.name);
  std::string text = service.full_name + " ";
  if (const Node* spec = node.find("spec"); spec != nullptr) {
    for (const std::string_view key : {"type", "selector", "ports"}) {
      if (const Node* value = spec->find(key); value != nullptr) {
        document::append_canonical_json(text, *value);
      }
    }
  }
  services_.push_back(std::move(text));
  const Node* selector = path(&node, {"spec", "selector"});
  service_list_.push_back(std::move(service));
  service_selectors_.push_back(selector == nullptr ? Node() : *selector);
}

// nca/NetworkConfig/PeerContainer.py: pods of the service's namespace with all of its labels, and
// with every port that it means by name.
void Cluster::find_targets() {
  for (std::size_t i = 0; i < service_list_.size(); ++i) {
    Service& service = service_list_[i];
    const Node& selector = service_selectors_[i];
    service.targets.assign(peers_.size(), false);
    for (std::size_t p = 0; p < peers_.size(); ++p) {
      const ClusterPeer& peer = *peers_[p];
      bool is_target = selector.is_object() && selector.size() > 0 && !peer.is_dns_entry &&
                       peer.name_space->name == service.name_space;
      for (std::size_t m = 0; is_target && m < selector.size(); ++m) {
        is_target = peer.endpoint.label(selector.key(m)) == selector.items()[m].text();
      }
      for (const ServicePort& port : service.ports) {
        const auto* name = std::get_if<std::string_view>(&port.target);
        is_target =
            is_target && (name == nullptr || !peer.named_port(*name, port.protocol).is_empty());
      }
      service.targets[p] = is_target;
    }
  }
}

// nca/Parsers/IstioServiceEntryYamlParser.py: every host is a peer, whatever else is said of it.
void Cluster::read_service_entry(const Node& node) {
  const Node* hosts = path(&node, {"spec", "hosts"});
  if (!text_at(&node, "apiVersion").contains("istio") || hosts == nullptr) {
    return;
  }
  for (const Node& host : hosts->items()) {
    const std::string_view name = host.text();
    if (name.empty() || name == "*") {
      continue;
    }
    auto peer = make_peer({}, name, nullptr);
    peer->workload = peer->name;
    peer->is_dns_entry = true;
    peer->endpoint.is_pod = false;
    add_peer(std::move(peer), {});
  }
}

}  // namespace tally::reachability::query
