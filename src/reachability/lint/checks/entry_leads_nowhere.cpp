// Rule: a way into the cluster leads to a workload.
// Examined: what reading Services, Ingress, Route, Gateway API and Istio's gateways reports: a
// Service or port that does not exist, a name of a port that no pod has, a reference to another
// namespace without a ReferenceGrant, listeners and hosts that do not meet. What may be in another
// repository (a Service, a Gateway) is info.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/entries/entries.hpp"
#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/view.hpp"

namespace tally::reachability::linting {
namespace {

using finding::Severity;

constexpr std::array kReferences = {
    std::string_view{"https://kubernetes.io/docs/concepts/services-networking/ingress/"},
    std::string_view{"https://gateway-api.sigs.k8s.io/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "entries",
    .id = "entry-leads-nowhere",
    .title = "Way in that leads nowhere",
    .description =
        "The object asks for a way from outside to a backend that is not there, or that its "
        "gateway does not accept. Today it is a dead end; tomorrow whoever creates a Service of "
        "that name is reachable from the world.",
    .remedy = "Correct the reference, add what it lacks, or remove the object.",
    .severity = Severity::Low,
    .controls = kBoundary,
    .references = kReferences};

bool may_be_elsewhere(EntryProblem::Kind kind) {
  return kind == EntryProblem::Kind::ServiceAbsent || kind == EntryProblem::Kind::ParentAbsent ||
         kind == EntryProblem::Kind::NoPods || kind == EntryProblem::Kind::NotFollowed ||
         kind == EntryProblem::Kind::GatewaySelectsNothing;
}

void examine(View& view, Reporter& reporter) {
  for (const EntryProblem& problem : view.entries().problems) {
    if (problem.object == nullptr) {
      continue;
    }
    reporter.add(kCheck, may_be_elsewhere(problem.kind) ? Severity::Info : kCheck.severity,
                 *problem.object, {problem.pointer, problem.offset},
                 {.found = "a dead end", .allowed = "a backend", .message = problem.message});
  }
}

}  // namespace

Row entry_leads_nowhere_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
