#include "reachability/netpol_analyzer/checks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "kube/selectors.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"
#include "reachability/netpol_analyzer/internal/representatives.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using document::Node;
using kube::Object;
using network_policy::LoadProblem;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;

Error error_at(const Object* object, std::uint32_t offset, std::string message) {
  Error error{
      .kind = ErrorKind::Content, .message = std::move(message), .file = {}, .at = {}, .hint = {}};
  if (object != nullptr && object->source != nullptr) {
    error.file = object->source->name();
    error.at = object->source->position(offset);
  }
  return error;
}

std::string full_name(const Object& object) {
  return object.ref.name_space.empty()
             ? std::string(object.ref.name)
             : std::string(object.ref.name_space) + "/" + std::string(object.ref.name);
}

// Upstream's title for a fault of a NetworkPolicy, by which its users know it, and its own words
// where ours are others.
std::string_view upstream_words(const LoadProblem& problem) {
  const std::string_view pointer = problem.pointer;
  const std::string_view message = problem.message;
  if (message.find("cannot stand beside") != std::string_view::npos) {
    return "rule NetworkPolicyPeer error: cannot have both IPBlock and "
           "PodSelector/NamespaceSelector set: ";
  }
  if (message.starts_with("a peer must have")) {
    return "rule NetworkPolicyPeer error: cannot have empty rule peer: ";
  }
  if (pointer.find("/ipBlock") != std::string_view::npos) {
    return "CIDR error: ";
  }
  if (pointer.ends_with("Selector")) {
    return "selector error: ";
  }
  if (pointer.ends_with("/endPort") && message.find("found the name") != std::string_view::npos) {
    return "named port error: endPort field cannot be defined if the port field is defined as a "
           "named (string) port: ";
  }
  return "";
}

constexpr std::string_view kAdminGroup = "policy.networking.k8s.io";

// Two AdminNetworkPolicies of one priority: which of them goes first is not defined.
Result<void> check_priorities(const PolicySet& set) {
  const Policy* before = nullptr;
  for (const Policy& policy : set.policies()) {
    if (policy.object->ref.kind != "AdminNetworkPolicy") {
      continue;
    }
    if (before != nullptr && before->order == policy.order) {
      return std::unexpected(error_at(
          policy.object, policy.object->root.offset(),
          "Admin Network Policies: " + std::string(before->object->ref.name) + " and " +
              std::string(policy.object->ref.name) +
              " have same priority; Two policies are considered to be conflicting if they are "
              "assigned the same priority."));
    }
    before = &policy;
  }
  return {};
}

Result<void> check_baseline(const PolicySet& set) {
  const Policy* before = nullptr;
  for (const Policy& policy : set.policies()) {
    if (policy.object->ref.kind != "BaselineAdminNetworkPolicy") {
      continue;
    }
    if (before != nullptr) {
      return std::unexpected(
          error_at(policy.object, policy.object->root.offset(),
                   "only one baseline admin network policy may be provided in input resources; one "
                   "already exists"));
    }
    if (policy.object->ref.name != "default") {
      return std::unexpected(error_at(
          policy.object, policy.object->metadata.offset(),
          "only one baseline admin network policy with metadata.name=default can be created in the "
          "cluster, found \"" +
              std::string(policy.object->ref.name) + "\""));
    }
    before = &policy;
  }
  return {};
}

// Labels in which two pods differ: key -> both values, "" for none.
using Gap = std::map<std::string_view, std::pair<std::string_view, std::string_view>>;

Gap gap_between(const Node& first, const Node& second) {
  Gap gap;
  for (const document::Member label : first.members()) {
    const Node* other = second.find(label.key);
    if (other == nullptr || other->text() != label.value.text()) {
      gap[label.key] = {label.value.text(), other == nullptr ? std::string_view{} : other->text()};
    }
  }
  for (const document::Member label : second.members()) {
    if (first.find(label.key) == nullptr) {
      gap[label.key] = {{}, label.value.text()};
    }
  }
  return gap;
}

