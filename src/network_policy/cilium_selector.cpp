// Endpoint selectors of Cilium: label selectors over the labels of an identity. Each of these has a
// source before its key ("k8s:app"); a key without one means any source. A pod's identity has the
// pod's labels (those that are relevant to security), and labels made from its namespace, service
// account and cluster.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "network_policy/internal/cilium.hpp"
#include "network_policy/internal/read_selector.hpp"
#include "scalar/label_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::SelectorOperator;

// Cilium pkg/k8s/apis/cilium.io/const.go.
constexpr std::string_view kNamespaceKey = "io.kubernetes.pod.namespace";
constexpr std::string_view kNamespaceLabels = "io.cilium.k8s.namespace.labels";
constexpr std::string_view kServiceAccountKey = "io.cilium.k8s.policy.serviceaccount";
constexpr std::string_view kClusterKey = "io.cilium.k8s.policy.cluster";

enum class LabelSource : std::uint8_t { Kubernetes, Reserved, Other };

struct Requirement {
  LabelSource source = LabelSource::Kubernetes;
  bool is_any_source = false;
  bool is_match_label = false;
  scalar::LabelRequirement what;
};

// Cilium pkg/labels/labels.go, parseSource: "$host" is short for "reserved:host".
Requirement with_source(std::string_view text) {
  Requirement requirement;
  if (text.starts_with('$')) {
    requirement.source = LabelSource::Reserved;
    requirement.what.key = text.substr(1);
    return requirement;
  }
  const std::size_t colon = text.find(':');
  const std::string_view source = colon == std::string_view::npos ? "any" : text.substr(0, colon);
  requirement.what.key = colon == std::string_view::npos ? text : text.substr(colon + 1);
  requirement.is_any_source = source == "any" || source.empty();
  if (source == "reserved") {
    requirement.source = LabelSource::Reserved;
  } else if (!requirement.is_any_source && source != "k8s") {
    requirement.source = LabelSource::Other;
  }
  return requirement;
}

// Labels of pods that are no part of an identity unless the agent is told so (Cilium
// Documentation/operations/performance/scalability/identity-relevant-labels.rst): whatever begins
// so.
bool is_irrelevant(std::string_view key) {
  constexpr std::array<std::string_view, 12> kIgnored{"io.kubernetes",
                                                      "kubernetes.io",
                                                      "statefulset.kubernetes.io/pod-name",
                                                      "apps.kubernetes.io/pod-index",
                                                      "batch.kubernetes.io/job-completion-index",
                                                      "batch.kubernetes.io/controller-uid",
                                                      "beta.kubernetes.io",
                                                      "k8s.io",
                                                      "pod-template-",
                                                      "controller-revision-hash",
                                                      "controller-uid",
                                                      "etcd_node"};
  if (key.starts_with("pod-template-")) {
    return key.starts_with("pod-template-generation") || key.starts_with("pod-template-hash");
  }
  return key.starts_with("annotation") ||
         std::ranges::any_of(kIgnored, [&](std::string_view one) { return key.starts_with(one); });
}

Read<void> add(std::vector<Requirement>& all, Requirement requirement, const Node& at,
               const std::string& pointer) {
  scalar::LabelSelector probe;
  if (auto done = probe.add(requirement.what); !done) {
    return fault(pointer, at, done.error().message);
  }
  std::ranges::sort(requirement.what.values);
  all.push_back(std::move(requirement));
  return {};
}

