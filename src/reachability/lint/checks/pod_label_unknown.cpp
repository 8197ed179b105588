// Rule: the podSelector of a peer asks for labels that some pod carries.
// Examined: peers whose podSelector no pod of the namespaces in question carries. Those namespaces
// must have workloads in the input: of others nothing is known, and nothing is said.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "pod-label-unknown",
    .title = "No pod carries these labels",
    .description =
        "A peer without a namespaceSelector means pods of the policy's own namespace; with one, "
        "pods of the namespaces that it selects. Where no pod there carries the labels, the rule "
        "allows nothing. Labels of a Deployment are not those of its pods: only the template's "
        "count.",
    .remedy =
        "Correct the label, add a namespaceSelector if the pods live elsewhere, or remove the "
        "peer.",
    .severity = finding::Severity::Low,
    .controls = kFlow,
    .references = kPolicyReference};

// Of the peer: the namespaces in which it looks, as far as the input has workloads there.
std::vector<std::uint32_t> places_of(View& view, const PlainPolicy& policy, const PlainPeer& peer) {
  std::vector<std::uint32_t> places;
  if (!peer.namespaces) {
    if (const auto own = view.topology().find_namespace(policy.object->ref.name_space)) {
      places.push_back(*own);
    }
  } else {
    const MatchedNamespaces& namespaces = view.namespaces_with(*peer.namespaces);
    // Every namespace: one of those that are not in the input, perhaps.
    if (!namespaces.perhaps.empty() || peer.namespaces->is_empty()) {
      return {};
    }
    places = namespaces.sure;
  }
  std::erase_if(places, [&](std::uint32_t at) { return !view.has_workloads(at); });
  return places;
}

void judge(View& view, const PlainPolicy& policy, const PlainPeer& peer, Reporter& reporter) {
  const std::vector<std::uint32_t> places = places_of(view, policy, peer);
  if (places.empty()) {
    return;
  }
  const auto& topology = view.topology();
  const auto& pods = view.pods_with(*peer.pods);
  std::string elsewhere;
  for (const std::uint32_t pod : pods) {
    const std::uint32_t at = topology.endpoints()[pod].name_space;
    if (std::ranges::binary_search(places, at)) {
      return;
    }
    elsewhere = elsewhere.empty() ? std::string(topology.namespaces()[at].name) : elsewhere;
  }
  const document::Node* node = peer.node->find("podSelector");
  std::string message =
      fmt::format("no pod of {} carries {}",
                  peer.namespaces ? std::string("these namespaces")
                                  : fmt::format("namespace {}", policy.object->ref.name_space),
                  peer.pods->to_string());
  if (!elsewhere.empty()) {
    message += fmt::format("; pods of namespace {} do, which this peer does not reach", elsewhere);
  }
  reporter.add(kCheck, elsewhere.empty() ? kCheck.severity : finding::Severity::Medium,
               *policy.object, {peer.pointer + "/podSelector", node->offset()},
               {.found = peer.pods->to_string(),
                .allowed = "labels that a pod there carries",
                .message = std::move(message)});
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      for (const PlainPeer& peer : rule.peers) {
        if (peer.pods && !peer.pods->is_empty()) {
          judge(view, policy, peer, reporter);
        }
      }
    }
  }
}

}  // namespace

Row pod_label_unknown_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
