// Rule: a policy can be read, and every part of it has an effect.
// Examined: what the readers of all dialects report. A policy that the API server or the controller
// would refuse does not exist (high); a part that is ignored says something that nobody does (low).
// Exceptions outside of their block have a check of their own.
#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "policy-not-applied",
    .title = "Policy, or a part of it, that has no effect",
    .description =
        "A policy with an invalid selector, an unknown peer or port 0 is refused when it is "
        "applied: what it was to isolate stays open. A part that its implementation ignores, "
        "such as a named port beside an address, does not do what it says.",
    .remedy = "Correct the place that is named.",
    .severity = finding::Severity::High,
    .controls = kIsolation,
    .references = kPolicyReference};

void examine(View& view, Reporter& reporter) {
  for (const network_policy::LoadProblem& problem : view.policies().problems()) {
    const bool is_refused = problem.kind == network_policy::LoadProblem::Kind::Invalid;
    if (problem.object == nullptr || (is_refused && problem.pointer.contains("/except/") &&
                                      problem.message.starts_with("an except must lie"))) {
      continue;
    }
    reporter.add(kCheck, is_refused ? kCheck.severity : finding::Severity::Low, *problem.object,
                 {problem.pointer, problem.offset},
                 {.found = is_refused ? "refused" : "ignored",
                  .allowed = "what the API server takes and the network enforces",
                  .message = problem.message.substr(0, problem.message.find('\n')) +
                             (is_refused ? "; the policy is not applied" : "")});
  }
}

}  // namespace

Row policy_not_applied_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
