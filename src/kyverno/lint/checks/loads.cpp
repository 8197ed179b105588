// Check: the policy loads. What the engine itself refuses or warns of, in its own words;
// expressions of the CEL kinds are checked by their engine (`tally assess --policy`), not here.
#include <array>

#include "kyverno/lint/internal/policy_view.hpp"
#include "kyverno/policy_set.hpp"

namespace tally::kyverno::lint {

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "does-not-load",
    .title = "The policy does not load as it is",
    .description =
        "A required field is missing or of the wrong type, an operator is unknown, or an "
        "expression does not compile. The rule is not applied, or answers with an error.",
    .remedy = "Correct the place that is named.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

void run(const PolicyView& policy, Report& report) {
  if (policy.dialect != Dialect::Classic && policy.dialect != Dialect::Cleanup) {
    return;
  }
  const Loaded loaded = PolicySet::load(
      {.policies = std::span(policy.object, 1), .exceptions = {}, .kinds = policy.kinds});
  for (const LoadProblem& problem : loaded.problems) {
    const RuleView* in = nullptr;
    for (const RuleView& rule : policy.rules) {
      if (problem.pointer == rule.pointer || problem.pointer.starts_with(rule.pointer + "/")) {
        in = &rule;
      }
    }
    report.add(kRecord, policy, in, {.pointer = problem.pointer, .offset = problem.offset},
               problem.message);
  }
}

}  // namespace

extern const LintCheck kLoads;
constinit const LintCheck kLoads{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
