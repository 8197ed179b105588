// Rule: a pod that a policy is written for is not on its node's network.
// Examined: NetworkPolicies whose podSelector asks for labels that only pods with hostNetwork
// carry. The API leaves undefined what a policy does to such a pod; nearly every implementation
// treats it as the node.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "host-network-not-governed",
    .title = "The policy selects pods on the node's network",
    .description =
        "A pod with hostNetwork sends and receives with the address of its node. Nearly every "
        "implementation leaves such pods out of NetworkPolicy: nothing isolates them, and rules "
        "that name them as peers match nobody.",
    .remedy =
        "Take the pod off the node's network, or protect the node by a host policy of the network "
        "plugin.",
    .severity = finding::Severity::Medium,
    .controls = kIsolation,
    .references = kPolicyReference};

void examine(View& view, Reporter& reporter) {
  const auto& topology = view.topology();
  for (const PlainPolicy& policy : view.plain()) {
    const auto own = topology.find_namespace(policy.object->ref.name_space);
    if (!policy.subject || policy.subject->is_empty() || !own || !policy.policy) {
      continue;
    }
    const auto range = topology.endpoints_in(*own);
    std::vector<std::string> names;
    bool has_others = false;
    for (const std::uint32_t pod : view.pods_with(*policy.subject)) {
      if (pod < range.begin || pod >= range.end) {
        continue;
      }
      const topology::Endpoint& endpoint = topology.endpoints()[pod];
      has_others = has_others || !endpoint.is_on_host_network;
      if (endpoint.is_on_host_network &&
          std::ranges::find(names, endpoint.workload_name) == names.end()) {
        names.emplace_back(endpoint.workload_name);
      }
    }
    const bool is_left_out = view.selected(*policy.policy).is_nobody() || has_others;
    if (names.empty() || !is_left_out) {
      continue;
    }
    reporter.add(kCheck, has_others ? finding::Severity::Low : kCheck.severity, *policy.object,
                 {"/spec/podSelector", policy.subject_node->offset()},
                 {.found = fmt::format("hostNetwork: true on {}", listed(names)),
                  .allowed = "pods with a network of their own",
                  .message = fmt::format(
                      "{} on the network of its node: the policy does not govern it",
                      names.size() == 1 ? names.front() + " is" : listed(names) + " are each")});
  }
}

}  // namespace

Row host_network_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
