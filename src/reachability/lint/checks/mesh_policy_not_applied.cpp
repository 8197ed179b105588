// Rule: an object of the mesh is accepted, and means what it says.
// Examined: what reading AuthorizationPolicy, PeerAuthentication and RequestAuthentication reports:
// refused by the API server or by istiod (high), accepted and hardly meant (low).
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
    .id = "mesh-policy-not-applied",
    .title = "Object of the mesh that is refused or misread",
    .description =
        "istiod's webhook refuses objects that it cannot turn into rules; what they were to "
        "protect stays as it was. Others are accepted and do less than they say.",
    .remedy = "Correct the place that is named.",
    .severity = Severity::High,
    .controls = kOperation,
    .references = kReferences};

void examine(View& view, Reporter& reporter) {
  for (const authorization::Problem& problem : view.mesh().problems()) {
    if (problem.object == nullptr) {
      continue;
    }
    const bool is_warning = problem.kind == authorization::Problem::Kind::Warning;
    reporter.add(kCheck, is_warning ? Severity::Low : kCheck.severity, *problem.object,
                 {problem.pointer, problem.offset},
                 {.found = std::string(to_text(problem.kind)),
                  .allowed = "what istiod accepts",
                  .message = problem.message.substr(0, problem.message.find('\n'))});
  }
}

}  // namespace

Row mesh_policy_not_applied_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
