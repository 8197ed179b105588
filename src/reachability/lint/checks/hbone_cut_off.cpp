// Rule: a pod of an ambient mesh takes and opens connections on TCP 15008.
// Between two pods of an ambient mesh, and from a waypoint, the ztunnels carry everything through
// HBONE, TCP 15008: that is the port that NetworkPolicy sees, never the application's (istio.io,
// Ambient and Kubernetes NetworkPolicy). Examined: workloads in ambient mode that are isolated and
// of which no rule speaks of TCP 15008 in that direction.
#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"
#include "reachability/mesh/mesh.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr std::uint16_t kHbonePort = 15008;
constexpr std::array kReferences = {
    std::string_view{"https://istio.io/latest/docs/ambient/usage/networkpolicy/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "hbone-cut-off",
    .title = "Policies stop the traffic of the ambient mesh",
    .description =
        "In ambient mode the packets between two pods of the mesh have TCP 15008 as their "
        "destination, whatever port the application uses. A policy that names the application's "
        "ports only denies all of it, while pods outside of the mesh are let in.",
    .remedy =
        "Add TCP 15008 beside the application's ports, in both directions, and leave it to an "
        "AuthorizationPolicy to say which ports may be used inside.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kReferences};

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  const auto& set = view.policies();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const ClassId id = workloads[i].class_id;
    const mesh::Enrolment& enrolment = view.mesh().enrolment_of(workloads[i].endpoints.front());
    if (enrolment.plane != mesh::DataPlane::Ambient) {
      continue;
    }
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      // A policy without any rule is there to deny everything.
      const bool has_rules =
          std::ranges::any_of(view.governing(id, direction), [&](std::uint32_t position) {
            return std::ranges::any_of(
                set.rules_of(set.policies()[position]),
                [&](const network_policy::Rule& rule) { return rule.direction == direction; });
          });
      if (has_rules && view.is_isolated(id, direction) &&
          !view.speaks_of(id, direction, Protocol::Tcp, kHbonePort)) {
        cuts.push_back({.workload = i,
                        .direction = direction,
                        .evidence = enrolment.reason,
                        .what = "TCP 15008"});
      }
    }
  }
  report_cuts(view, reporter, kCheck, cuts,
              {.from = "the ambient mesh (HBONE)", .allowed = "a rule for TCP 15008"});
}

}  // namespace

Row hbone_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