// The key that a selector uses such that it may tell the two pods apart.
std::optional<std::string_view> key_seen_by(const Node* selector, const Gap& gap) {
  if (const Node* labels = field(selector, "matchLabels"); labels != nullptr) {
    for (const document::Member label : labels->members()) {
      const auto at = gap.find(label.key);
      if (at != gap.end() &&
          (label.value.text() == at->second.first || label.value.text() == at->second.second)) {
        return at->first;
      }
    }
  }
  const Node* expressions = field(selector, "matchExpressions");
  for (std::size_t i = 0; expressions != nullptr && i < expressions->size(); ++i) {
    const Node& expression = expressions->items()[i];
    const Node* key = field(&expression, "key");
    const Node* op = field(&expression, "operator");
    const auto at = key == nullptr ? gap.end() : gap.find(key->text());
    if (at == gap.end() || op == nullptr || op->text() == "Exists" ||
        op->text() == "DoesNotExist") {
      continue;
    }
    bool has_first = false;
    bool has_second = false;
    if (const Node* values = field(&expression, "values"); values != nullptr) {
      for (const Node& value : values->items()) {
        has_first = has_first || value.text() == at->second.first;
        has_second = has_second || value.text() == at->second.second;
      }
    }
    if (has_first != has_second) {
      return at->first;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> key_seen_by(const PolicySet& set, const Policy& policy,
                                            const kube::Snapshot& snapshot,
                                            std::string_view name_space, const Gap& gap) {
  topology::Namespace owner{.name = name_space,
                            .object = snapshot.find("", "Namespace", "", name_space)};
  const auto is_in = [&](const Requirements& namespaces) {
    if (namespaces.is_absent || namespaces.selector == nullptr) {
      return true;
    }
    const auto selector = kube::read_label_selector(*namespaces.selector);
    return selector && selector->matches([&](std::string_view key) { return owner.label(key); });
  };
  const Node* spec = field(&policy.object->root, "spec");
  if (policy.object->ref.kind == "NetworkPolicy") {
    if (policy.object->ref.name_space == name_space) {
      if (const auto key = key_seen_by(field(spec, "podSelector"), gap)) {
        return key;
      }
    }
  } else {
    const PodPeer subject = subject_of(policy);
    if (!subject.pods.is_absent && is_in(subject.namespaces)) {
      if (const auto key = key_seen_by(subject.pods.selector, gap)) {
        return key;
      }
    }
  }
  for (const Rule& rule : set.rules_of(policy)) {
    if (!policy.applies[static_cast<std::size_t>(rule.direction)]) {
      continue;
    }
    for (const PodPeer& peer : pod_peers(policy, rule)) {
      if (!peer.pods.is_absent && is_in(peer.namespaces)) {
        if (const auto key = key_seen_by(peer.pods.selector, gap)) {
          return key;
        }
      }
    }
  }
  return std::nullopt;
}

struct OwnedPod {
  const Object* pod = nullptr;
  Node labels;
};

std::optional<std::string_view> owner_name(const Object& pod) {
  const Node* owners = field(&pod.metadata, "ownerReferences");
  for (std::size_t i = 0; owners != nullptr && i < owners->size(); ++i) {
    const Node& owner = owners->items()[i];
    const Node* controls = field(&owner, "controller");
    if (controls != nullptr && controls->boolean()) {
      const Node* kind = field(&owner, "kind");
      const Node* name = field(&owner, "name");
      if (name == nullptr || (kind != nullptr && kind->text() == "Node")) {
        return std::nullopt;
      }
      return name->text();
    }
  }
  return std::nullopt;
}

std::string gap_text(const Object& first, const Object& second, std::string_view key,
                     const std::pair<std::string_view, std::string_view>& values) {
  const auto has = [&](const Object& pod, std::string_view value) {
    return "Pod \"" + full_name(pod) + "\" has label `" + std::string(key) + "=" +
           std::string(value) + "`";
  };
  const auto lacks = [&](const Object& pod) {
    return "Pod \"" + full_name(pod) + "\" does not have label `" + std::string(key) + "`";
  };
  if (values.first.empty()) {
    return has(second, values.second) + ", and " + lacks(first);
  }
  if (values.second.empty()) {
    return has(first, values.first) + ", and " + lacks(second);
  }
  return has(second, values.second) + ", and " + has(first, values.first);
}

}  // namespace

Result<void> check_names(const kube::Snapshot& snapshot) {
  for (const std::uint32_t position : snapshot.shadowed()) {
    const Object& object = snapshot.objects()[position];
    const std::string_view kind = object.ref.kind;
    const bool is_policy = kind == "NetworkPolicy" || kind == "MultiNetworkPolicy" ||
                           (object.ref.group == kAdminGroup && kind == "AdminNetworkPolicy");
    if (is_policy || (kind == "Namespace" && object.ref.group.empty())) {
      return std::unexpected(error_at(&object, object.root.offset(),
                                      std::string(kind) + " \"" + full_name(object) +
                                          "\" already exists. Only one object of a given kind can "
                                          "have a given name at a time."));
    }
    if (kind == "BaselineAdminNetworkPolicy") {
      return std::unexpected(
          error_at(&object, object.root.offset(),
                   "only one baseline admin network policy may be provided in input resources; one "
                   "already exists"));
    }
  }
  return {};
}

Result<void> check_policies(const PolicySet& set, std::vector<Warning>& warnings) {
  for (const LoadProblem& problem : set.problems()) {
    std::string message = problem.message;
    if (problem.object != nullptr) {
      message = std::string(problem.object->ref.kind) + " '" + full_name(*problem.object) + "' " +
                problem.pointer + ": " + std::string(upstream_words(problem)) + message;
    }
    Error error = error_at(problem.object, problem.offset, std::move(message));
    if (problem.kind == LoadProblem::Kind::Invalid) {
      return std::unexpected(std::move(error));
    }
    warnings.push_back(
        {.message = std::move(error.message), .file = std::move(error.file), .at = error.at});
  }
  for (const Rule& rule : set.rules()) {
    const Object* object = set.policies()[rule.policy].object;
    for (const network_policy::Peers& peers : set.peers_of(rule)) {
      if (peers.unknown.empty() || object->ref.group != kAdminGroup) {
        continue;
      }
      Error error = error_at(
          object, rule.offset,
          std::string(object->ref.kind) + " '" + full_name(*object) + "' " +
              std::string(rule.pointer) +
              ": Nodes field of an AdminNetworkPolicyEgressPeer is not supported, nor is a domain "
              "name: the peer is left out");
      warnings.push_back(
          {.message = std::move(error.message), .file = std::move(error.file), .at = error.at});
    }
  }
  TALLY_CHECK(check_baseline(set));
  return check_priorities(set);
}

Result<void> check_owners(const kube::Snapshot& snapshot, const PolicySet& set) {
  std::map<std::pair<std::string_view, std::string_view>, OwnedPod> first_of;
  for (const Object& object : snapshot.objects()) {
    if (object.ref.kind != "Pod" || !object.ref.group.empty()) {
      continue;
    }
    const auto owner = owner_name(object);
    if (!owner) {
      continue;
    }
    const Node labels = object.labels();
    const auto [at, is_new] = first_of.try_emplace(std::pair(object.ref.name_space, *owner),
                                                   OwnedPod{.pod = &object, .labels = labels});
    if (is_new) {
      continue;
    }
    const Gap gap = gap_between(at->second.labels, labels);
    if (gap.empty()) {
      continue;
    }
    for (const Policy& policy : set.policies()) {
      const auto key = key_seen_by(set, policy, snapshot, object.ref.name_space, gap);
      if (!key) {
        continue;
      }
      return std::unexpected(error_at(
          &object, object.metadata.offset(),
          "Found Pods of the same owner workload `" + std::string(object.ref.name_space) + "/" +
              std::string(*owner) +
              "` and with differences in their labels, while a network policy contains selectors "
              "impacted by this gap. " +
              gap_text(*at->second.pod, object, *key, gap.at(*key)) + ", while " +
              std::string(policy.object->ref.kind) + " \"" + full_name(*policy.object) +
              "\" selects by it"));
    }
  }
  return {};
}

Result<void> check_named_ports(Connectivity& connectivity) {
  const PolicySet& set = connectivity.set();
  for (const Rule& rule : set.rules()) {
    const Policy& policy = set.policies()[rule.policy];
    if (policy.object->ref.kind != "NetworkPolicy" || rule.ports_begin == rule.ports_end ||
        rule.direction != network_policy::Direction::Egress ||
        !policy.applies[static_cast<std::size_t>(rule.direction)] ||
        connectivity.members(policy.subject).empty()) {
      continue;
    }
    const bool has_addresses =
        rule.is_any_peer || std::ranges::any_of(set.peers_of(rule), [](const auto& peers) {
          return peers.addresses != network_policy::kNoAddresses;
        });
    if (has_addresses) {
      return std::unexpected(error_at(policy.object, rule.offset,
                                      "NetworkPolicy '" + full_name(*policy.object) +
                                          "' named port error: cannot convert named port for an IP "
                                          "destination"));
    }
  }
  return {};
}

void warn_of_named_ports(Connectivity& connectivity, const Workloads& workloads,
                         std::vector<Warning>& warnings) {
  const PolicySet& set = connectivity.set();
  std::set<std::string> said;
  for (const Rule& rule : set.rules()) {
    const Policy& policy = set.policies()[rule.policy];
    const auto named = set.named_ports_of(rule);
    if (named.empty()) {
      continue;
    }
    std::vector<std::uint32_t> destinations;
    if (rule.direction == network_policy::Direction::Ingress) {
      destinations = connectivity.members(policy.subject);
    } else if (rule.is_any_peer) {
      destinations = connectivity.members(network_policy::kEverything);
    } else {
      for (const network_policy::Peers& peers : set.peers_of(rule)) {
        std::ranges::copy(connectivity.members(peers.endpoints), std::back_inserter(destinations));
      }
    }
    for (const network_policy::NamedPort& port : named) {
      for (const std::uint32_t i : destinations) {
        const Workload& workload = workloads.list[i];
        if (workload.named_port(port.name) != nullptr) {
          continue;
        }
        std::string message = std::string(policy.object->ref.kind) + " '" +
                              full_name(*policy.object) + "' " + std::string(rule.pointer) +
                              ": port name: \"" + std::string(port.name) +
                              "\" has no match in the configuration of the destination peer \"" +
                              workload.text + "\"";
        if (said.insert(message).second) {
          Error error = error_at(policy.object, rule.offset, std::move(message));
          warnings.push_back(
              {.message = std::move(error.message), .file = std::move(error.file), .at = error.at});
        }
      }
    }
  }
}

}  // namespace tally::reachability::netpol_analyzer