Read<std::vector<Requirement>> read_requirements(const Node& selector, const std::string& pointer) {
  if (!selector.is_object()) {
    return fault(pointer, selector, "found " + quoted(selector) + ", expected a label selector");
  }
  std::vector<Requirement> all;
  if (const Node* labels = field(selector, "matchLabels"); labels != nullptr) {
    for (const document::Member member : labels->members()) {
      const std::string at = pointer + "/matchLabels";
      if (!member.value.is_string()) {
        return fault(at, member.value, "found " + quoted(member.value) + ", expected a string");
      }
      Requirement requirement = with_source(member.key);
      requirement.is_match_label = true;
      requirement.what.op = SelectorOperator::In;
      requirement.what.values = {std::string(member.value.text())};
      if (auto done = add(all, std::move(requirement), member.value, at); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
  }
  if (const Node* expressions = field(selector, "matchExpressions"); expressions != nullptr) {
    for (std::size_t i = 0; i < expressions->size(); ++i) {
      const Node& item = expressions->items()[i];
      const std::string at = pointer + "/matchExpressions/" + std::to_string(i);
      const Node* key = field(item, "key");
      const Node* op = field(item, "operator");
      const auto known = op == nullptr ? std::nullopt : scalar::parse_operator(op->text());
      if (key == nullptr || !known || *known == SelectorOperator::GreaterThan ||
          *known == SelectorOperator::LessThan) {
        return fault(at, item, "expected a key and one of In, NotIn, Exists, DoesNotExist");
      }
      Requirement requirement = with_source(key->text());
      requirement.what.op = *known;
      if (const Node* values = field(item, "values"); values != nullptr) {
        for (const Node& value : values->items()) {
          requirement.what.values.emplace_back(value.text());
        }
      }
      if (auto done = add(all, std::move(requirement), item, at); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
  }
  return all;
}

bool is_positive(const Requirement& requirement) {
  return requirement.what.op == SelectorOperator::In ||
         requirement.what.op == SelectorOperator::Exists;
}

TermOperator term_operator(SelectorOperator op) {
  switch (op) {
    case SelectorOperator::In:
      return TermOperator::In;
    case SelectorOperator::NotIn:
      return TermOperator::NotIn;
    case SelectorOperator::DoesNotExist:
      return TermOperator::DoesNotExist;
    case SelectorOperator::Exists:
    case SelectorOperator::GreaterThan:
    case SelectorOperator::LessThan:
      return TermOperator::Exists;
  }
  return TermOperator::Exists;
}

// What a requirement says about a pod.
SelectorId pod_term(SelectorPool& pool, const Requirement& requirement) {
  const scalar::LabelRequirement& what = requirement.what;
  const SelectorId if_absent = is_positive(requirement) ? kNothing : kEverything;
  const SelectorId if_present = what.op == SelectorOperator::Exists ? kEverything : kNothing;
  const bool asks_for_value = what.op == SelectorOperator::In || what.op == SelectorOperator::NotIn;
  if (requirement.source != LabelSource::Kubernetes) {
    return if_absent;
  }
  Term term{.subject = Subject::PodLabel,
            .key = what.key,
            .op = term_operator(what.op),
            .values = what.values};
  if (what.key == kClusterKey) {
    return asks_for_value ? pool.undecided("the name of the cluster") : if_present;
  }
  if (what.key == kNamespaceKey || what.key == kServiceAccountKey) {
    if (!asks_for_value) {
      return if_present;
    }
    term.subject = what.key == kNamespaceKey ? Subject::NamespaceName : Subject::ServiceAccount;
    term.key.clear();
    return pool.term(std::move(term));
  }
  if (what.key.starts_with(kNamespaceLabels) && what.key.size() > kNamespaceLabels.size() + 1) {
    term.subject = Subject::NamespaceLabel;
    term.key.erase(0, kNamespaceLabels.size() + 1);
    return pool.term(std::move(term));
  }
  return is_irrelevant(what.key) ? if_absent : pool.term(std::move(term));
}

SelectorId all_terms(SelectorPool& pool, const std::vector<Requirement>& requirements,
                     std::vector<SelectorId> parts) {
  for (const Requirement& requirement : requirements) {
    parts.push_back(pod_term(pool, requirement));
  }
  return pool.all_of(std::move(parts));
}

bool names_namespace(const Requirement& requirement) {
  return requirement.source == LabelSource::Kubernetes &&
         (requirement.what.key == kNamespaceKey ||
          requirement.what.key.starts_with(kNamespaceLabels));
}

bool is_reserved(const Requirement& requirement) {
  return requirement.source == LabelSource::Reserved;
}

// Cilium pkg/k8s/apis/cilium.io/utils/utils.go, getEndpointSelector: a selector that names no
// namespace means the policy's own; of a clusterwide policy every pod, since it asks for the label
// of the namespace.
std::vector<SelectorId> namespace_parts(const CiliumScope& scope,
                                        const std::vector<Requirement>& requirements) {
  std::vector<SelectorId> parts{cilium_endpoints(scope.builder)};
  if (!scope.name_space.empty() && std::ranges::none_of(requirements, names_namespace)) {
    parts.push_back(scope.builder.selectors().in_namespace(scope.name_space));
  }
  return parts;
}

}  // namespace

SelectorId cilium_endpoints(PolicySetBuilder& builder) {
  return builder.selectors().term(
      {.subject = Subject::HostNetwork, .key = {}, .op = TermOperator::In, .values = {"false"}});
}

SelectorId cilium_host_pods(PolicySetBuilder& builder) {
  return builder.selectors().term(
      {.subject = Subject::HostNetwork, .key = {}, .op = TermOperator::In, .values = {"true"}});
}

// Cilium pkg/k8s/apis/cilium.io/utils/utils.go, ParseToCiliumRule: the namespace of the policy
// takes the place of one that the selector asks for.
Read<SelectorId> read_cilium_subject(const CiliumScope& scope, const Node& selector,
                                     const std::string& pointer) {
  auto requirements = read_requirements(selector, pointer);
  if (!requirements) {
    return std::unexpected(std::move(requirements).error());
  }
  std::vector<SelectorId> parts{cilium_endpoints(scope.builder)};
  if (!scope.name_space.empty()) {
    const auto is_replaced = [](const Requirement& one) {
      return one.is_match_label && one.source == LabelSource::Kubernetes && !one.is_any_source &&
             one.what.key == kNamespaceKey;
    };
    const bool names_another = std::ranges::any_of(*requirements, [&](const Requirement& one) {
      return is_replaced(one) && one.what.values.front() != scope.name_space;
    });
    if (names_another) {
      scope.ignored(pointer + "/matchLabels", selector,
                    "an endpointSelector applies in the namespace of its policy, whatever "
                    "namespace it names");
    }
    std::erase_if(*requirements, is_replaced);
    parts.push_back(scope.builder.selectors().in_namespace(scope.name_space));
  }
  return all_terms(scope.builder.selectors(), *requirements, std::move(parts));
}

Read<void> read_cilium_endpoint(const CiliumScope& scope, const Node& selector,
                                const std::string& pointer, RuleDraft& rule) {
  auto requirements = read_requirements(selector, pointer);
  if (!requirements) {
    return std::unexpected(std::move(requirements).error());
  }
  SelectorPool& pool = scope.builder.selectors();
  if (std::ranges::none_of(*requirements, is_reserved)) {
    rule.peers.push_back(
        {.endpoints = all_terms(pool, *requirements, namespace_parts(scope, *requirements))});
    return {};
  }
  // "The k8s prefix must not be added to reserved labels": no namespace is asked for.
  if (requirements->size() == 1 && is_positive(requirements->front())) {
    const scalar::LabelRequirement& what = requirements->front().what;
    const bool is_met = what.op == SelectorOperator::Exists ||
                        std::ranges::find(what.values, "") != what.values.end();
    if (is_met) {
      (void)add_cilium_entity(scope, what.key, rule);
    }
    return {};
  }
  const bool may_be_entity = std::ranges::all_of(*requirements, [](const Requirement& one) {
    return one.source == LabelSource::Reserved || !is_positive(one);
  });
  rule.peers.push_back(
      {.endpoints = all_terms(pool, *requirements, {cilium_endpoints(scope.builder)}),
       .unknown =
           may_be_entity ? "reserved labels of peers that are no pods" : std::string_view{}});
  return {};
}

Read<SelectorId> read_cilium_requirement(const CiliumScope& scope, const Node& selector,
                                         const std::string& pointer) {
  auto requirements = read_requirements(selector, pointer);
  if (!requirements) {
    return std::unexpected(std::move(requirements).error());
  }
  return all_terms(scope.builder.selectors(), *requirements, namespace_parts(scope, *requirements));
}

Read<SelectorId> read_cilium_nodes(const CiliumScope& scope, const Node& selector,
                                   const std::string& pointer) {
  auto requirements = read_requirements(selector, pointer);
  if (!requirements) {
    return std::unexpected(std::move(requirements).error());
  }
  SelectorPool& pool = scope.builder.selectors();
  std::vector<SelectorId> parts{cilium_host_pods(scope.builder)};
  for (const Requirement& one : *requirements) {
    parts.push_back(pool.term({.subject = Subject::NodeLabel,
                               .key = one.what.key,
                               .op = term_operator(one.what.op),
                               .values = one.what.values}));
  }
  return pool.all_of(std::move(parts));
}

}  // namespace tally::network_policy
