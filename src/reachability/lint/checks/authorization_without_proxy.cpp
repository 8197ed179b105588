// Rule: an AuthorizationPolicy stands before workloads that have a proxy.
// Examined: the workloads that a policy without targetRefs selects. One that is not part of the
// mesh enforces nothing, whatever the policy says; a selector that means no workload of a namespace
// whose workloads are in the input protects nothing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/mesh_view.hpp"

namespace tally::reachability::linting {
namespace {

using finding::Severity;

constexpr std::array kReferences = {
    std::string_view{"https://istio.io/latest/docs/ops/best-practices/security/"},
    std::string_view{
        "https://istio.io/latest/docs/reference/config/security/authorization-policy/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "mesh",
    .id = "authorization-without-proxy",
    .title = "AuthorizationPolicy that nobody enforces",
    .description =
        "Authorization is enforced by the proxy of the destination. A workload without a sidecar "
        "and outside of the ambient mesh takes every connection; a policy whose selector means no "
        "pod is accepted and does nothing.",
    .remedy =
        "Enrol the namespace (istio-injection: enabled, or istio.io/dataplane-mode: ambient), "
        "or correct the selector.",
    .severity = Severity::Medium,
    .controls = kIsolation,
    .references = kReferences};

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  const auto policies = authorization::summarize(view.mesh().policies());
  const auto workloads = view.world().workloads();
  for (const Attached& attached : attached_policies(view, policies)) {
    const kube::Object& object = *attached.policy->object;
    if (attached.is_mesh_wide) {
      continue;
    }
    if (attached.workloads.empty()) {
      const bool is_known = view.has_workloads(attached.name_space);
      reporter.add(
          kCheck, is_known ? kCheck.severity : Severity::Info, object, place_of_rules(object),
          {.found = "no workload",
           .allowed = "a selector that matches a pod",
           .message = is_known
                          ? fmt::format("the policy selects no workload of namespace {}",
                                        attached.name_space)
                          : fmt::format("no workload of namespace {} is in the input: whether the "
                                        "policy protects anything is not known",
                                        attached.name_space)});
      continue;
    }
    std::vector<std::uint32_t> without;
    for (const std::uint32_t i : attached.workloads) {
      if (view.mesh().data_plane_of(workloads[i]) == mesh::DataPlane::None) {
        without.push_back(i);
      }
    }
    if (!without.empty()) {
      reporter.add(kCheck, object, place_of_rules(object),
                   {.found = "no proxy",
                    .allowed = "a sidecar, or ambient mode",
                    .message = fmt::format("{} {} not part of the mesh: nobody enforces the policy",
                                           view.names_of(without, attached.name_space),
                                           without.size() == 1 ? "is" : "are")});
    }
  }
}

}  // namespace

Row authorization_without_proxy_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
