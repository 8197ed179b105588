// Rule: an egress rule for DNS names whom it may be asked of.
// Examined: egress rules whose ports are 53 (or 5353) alone and whose peers are everybody: no `to`,
// an empty one, or a block of every address. Allowed: the pods of the cluster's DNS, an address.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "dns-to-everywhere",
    .title = "DNS is open to the whole world",
    .description =
        "`to: []` and a rule without `to` mean every destination, inside the cluster and outside. "
        "Port 53 to anybody is enough to carry data out of the cluster in the names that are "
        "asked for, and to ask a resolver that nobody controls.",
    .remedy =
        "Name the cluster's DNS: one item with namespaceSelector kubernetes.io/metadata.name: "
        "kube-system and podSelector k8s-app: kube-dns, for UDP and TCP 53.",
    .severity = finding::Severity::Medium,
    .controls = kOutbound,
    .references = kPolicyReference};

bool is_dns(const PlainPort& port) {
  return port.first == port.last && (port.first == 53 || port.first == 5353) &&
         port.protocol != scalar::Protocol::Sctp;
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    if (!policy.applies(network_policy::Direction::Egress)) {
      continue;
    }
    for (const PlainRule& rule : policy.rules) {
      if (rule.direction != network_policy::Direction::Egress || rule.ports.empty() ||
          !std::ranges::all_of(rule.ports, is_dns)) {
        continue;
      }
      const PlainPeer* block = nullptr;
      for (const PlainPeer& peer : rule.peers) {
        const document::Node* cidr = peer.block == nullptr ? nullptr : peer.block->find("cidr");
        const bool has_except = peer.block != nullptr && peer.block->find("except") != nullptr;
        if (cidr != nullptr && cidr->text().ends_with("/0") && !has_except) {
          block = &peer;
        }
      }
      if (!rule.is_any_peer() && block == nullptr) {
        continue;
      }
      const document::Node& node =
          block != nullptr ? *block->node : (rule.list != nullptr ? *rule.list : *rule.node);
      std::string found = block != nullptr       ? peer_in_words(*block, {})
                          : rule.list != nullptr ? std::string("to: []")
                                                 : std::string("no `to`");
      reporter.add(
          kCheck, *policy.object,
          {block != nullptr       ? block->pointer
           : rule.list != nullptr ? rule.pointer + "/to"
                                  : rule.pointer,
           node.offset()},
          {.found = found,
           .allowed = "the pods of the cluster's DNS, or its address",
           .message = fmt::format("{} with {} opens DNS to every address in the world and every "
                                  "pod, not to the cluster's DNS only",
                                  found, ports_in_words(rule))});
    }
  }
}

}  // namespace

Row dns_to_everywhere_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
