// Rule: a pod with a sidecar reaches the mesh's control plane.
// The sidecar fetches its configuration and its certificate from istiod by TCP 15012 (istio.io,
// Application Requirements, "Ports used by Istio"). Examined: workloads with a sidecar that are
// isolated for egress and of which no rule lets TCP 15012 out to istiod.
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

constexpr std::uint16_t kIstiodPort = 15012;
constexpr std::array kReferences = {
    std::string_view{"https://istio.io/latest/docs/ops/deployment/application-requirements/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "control-plane-cut-off",
    .title = "Sidecars are cut off from the mesh's control plane",
    .description =
        "A sidecar asks istiod for its certificate and its configuration through TCP 15012, as the "
        "pod. Isolated for egress without a rule for it, the proxy never becomes ready, or loses "
        "its certificate after a day.",
    .remedy = "Allow TCP 15012 to pods with app: istiod of the control plane's namespace.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kReferences};

void examine(View& view, Reporter& reporter) {
  if (!view.mesh().is_present()) {
    return;
  }
  const ImaginedPod istiod(view, view.mesh().policies().settings().root_namespace, "app", "istiod");
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const std::uint32_t endpoint = workloads[i].endpoints.front();
    const mesh::Enrolment& enrolment = view.mesh().enrolment_of(endpoint);
    if (enrolment.plane == mesh::DataPlane::Sidecar &&
        view.is_isolated(workloads[i].class_id, Direction::Egress) &&
        !may_pass(view, workloads[i].class_id, Direction::Egress, istiod, Protocol::Tcp,
                  kIstiodPort)) {
      cuts.push_back({.workload = i, .evidence = enrolment.reason, .what = "TCP 15012"});
    }
  }
  report_cuts(view, reporter, kCheck, cuts,
              {.from = "istiod, the mesh's control plane",
               .allowed = "an egress rule for TCP 15012 to istiod"});
}

}  // namespace

Row control_plane_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
