#include "reachability/query/config.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "document/json_writer.hpp"
#include "kube/objects.hpp"
#include "network_policy/calico_selector.hpp"
#include "reachability/query/internal/layer_reader.hpp"

namespace tally::reachability::query {
namespace {

using document::Node;

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

// nca/Resources/PolicyResources/NetworkPolicy.py, get_policy_type_from_dict.
bool is_calico(std::string_view api_version) { return api_version.contains("calico"); }

// A selector of Calico with one quote too many at its end, which the tool passes over.
std::string_view without_stray_quote(std::string_view text) {
  using network_policy::CalicoSelector;
  const std::string_view shorter = text.substr(0, text.empty() ? 0 : text.size() - 1);
  return text.ends_with("''") && !CalicoSelector::parse(text) && CalicoSelector::parse(shorter)
             ? shorter
             : text;
}

// To the tool a selector of Calico that is an empty object is none.
Node as_the_tool_reads(Arena& arena, const Node& node, int depth) {
  constexpr int kDepthMax = 16;
  if (depth > kDepthMax || (!node.is_object() && !node.is_array())) {
    return node;
  }
  std::vector<Node> values;
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& child = node.items()[i];
    if (node.is_object()) {
      if (node.key(i).ends_with("elector") && child.is_object() && child.size() == 0) {
        continue;
      }
      keys.push_back(node.key(i));
      if (node.key(i).ends_with("elector") && child.is_string()) {
        values.push_back(Node::make_string(without_stray_quote(child.text()), child.offset()));
        continue;
      }
    }
    values.push_back(as_the_tool_reads(arena, child, depth + 1));
  }
  return node.is_object() ? Node::make_object(arena, values, keys, {}, node.offset())
                          : Node::make_array(arena, values, node.offset());
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
      // nca/Resources/PolicyResources/NetworkPolicy.py, get_policy_type_from_dict.
      if (api_version.contains("istio")) {
        std::vector<Node>* list = kind == "AuthorizationPolicy" ? &authorization_policies_
                                  : kind == "Sidecar"           ? &sidecars_
                                  : kind == "Gateway"           ? &gateways_
                                  : kind == "VirtualService"    ? &virtual_services_
                                                                : nullptr;
        if (list != nullptr) {
          list->push_back(node);
        }
        return;
      }
      if (kind == "Ingress" && !is_calico(api_version)) {
        ingresses_.push_back(node);
        return;
      }
      if (is_calico(api_version) && kind == "Profile") {
        profiles_.push_back(node);
        return;
      }
      if (kind != "NetworkPolicy" && kind != "GlobalNetworkPolicy") {
        return;
      }
      const Node policy = is_calico(api_version) ? as_the_tool_reads(*arena_, node, 0) : node;
      if (auto object = kube::object_from_node(policy, document.source)) {
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
  read_layers();
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

void Config::read_layers() {
  const LayerWorld world(*cluster_, peers_);
  // What is denied is denied before anything is allowed.
  for (const bool denies : {true, false}) {
    for (const Node& object : authorization_policies_) {
      LayerPolicy policy = read_authorization_policy(world, object);
      if (policy.denies == denies) {
        layer_policies_.push_back(std::move(policy));
      }
    }
  }
  for (LayerPolicy& one : read_sidecars(world, sidecars_)) {
    layer_policies_.push_back(std::move(one));
  }
  for (const Node& object : ingresses_) {
    layer_policies_.push_back(read_ingress(world, object));
    lacks_.ingress_controller =
        lacks_.ingress_controller || !layer_policies_.back().selected.has_endpoints();
  }
  note_missing_pods(world, gateways_, lacks_);
  std::vector<LayerPolicy> of_gateways = read_gateways(world, gateways_, virtual_services_);
  std::ranges::sort(of_gateways, {}, &LayerPolicy::full_name);
  for (LayerPolicy& one : of_gateways) {
    layer_policies_.push_back(std::move(one));
  }
  names_v6_ = names_v6_ || std::ranges::any_of(layer_policies_, &LayerPolicy::names_v6);
}

Layer Config::layer_of(std::size_t policy) const {
  return policy < policies_.size() ? Layer::K8sCalico
                                   : layer_policies_[policy - policies_.size()].layer;
}

const std::string& Config::full_name_of(std::size_t policy) const {
  return policy < policies_.size() ? policies_[policy].full_name
                                   : layer_policies_[policy - policies_.size()].full_name;
}

const LayerPolicy* Config::layer_policy(std::size_t policy) const {
  return policy < policies_.size() ? nullptr : &layer_policies_[policy - policies_.size()];
}

std::string Config::text_of(std::size_t policy, bool with_content) const {
  const LayerPolicy* const layer = layer_policy(policy);
  const std::string_view kind = layer == nullptr ? to_text(policies_[policy].kind) : layer->kind;
  std::string text = std::string(kind) + "/" + full_name_of(policy);
  if (with_content) {
    text += " " + (layer == nullptr ? policies_[policy].text : layer->text);
    text += layer != nullptr && layer->denies ? " DENY" : "";
  }
  return text;
}

AddedPods Config::lacks() const {
  AddedPods lacks = lacks_;
  lacks.kube_dns = lacks_kube_dns();
  return lacks;
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
  for (std::size_t i = 0; i < policies_.size(); ++i) {
    evaluation_order_.push_back(i);
  }
  std::ranges::sort(evaluation_order_, {}, [this](std::size_t i) {
    const ConfigPolicy& policy = policies_[i];
    return std::pair(policy.order.value_or(std::numeric_limits<double>::infinity()),
                     policy.position);
  });
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

namespace {

// nca/Parsers/K8sYamlParser.py: the keys of matchLabels together, and those of matchExpressions.
void add_selector_labels(const Node& node, std::set<std::string>& labels, int depth) {
  constexpr int kDepthMax = 16;
  if (depth > kDepthMax) {
    return;
  }
  const auto add = [&labels](std::set<std::string> keys) {
    std::string joined;
    for (const std::string& key : keys) {
      joined.append(joined.empty() ? "" : ":").append(key);
    }
    if (!joined.empty()) {
      labels.insert(std::move(joined));
    }
  };
  if (node.is_object()) {
    std::set<std::string> keys;
    if (const Node* wanted = node.find("matchLabels"); wanted != nullptr && wanted->is_object()) {
      for (const document::Member member : wanted->members()) {
        keys.emplace(member.key);
      }
      add(std::exchange(keys, {}));
    }
    if (const Node* list = node.find("matchExpressions"); list != nullptr && list->is_array()) {
      for (const Node& one : list->items()) {
        keys.emplace(text_at(&one, "key"));
      }
      add(std::move(keys));
    }
  }
  if (node.is_object() || node.is_array()) {
    for (const Node& child : node.items()) {
      add_selector_labels(child, labels, depth + 1);
    }
  }
}

void add_calico_labels(const Node& node, std::set<std::string>& labels, int depth) {
  constexpr int kDepthMax = 16;
  for (std::size_t i = 0; depth <= kDepthMax && i < node.size(); ++i) {
    const Node& child = node.items()[i];
    if (!child.is_object() && !child.is_array()) {
      const std::string_view key = node.is_object() ? node.key(i) : std::string_view{};
      const bool is_selector = key.ends_with("elector");
      if (const auto selector = network_policy::CalicoSelector::parse(child.text());
          is_selector && selector) {
        for (const network_policy::CalicoSelector::Node& part : selector->nodes()) {
          if (!part.key.empty()) {
            labels.insert(part.key);
          }
        }
      }
      continue;
    }
    add_calico_labels(child, labels, depth + 1);
  }
}

}  // namespace

std::set<std::string> Config::labels() const {
  std::set<std::string> labels;
  for (const ConfigPolicy& policy : policies_) {
    const Node* spec = set_->policies()[policy.index].object->root.find("spec");
    if (spec != nullptr && policy.kind == PolicyKind::Kubernetes) {
      add_selector_labels(*spec, labels, 0);
    } else if (spec != nullptr && spec->is_object()) {
      add_calico_labels(*spec, labels, 0);
    }
  }
  for (const LayerPolicy& policy : layer_policies_) {
    labels.insert(policy.labels.begin(), policy.labels.end());
  }
  return labels;
}

bool View::is_empty() const {
  for (std::size_t i = 0; i < config->policy_count(); ++i) {
    if (has(i)) {
      return false;
    }
  }
  return true;
}

bool View::has_layer(Layer layer) const {
  if (layer == Layer::IstioGateway && left_out.empty() && config->has_istio_gateways()) {
    return true;
  }
  for (std::size_t i = 0; i < config->policy_count(); ++i) {
    if (has(i) && config->layer_of(i) == layer) {
      return true;
    }
  }
  return false;
}

std::vector<std::size_t> View::evaluation_order() const {
  std::vector<std::size_t> order = config->evaluation_order();
  if (!moved_behind) {
    return order;
  }
  const std::vector<ConfigPolicy>& policies = config->policies();
  auto at = std::ranges::find(order, *moved_behind);
  while (std::next(at) != order.end() &&
         policies[*std::next(at)].order == policies[*moved_behind].order) {
    std::iter_swap(at, std::next(at));
    ++at;
  }
  return order;
}

View view_of(const Config& config) { return {.config = &config, .name = config.name()}; }

View without_policies(View view) {
  view.left_out.assign(view.config->policy_count(), true);
  return view;
}

View without_policy(View view, std::size_t policy) {
  view.left_out.resize(view.config->policy_count());
  view.left_out[policy] = true;
  return view;
}

View with_one_policy(View view, std::size_t policy) {
  view = without_policies(std::move(view));
  view.left_out[policy] = false;
  view.name += "/" + view.config->full_name_of(policy);
  return view;
}

View without_gateways(View view) {
  view.left_out.resize(view.config->policy_count());
  for (std::size_t i = 0; i < view.left_out.size(); ++i) {
    const Layer layer = view.config->layer_of(i);
    if (layer == Layer::Ingress || layer == Layer::IstioGateway) {
      view.left_out[i] = true;
    }
  }
  return view;
}

Result<View> select(const Config& config, std::string_view policy) {
  const std::string wanted(policy);
  std::string_view name = policy;
  std::string_view kind;
  for (const std::string_view one :
       {"K8sNetworkPolicy/", "CalicoNetworkPolicy/", "CalicoGlobalNetworkPolicy/",
        "IstioAuthorizationPolicy/", "IstioSidecar/", "Ingress/", "GatewayPolicy/"}) {
    if (name.starts_with(one)) {
      kind = one.substr(0, one.size() - 1);
      name.remove_prefix(one.size());
      break;
    }
  }
  std::vector<std::size_t> found;
  const auto collect = [&](auto&& is_meant) {
    for (std::size_t i = 0; i < config.policy_count(); ++i) {
      const LayerPolicy* const layer = config.layer_policy(i);
      const std::string_view own =
          layer == nullptr ? to_text(config.policies()[i].kind) : layer->kind;
      if ((kind.empty() || kind == own) && is_meant(i)) {
        found.push_back(i);
      }
    }
  };
  collect([&](std::size_t i) { return config.full_name_of(i) == name; });
  if (found.empty()) {
    collect([&](std::size_t i) {
      const LayerPolicy* const layer = config.layer_policy(i);
      return layer != nullptr
                 ? layer->name == name
                 : config.set().policies()[config.policies()[i].index].object->ref.name == name;
    });
  }
  if (found.size() != 1) {
    return content_error((found.empty() ? "no policy named " : "more than one policy named ") +
                         wanted + " in " + config.name());
  }
  return with_one_policy(view_of(config), found.front());
}

}  // namespace tally::reachability::query
