#include "reachability/query/config.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "document/json_writer.hpp"
#include "kube/objects.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

// nca/Resources/PolicyResources/NetworkPolicy.py, get_policy_type_from_dict.
bool is_calico(std::string_view api_version) { return api_version.contains("calico"); }

std::optional<std::string> layer_of(std::string_view api_version, std::string_view kind) {
  if (api_version.contains("istio")) {
    if (kind == "AuthorizationPolicy") {
      return std::string(kMeshLayer);
    }
    if (kind == "Sidecar") {
      return "istio sidecar";
    }
    if (kind == "Gateway" || kind == "VirtualService") {
      return "istio gateway";
    }
    return std::nullopt;
  }
  return kind == "Ingress" && !is_calico(api_version) ? std::optional<std::string>("gateway")
                                                      : std::nullopt;
}

MeshPolicy read_mesh_policy(const Node& node) {
  const Node* metadata = node.find("metadata");
  const std::string_view name_space = text_at(metadata, "namespace");
  MeshPolicy policy;
  policy.name_space = name_space.empty() ? "default" : name_space;
  policy.full_name = std::string(policy.name_space) + "/" + std::string(text_at(metadata, "name"));
  const Node* labels = node.find("spec");
  for (const std::string_view key : {"selector", "matchLabels"}) {
    labels = labels == nullptr ? nullptr : labels->find(key);
  }
  if (labels != nullptr) {
    policy.labels = *labels;
  }
  return policy;
}

Node with_labels(Arena& arena, const Node& labels, const Node& added) {
  std::vector<Node> values;
  std::vector<std::string_view> keys;
  for (const document::Member member : labels.members()) {
    if (added.find(member.key) == nullptr) {
      keys.push_back(member.key);
      values.push_back(member.value);
    }
  }
  for (const document::Member member : added.members()) {
    keys.push_back(member.key);
    values.push_back(member.value);
  }
  return Node::make_object(arena, values, keys, {}, labels.offset());
}

}  // namespace

// Policies in Istio's root namespace mean the whole mesh; the tool takes it to be this one
// (nca/Parsers/IstioPolicyYamlParser.py).
bool MeshPolicy::selects(const ClusterPeer& peer) const {
  constexpr std::string_view kRootNamespace = "istio-config";
  if (peer.is_host_endpoint ||
      (name_space != kRootNamespace && peer.name_space->name != name_space)) {
    return false;
  }
  for (const document::Member member : labels.members()) {
    if (peer.endpoint.label(member.key) != member.value.text()) {
      return false;
    }
  }
  return true;
}

std::string_view to_text(PolicyKind kind) noexcept {
  switch (kind) {
    case PolicyKind::Kubernetes:
      return "K8sNetworkPolicy";
    case PolicyKind::Calico:
      return "CalicoNetworkPolicy";
    case PolicyKind::CalicoGlobal:
      return "CalicoGlobalNetworkPolicy";
  }
  return "";
}

Config::Config(std::string name, std::shared_ptr<const Cluster> cluster,
               std::vector<LoadedDocument> policies)
    : name_(std::move(name)), cluster_(std::move(cluster)), documents_(std::move(policies)) {
  for (const std::unique_ptr<ClusterPeer>& peer : cluster_->peers()) {
    peers_.push_back(*peer);
  }
  for (const LoadedDocument& document : documents_) {
    for_each_object(document.root, {}, [&](const Node& node, std::string_view kind) {
      const std::string_view api_version = text_at(&node, "apiVersion");
      if (const auto layer = layer_of(api_version, kind)) {
        other_layers_.insert(*layer);
        if (*layer == kMeshLayer) {
          mesh_policies_.push_back(read_mesh_policy(node));
        }
        return;
      }
      if (is_calico(api_version) && kind == "Profile") {
        profiles_.push_back(node);
        return;
      }
      if (kind != "NetworkPolicy" && kind != "GlobalNetworkPolicy") {
        return;
      }
      if (auto object = kube::object_from_node(node, document.source)) {
        if (object->ref.name_space.empty() && kind == "NetworkPolicy") {
          object->ref.name_space = "default";
        }
        objects_.push_back(*object);
      }
    });
  }
  apply_profile_labels();
  snapshot_ = kube::Snapshot::create(objects_, "default");
  set_ = std::make_unique<network_policy::PolicySet>(
      network_policy::PolicySet::load(*snapshot_, {.ip_blocks_select_pods = false,
                                                   .host_network_pods_are_nodes = false,
                                                   .with_calico_admission = false}));
  list_policies();
}

// Of profiles the tool reads the labels only (nca/NetworkConfig/PoliciesFinder.py).
void Config::apply_profile_labels() {
  for (const Node& profile : profiles_) {
    const Node* spec = profile.find("spec");
    const Node* labels = spec == nullptr ? nullptr : spec->find("labelsToApply");
    if (labels == nullptr || !labels->is_object()) {
      continue;
    }
    const std::string_view name = text_at(profile.find("metadata"), "name");
    for (ClusterPeer& peer : peers_) {
      if (std::ranges::find(peer.profiles, name) != peer.profiles.end()) {
        peer.endpoint.labels = with_labels(*arena_, peer.endpoint.labels, *labels);
      }
    }
  }
}

