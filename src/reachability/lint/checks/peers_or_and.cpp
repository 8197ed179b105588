// Rule: two items of `from` or `to` are alternatives; the fields of one item must hold together.
// Examined: a lone namespaceSelector and a lone podSelector that stand beside each other as two
// items. Silent: where both are empty, and where pods of the policy's own namespace carry the
// labels while those of the selected namespaces do not: then two items are what was meant.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "peers-or-and",
    .title = "Peers are alternatives; both were probably meant together",
    .description =
        "Each item of `from` or `to` is a peer of its own. A namespaceSelector in one item and a "
        "podSelector in the next admit every pod of those namespaces, and those pods of the "
        "policy's own namespace. Only within one item do both conditions have to hold: one dash "
        "makes the difference.",
    .remedy =
        "If both conditions were meant, remove the dash before `podSelector`, so that it stands "
        "in the item of the namespaceSelector. If not, keep two items and say so in a comment.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kPolicyReference};

bool is_lone_namespace(const PlainPeer& peer) {
  return peer.namespaces && !peer.namespaces->is_empty() && !peer.pods && peer.block == nullptr;
}
bool is_lone_pod(const PlainPeer& peer) {
  return peer.pods && !peer.pods->is_empty() && !peer.namespaces && peer.block == nullptr;
}

// What the input shows about the two readings.
struct Evidence {
  bool is_own = false;      // a pod of the policy's own namespace has the labels
  bool is_foreign = false;  // a pod of the selected namespaces has them
  std::string witness;      // is let in by the one reading and not by the other
};

Evidence look(View& view, const PlainPolicy& policy, const PlainPeer& by_namespace,
              const PlainPeer& by_pod) {
  Evidence evidence;
  const std::string_view own = policy.object->ref.name_space;
  const auto& topology = view.topology();
  const MatchedNamespaces& namespaces = view.namespaces_with(*by_namespace.namespaces);
  const auto title = [&](std::uint32_t endpoint) {
    const topology::Endpoint& pod = topology.endpoints()[endpoint];
    return fmt::format("{} {}/{}", pod.object->ref.kind, topology.name_space_of(pod).name,
                       pod.name);
  };
  std::string own_witness;
  for (const std::uint32_t endpoint : view.pods_with(*by_pod.pods)) {
    const std::uint32_t at = topology.endpoints()[endpoint].name_space;
    if (topology.namespaces()[at].name == own) {
      evidence.is_own = true;
      own_witness = own_witness.empty() ? title(endpoint) : own_witness;
    }
    evidence.is_foreign = evidence.is_foreign || std::ranges::binary_search(namespaces.sure, at);
  }
  for (const std::uint32_t at : namespaces.sure) {
    const auto range = topology.endpoints_in(at);
    for (std::uint32_t i = range.begin; i < range.end && evidence.witness.empty(); ++i) {
      const auto& with = view.pods_with(*by_pod.pods);
      if (!std::ranges::binary_search(with, i)) {
        evidence.witness = title(i) + ", which has not these labels, is let in";
      }
    }
  }
  if (evidence.witness.empty()) {
    evidence.witness = own_witness.empty()
                           ? fmt::format("a pod without any label in a namespace with {} is let in",
                                         by_namespace.namespaces->to_string())
                           : own_witness + ", whose namespace has not these labels, is let in";
  }
  return evidence;
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      for (std::size_t i = 0; i + 1 < rule.peers.size(); ++i) {
        const bool is_forward = is_lone_namespace(rule.peers[i]) && is_lone_pod(rule.peers[i + 1]);
        const bool is_backward = is_lone_pod(rule.peers[i]) && is_lone_namespace(rule.peers[i + 1]);
        if (!is_forward && !is_backward) {
          continue;
        }
        const PlainPeer& by_namespace = rule.peers[is_forward ? i : i + 1];
        const PlainPeer& by_pod = rule.peers[is_forward ? i + 1 : i];
        const Evidence evidence = look(view, policy, by_namespace, by_pod);
        if (evidence.is_own && !evidence.is_foreign) {
          continue;
        }
        const std::string_view own = policy.object->ref.name_space;
        const PlainPeer& second = rule.peers[i + 1];
        reporter.add(
            kCheck, evidence.is_own ? finding::Severity::Low : kCheck.severity, *policy.object,
            {second.pointer, second.node->offset()},
            {.found = fmt::format("two items: {} OR {}", peer_in_words(by_namespace, own),
                                  peer_in_words(by_pod, own)),
             .allowed = fmt::format("one item: pods with {} of namespaces with {}",
                                    by_pod.pods->to_string(), by_namespace.namespaces->to_string()),
             .message = fmt::format("read as written, `{}` means {}, or {}; with both in one item "
                                    "it would mean pods with {} "
                                    "of namespaces with {} only. Witness: {}, and would not be",
                                    rule.side(), peer_in_words(by_namespace, own),
                                    peer_in_words(by_pod, own), by_pod.pods->to_string(),
                                    by_namespace.namespaces->to_string(), evidence.witness)});
        ++i;
      }
    }
  }
}

}  // namespace

Row peers_or_and_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
