// Rule: a namespaceSelector asks for labels that a namespace carries.
// Examined: the namespaceSelectors of peers. Of a namespace that is not in the input only
// kubernetes.io/metadata.name is known: then it is said as info, and only of the keys that people
// take for that one (`name`, `namespace`, `kubernetes.io/name`). Medium if the namespace that was
// meant is in the input and lacks the label; low if there may be others outside of it.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr std::array kReferences = {std::string_view{
    "https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name"}};
constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "namespace-label-unknown",
    .title = "No namespace carries these labels",
    .description =
        "The API server gives every namespace the one label kubernetes.io/metadata.name. Every "
        "other label, `name` too, is there only if somebody set it. Where no namespace carries "
        "what a namespaceSelector asks for, the peer matches nothing: the rule is dead, and what "
        "it was to allow is denied.",
    .remedy =
        "Select by kubernetes.io/metadata.name, or set the label on the namespace, in the "
        "manifest that creates it.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kReferences};

bool is_taken_for_name(std::string_view key) {
  constexpr std::array<std::string_view, 5> kKeys{"name", "namespace", "ns", "kubernetes.io/name",
                                                  "metadata.name"};
  return std::ranges::find(kKeys, key) != kKeys.end();
}

// "web-tier" of a selector that asks for name=web-tier, or nothing.
std::string_view meant_name(const scalar::LabelSelector& selector) {
  for (const scalar::LabelRequirement& requirement : selector.requirements()) {
    if (requirement.op == scalar::SelectorOperator::In && requirement.values.size() == 1 &&
        is_taken_for_name(requirement.key)) {
      return requirement.values.front();
    }
  }
  return {};
}

void judge(View& view, const PlainPolicy& policy, const PlainPeer& peer, Reporter& reporter) {
  const scalar::LabelSelector& selector = *peer.namespaces;
  const MatchedNamespaces& namespaces = view.namespaces_with(selector);
  if (!namespaces.sure.empty() || selector.is_empty()) {
    return;
  }
  const std::string_view name = meant_name(selector);
  const auto& topology = view.topology();
  const bool is_any_known =
      std::ranges::any_of(topology.namespaces(), &topology::Namespace::is_known);
  const bool is_there = !name.empty() && topology.find_namespace(name).has_value();
  if (!is_any_known && name.empty()) {
    return;  // nothing of the input says anything about labels of namespaces
  }
  // A name that the server sets needs no namespace in the input to be right.
  const bool is_only_name = std::ranges::all_of(
      selector.requirements(),
      [](const scalar::LabelRequirement& one) { return one.key == kNameLabel; });
  const bool is_unsure = !is_any_known || !namespaces.perhaps.empty() || is_only_name;
  if (is_only_name && !is_any_known) {
    return;
  }
  const document::Node* node = peer.node->find("namespaceSelector");
  std::string message =
      is_any_known
          ? fmt::format("no namespace of the input carries {}", selector.to_string())
          : fmt::format("the input holds no namespace that carries {}", selector.to_string());
  if (!name.empty()) {
    message += fmt::format(
        "; nobody sets that label by default: Kubernetes gives every namespace "
        "{} and nothing else",
        kNameLabel);
  }
  message += is_there ? fmt::format(". A namespace {} is in the input: {}={} selects it",
                                    quoted(name), kNameLabel, name)
                      : ". Where no namespace carries it, the peer matches nothing";
  reporter.add(kCheck,
               is_there && namespaces.perhaps.empty() ? kCheck.severity
               : is_unsure                            ? finding::Severity::Info
                                                      : finding::Severity::Low,
               *policy.object, {peer.pointer + "/namespaceSelector", node->offset()},
               {.found = selector.to_string(),
                .allowed = name.empty() ? std::string("labels that a namespace carries")
                                        : fmt::format("{}={}", kNameLabel, name),
                .message = std::move(message)});
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      for (const PlainPeer& peer : rule.peers) {
        if (peer.namespaces) {
          judge(view, policy, peer, reporter);
        }
      }
    }
  }
}

}  // namespace

Row namespace_label_unknown_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