void Config::list_policies() {
  for (std::uint32_t i = 0; i < set_->policies().size(); ++i) {
    const network_policy::Policy& policy = set_->policies()[i];
    const scalar::ObjectRef& ref = policy.object->ref;
    ConfigPolicy entry{.index = i};
    const bool is_of_calico = is_calico(ref.group);
    entry.kind = !is_of_calico                       ? PolicyKind::Kubernetes
                 : ref.kind == "GlobalNetworkPolicy" ? PolicyKind::CalicoGlobal
                                                     : PolicyKind::Calico;
    entry.full_name = ref.name_space.empty() || entry.kind == PolicyKind::CalicoGlobal
                          ? std::string(ref.name)
                          : std::string(ref.name_space) + "/" + std::string(ref.name);
    if (!std::isinf(policy.order)) {
      entry.order = policy.order;
    }
    entry.position = static_cast<std::size_t>(policy.object - snapshot_->objects().data());
    if (const Node* spec = policy.object->root.find("spec"); spec != nullptr) {
      document::append_canonical_json(entry.text, *spec);
    }
    policies_.push_back(std::move(entry));
  }
  names_v6_ = std::ranges::any_of(set_->addresses(), [](const scalar::AddressSet& addresses) {
    return !addresses.v6().is_empty() && addresses.v6() != scalar::AddressSet::all_v6().v6();
  });
}

namespace {

constexpr std::string_view kDnsLabel = "k8s-app";
constexpr std::string_view kDnsName = "kube-dns";

bool means_kube_dns(const Node& peer) {
  const Node* selector = peer.find("podSelector");
  const Node* labels = selector == nullptr ? nullptr : selector->find("matchLabels");
  return labels != nullptr && text_at(labels, kDnsLabel) == kDnsName;
}

}  // namespace

bool Config::lacks_kube_dns() const {
  if (std::ranges::any_of(peers_, [](const ClusterPeer& peer) {
        return peer.endpoint.label(kDnsLabel) == kDnsName;
      })) {
    return false;
  }
  for (const ConfigPolicy& policy : policies_) {
    const network_policy::Policy& entry = set_->policies()[policy.index];
    const Node* spec = entry.object->root.find("spec");
    for (const auto& [key, side] : {std::pair("ingress", "from"), std::pair("egress", "to")}) {
      const Node* rules = spec == nullptr || policy.kind != PolicyKind::Kubernetes
                              ? nullptr
                              : spec->find(std::string_view(key));
      for (const Node& rule : rules == nullptr ? std::span<const Node>() : rules->items()) {
        const Node* peers = rule.find(std::string_view(side));
        if (peers != nullptr && std::ranges::any_of(peers->items(), means_kube_dns)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool View::is_empty() const {
  for (std::size_t i = 0; i < config->policies().size(); ++i) {
    if (has(i)) {
      return false;
    }
  }
  return true;
}

View view_of(const Config& config) { return {.config = &config, .name = config.name()}; }

View without_policies(View view) {
  view.left_out.assign(view.config->policies().size(), true);
  return view;
}

View without_policy(View view, std::size_t policy) {
  view.left_out.resize(view.config->policies().size());
  view.left_out[policy] = true;
  return view;
}

View with_one_policy(View view, std::size_t policy) {
  view = without_policies(std::move(view));
  view.left_out[policy] = false;
  view.name += "/" + view.config->policies()[policy].full_name;
  return view;
}

Result<View> select(const Config& config, std::string_view policy) {
  const std::string wanted(policy);
  std::string_view name = policy;
  std::optional<PolicyKind> kind;
  for (const PolicyKind one :
       {PolicyKind::Kubernetes, PolicyKind::Calico, PolicyKind::CalicoGlobal}) {
    const std::string prefix = std::string(to_text(one)) + "/";
    if (name.starts_with(prefix)) {
      kind = one;
      name.remove_prefix(prefix.size());
    }
  }
  std::vector<std::size_t> found;
  const auto collect = [&](auto&& is_meant) {
    for (std::size_t i = 0; i < config.policies().size(); ++i) {
      const ConfigPolicy& one = config.policies()[i];
      if ((!kind || *kind == one.kind) && is_meant(one)) {
        found.push_back(i);
      }
    }
  };
  collect([&](const ConfigPolicy& one) { return one.full_name == name; });
  if (found.empty()) {
    collect([&](const ConfigPolicy& one) {
      return config.set().policies()[one.index].object->ref.name == name;
    });
  }
  if (found.size() != 1) {
    return content_error((found.empty() ? "no policy named " : "more than one policy named ") +
                         wanted + " in " + config.name());
  }
  return with_one_policy(view_of(config), found.front());
}

}  // namespace tally::reachability::query
