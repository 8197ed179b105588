#include "reachability/netpol_analyzer/internal/representatives.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "kube/namespace_labels.hpp"
#include "kube/selectors.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using document::Node;
using network_policy::Direction;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;

std::string requirement_text(const scalar::LabelRequirement& requirement) {
  std::string text = requirement.key;
  text.append("|").append(scalar::operator_name(requirement.op)).append("|");
  for (const std::string& value : requirement.values) {
    text.append(value).append(",");
  }
  return text;
}

bool is_admin(const Policy& policy) { return policy.object->ref.kind != "NetworkPolicy"; }

// The list of `from` or `to` of a rule.
const Node* peers_node(const Policy& policy, const Rule& rule) {
  const Node* spec = field(&policy.object->root, "spec");
  const bool is_ingress = rule.direction == Direction::Ingress;
  const Node* rules = field(spec, is_ingress ? "ingress" : "egress");
  if (rules == nullptr || rule.ordinal >= rules->size()) {
    return nullptr;
  }
  return field(&rules->items()[rule.ordinal], is_ingress ? "from" : "to");
}

std::optional<PodPeer> read_admin_peer(const Node& node) {
  PodPeer peer;
  if (const Node* namespaces = field(&node, "namespaces"); namespaces != nullptr) {
    peer.namespaces = Requirements::read(namespaces);
    peer.pods.is_absent = true;
    return peer;
  }
  const Node* pods = field(&node, "pods");
  if (pods == nullptr) {
    return std::nullopt;
  }
  static const Node kEmpty;
  const auto read = [&](std::string_view key) {
    const Node* selector = field(pods, key);
    return Requirements::read(selector == nullptr ? &kEmpty : selector);
  };
  peer.namespaces = read("namespaceSelector");
  peer.pods = read("podSelector");
  return peer;
}

std::optional<PodPeer> read_peer(const Policy& policy, const Node& node) {
  if (is_admin(policy)) {
    return read_admin_peer(node);
  }
  if (field(&node, "ipBlock") != nullptr) {
    return std::nullopt;
  }
  PodPeer peer;
  peer.namespaces = Requirements::read(field(&node, "namespaceSelector"));
  peer.pods = Requirements::read(field(&node, "podSelector"));
  if (peer.namespaces.is_absent) {
    peer.own_namespace = policy.object->ref.name_space;
  }
  return peer;
}

// {Key:app,Operator:In,Values:[a b],}: how Go prints a requirement.
std::string expressions_text(const Node& list) {
  std::vector<std::string> texts;
  for (const Node& item : list.items()) {
    const Node* key = field(&item, "key");
    const Node* op = field(&item, "operator");
    std::string text = "{Key:" + std::string(key == nullptr ? "" : key->text());
    text += ",Operator:" + std::string(op == nullptr ? "" : op->text()) + ",Values:[";
    if (const Node* values = field(&item, "values"); values != nullptr) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        text.append(i == 0 ? "" : " ").append(values->items()[i].text());
      }
    }
    texts.push_back(text + "],}");
  }
  std::ranges::sort(texts);
  std::string joined;
  for (const std::string& text : texts) {
    joined.append(joined.empty() ? "" : ",").append(text);
  }
  return joined;
}

std::string selector_text(const Node& selector) {
  std::string text;
  if (const Node* labels = field(&selector, "matchLabels"); labels != nullptr) {
    std::vector<std::string> pairs;
    for (const document::Member label : labels->members()) {
      pairs.push_back(std::string(label.key) + "=" + std::string(label.value.text()));
    }
    std::ranges::sort(pairs);
    for (const std::string& pair : pairs) {
      text.append(text.empty() ? "" : ",").append(pair);
    }
  }
  const Node* expressions = field(&selector, "matchExpressions");
  if (expressions != nullptr && expressions->size() > 0) {
    text.append(text.empty() ? "" : ",").append(expressions_text(*expressions));
  }
  return text;
}

// The one label by which a selector names a namespace, if it says nothing else.
std::optional<std::string_view> only_name(const Requirements& namespaces) {
  if (namespaces.selector == nullptr || namespaces.has_expressions()) {
    return std::nullopt;
  }
  const Node* labels = field(namespaces.selector, "matchLabels");
  if (labels == nullptr || labels->size() != 1 || labels->key(0) != kube::kNamespaceNameLabel) {
    return std::nullopt;
  }
  return labels->items()[0].text();
}

Representative name(PodPeer peer) {
  Representative found;
  const auto only =
      peer.own_namespace.empty() ? only_name(peer.namespaces) : std::optional(peer.own_namespace);
  bool is_name = true;
  if (only) {
    found.name_space_text = *only;
  } else {
    is_name = false;
    found.name_space_text =
        peer.namespaces.list.empty()
            ? "all namespaces"
            : "namespace with {" + selector_text(*peer.namespaces.selector) + "}";
  }
  found.pod_text =
      peer.pods.list.empty() ? "all pods" : "pod with {" + selector_text(*peer.pods.selector) + "}";
  found.text = (is_name ? found.name_space_text : "[" + found.name_space_text + "]") + "/[" +
               found.pod_text + "]";
  found.peer = std::move(peer);
  return found;
}

