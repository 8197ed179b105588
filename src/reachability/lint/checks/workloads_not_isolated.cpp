// Rule: a policy isolates every workload, for ingress and for egress.
// Examined: the workloads of each namespace; pods on their node's network are left out: no policy
// governs them. One finding for a namespace. Medium if policies are in the input, low if there are
// none at all, info for the platform's own namespaces.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability {
namespace linting {
namespace {

using finding::Severity;
using network_policy::Direction;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "workloads-not-isolated",
    .title = "Workloads that no policy isolates",
    .description =
        "A pod that no policy selects takes connections from every pod of the cluster and may "
        "open them to every address: one that is broken into is a way to all others, and to the "
        "cloud's metadata service. Default deny in both directions is what segmentation begins "
        "with.",
    .remedy =
        "Give the namespace a policy with podSelector: {} and policyTypes: [Ingress, Egress], "
        "then allow what is needed; `tally network generate --default-deny` writes it.",
    .severity = Severity::Medium,
    .controls = kIsolation,
    .references = kPolicyReference};

bool is_platform(std::string_view name_space) {
  return name_space == "kube-system" || name_space == "kube-public" ||
         name_space == "kube-node-lease" || name_space.starts_with("openshift-");
}

LintFinding finding_of(std::string_view name_space, const kube::Object& object) {
  const bool is_namespace = object.ref.kind == "Namespace" && object.ref.group.empty();
  LintFinding found{.check = &kCheck,
                    .subject = is_namespace
                                   ? object.ref
                                   : scalar::ObjectRef{"", "v1", "Namespace", "", name_space},
                    .object = &object,
                    .offset = object.root.offset(),
                    .severity = kCheck.severity};
  found.allowed = "every workload isolated in both directions";
  if (is_platform(name_space)) {
    found.severity = Severity::Info;
  }
  return found;
}

void examine(View& view, Reporter& reporter) {
  const auto& topology = view.topology();
  const bool has_policies = !view.policies().policies().empty();
  const auto workloads = view.world().workloads();
  std::vector<std::vector<std::uint32_t>> by_namespace(topology.namespaces().size());
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const topology::Endpoint& pod = topology.endpoints()[workloads[i].endpoints.front()];
    if (!pod.is_on_host_network) {
      by_namespace[pod.name_space].push_back(i);
    }
  }
  for (std::uint32_t at = 0; at < by_namespace.size(); ++at) {
    const topology::Namespace& name_space = topology.namespaces()[at];
    std::vector<std::uint32_t> neither;
    std::vector<std::uint32_t> one[2];
    for (const std::uint32_t i : by_namespace[at]) {
      const bool ingress = view.is_isolated(workloads[i].class_id, Direction::Ingress);
      const bool egress = view.is_isolated(workloads[i].class_id, Direction::Egress);
      if (!ingress && !egress) {
        neither.push_back(i);
      } else if (!ingress || !egress) {
        one[ingress ? 1 : 0].push_back(i);
      }
    }
    if (neither.empty() && one[0].empty() && one[1].empty()) {
      continue;
    }
    const std::uint32_t first = by_namespace[at].front();
    const kube::Object& object =
        name_space.object != nullptr
            ? *name_space.object
            : *topology.endpoints()[workloads[first].endpoints.front()].object;
    LintFinding found = finding_of(name_space.name, object);
    std::vector<std::string> parts;
    if (!neither.empty()) {
      parts.push_back(neither.size() == by_namespace[at].size()
                          ? fmt::format("no policy isolates the {} of namespace {}: {}",
                                        counted(neither.size(), "workload"), name_space.name,
                                        view.names_of(neither, name_space.name))
                          : fmt::format("no policy isolates {} of the {} of namespace {}: {}",
                                        neither.size(),
                                        counted(by_namespace[at].size(), "workload"),
                                        name_space.name, view.names_of(neither, name_space.name)));
    }
    for (const int direction : {0, 1}) {
      if (!one[direction].empty()) {
        parts.push_back(fmt::format("{} is open for {}: {}", direction == 0 ? "ingress" : "egress",
                                    counted(one[direction].size(), "workload"),
                                    view.names_of(one[direction], name_space.name)));
      }
    }
    found.message = fmt::format("{}", fmt::join(parts, "; "));
    found.found =
        fmt::format("{} of {} isolated in both directions",
                    by_namespace[at].size() - neither.size() - one[0].size() - one[1].size(),
                    counted(by_namespace[at].size(), "workload"));
    if (found.severity != Severity::Info) {
      const bool is_egress_only = neither.empty() && one[0].empty();
      found.severity = !has_policies || is_egress_only ? Severity::Low : kCheck.severity;
    }
    reporter.add(std::move(found));
  }
}

}  // namespace

Row workloads_not_isolated_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace linting

LintFinding not_isolated(const OpenNamespace& open) {
  LintFinding found = linting::finding_of(open.name, *open.object);
  found.found = fmt::format("0 of {} isolated", linting::counted(open.workloads, "workload"));
  found.message =
      fmt::format("the input holds no network policy: nothing isolates the {} of namespace {}",
                  linting::counted(open.workloads, "workload"), open.name);
  if (found.severity != finding::Severity::Info) {
    found.severity = finding::Severity::Low;
  }
  return found;
}

}  // namespace tally::reachability