bool answers(const Node* selector, auto&& label_of) {
  const Node* labels = field(selector, "matchLabels");
  if (labels == nullptr) {
    return true;
  }
  for (const document::Member label : labels->members()) {
    if (label_of(label.key) != label.value.text()) {
      return false;
    }
  }
  return true;
}

// Whether a workload is just what the selectors ask for. Selectors with expressions, and those that
// leave the namespace or the pod open, stand for more than any workload.
bool is_answered(const PodPeer& peer, const Workloads& workloads) {
  if (peer.pods.is_absent || peer.pods.list.empty() || peer.pods.has_expressions() ||
      peer.namespaces.has_expressions() ||
      (peer.own_namespace.empty() && peer.namespaces.list.empty())) {
    return false;
  }
  return std::ranges::any_of(workloads.list, [&](const Workload& workload) {
    const topology::Namespace& name_space = workloads.namespaces[workload.name_space];
    const bool is_in = peer.own_namespace.empty()
                           ? answers(peer.namespaces.selector,
                                     [&](std::string_view key) { return name_space.label(key); })
                           : name_space.name == peer.own_namespace;
    return is_in && !workload.is_ingress_controller &&
           answers(peer.pods.selector, [&](std::string_view key) { return workload.label(key); });
  });
}

// Two items that select the same are one representative: the namespace of a policy is the same as a
// selector of its name.
std::string key_of(const PodPeer& peer) {
  std::string key;
  if (!peer.own_namespace.empty()) {
    key = requirement_text({.key = std::string(kube::kNamespaceNameLabel),
                            .op = scalar::SelectorOperator::In,
                            .values = {std::string(peer.own_namespace)}});
  }
  for (const std::string& requirement : peer.namespaces.list) {
    key += requirement;
  }
  key += "/";
  for (const std::string& requirement : peer.pods.list) {
    key += requirement;
  }
  return key;
}

}  // namespace

Requirements Requirements::read(const Node* selector) {
  Requirements requirements;
  if (selector == nullptr) {
    requirements.is_absent = true;
    return requirements;
  }
  requirements.selector = selector;
  // A broken selector was refused when the policy was read.
  if (const auto read = kube::read_label_selector(*selector)) {
    for (const scalar::LabelRequirement& requirement : read->requirements()) {
      requirements.list.push_back(requirement_text(requirement));
    }
  }
  std::ranges::sort(requirements.list);
  return requirements;
}

bool Requirements::has_expressions() const {
  const Node* expressions = field(selector, "matchExpressions");
  return expressions != nullptr && expressions->size() > 0;
}

std::vector<PodPeer> pod_peers(const Policy& policy, const Rule& rule) {
  std::vector<PodPeer> peers;
  const Node* nodes = peers_node(policy, rule);
  for (std::size_t i = 0; nodes != nullptr && i < nodes->size(); ++i) {
    if (auto peer = read_peer(policy, nodes->items()[i])) {
      peers.push_back(std::move(*peer));
    }
  }
  return peers;
}

PodPeer subject_of(const Policy& policy) {
  const Node* subject = field(field(&policy.object->root, "spec"), "subject");
  auto peer = subject == nullptr ? std::nullopt : read_admin_peer(*subject);
  return peer ? std::move(*peer) : PodPeer{};
}

bool means(const PodPeer& rule, const PodPeer& representative) {
  if (rule.namespaces.is_absent) {
    if (rule.own_namespace.empty() || rule.own_namespace != representative.own_namespace) {
      return false;
    }
  } else if (!rule.namespaces.list.empty()) {
    // The namespace of a policy counts as a selector of its name.
    const bool is_same = representative.own_namespace.empty()
                             ? rule.namespaces.list == representative.namespaces.list
                             : only_name(rule.namespaces) == representative.own_namespace;
    if (!is_same) {
      return false;
    }
  }
  return rule.pods.mean(representative.pods);
}

std::vector<Representative> find_representatives(const PolicySet& set, const Workloads& workloads) {
  std::vector<Representative> found;
  std::set<std::string> known;
  for (const Policy& policy : set.policies()) {
    for (const Rule& rule : set.rules_of(policy)) {
      if (!policy.applies[static_cast<std::size_t>(rule.direction)]) {
        continue;
      }
      std::vector<PodPeer> peers = pod_peers(policy, rule);
      const bool has_cluster = std::ranges::any_of(peers, &PodPeer::is_cluster);
      if (has_cluster && !is_admin(policy)) {
        continue;  // upstream leaves such a rule's other items out
      }
      for (PodPeer& peer : peers) {
        if (!peer.is_cluster() && known.insert(key_of(peer)).second &&
            !is_answered(peer, workloads)) {
          found.push_back(name(std::move(peer)));
        }
      }
    }
  }
  return found;
}

}  // namespace tally::reachability::netpol_analyzer
