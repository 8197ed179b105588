#include "kyverno/lint/lint.hpp"

#include <algorithm>
#include <tuple>

#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno {

namespace lint {

namespace {
// A policy of a million rules must not make a report that nobody can hold.
constexpr std::size_t kFindingsMax = 10'000;
}  // namespace

void Report::add(const finding::Check& check, const PolicyView& policy, const RuleView* rule,
                 Place place, std::string message, finding::Severity severity) {
  if (findings_.size() >= kFindingsMax) {
    return;
  }
  findings_.push_back({.check = &check,
                       .policy = policy.object,
                       .rule = rule == nullptr ? std::string() : std::string(rule->name),
                       .pointer = std::move(place.pointer),
                       .offset = place.offset,
                       .severity = severity,
                       .message = std::move(message)});
}

}  // namespace lint

bool is_lintable(const kube::Object& object) noexcept {
  return lint::dialect_of(object).has_value();
}

LintReport lint_policies(const LintInputs& inputs) {
  LintReport out;
  for (const kube::Object& object : inputs.objects) {
    if (!is_lintable(object)) {
      continue;
    }
    ++out.policies;
    std::vector<LintFinding> own;
    lint::Report report(own);
    lint::PolicyView view;
    lint::read_view(object, inputs.kinds, view);
    for (const lint::LintCheck* check : lint::all_lint_checks()) {
      check->run(view, report);
    }
    std::ranges::stable_sort(own, [](const LintFinding& a, const LintFinding& b) {
      return std::tie(a.offset, a.pointer) < std::tie(b.offset, b.pointer);
    });
    out.findings.insert(out.findings.end(), std::make_move_iterator(own.begin()),
                        std::make_move_iterator(own.end()));
  }
  return out;
}

std::vector<const finding::Check*> lint_checks() {
  std::vector<const finding::Check*> out;
  for (const lint::LintCheck* check : lint::all_lint_checks()) {
    out.insert(out.end(), check->records.begin(), check->records.end());
  }
  return out;
}

}  // namespace tally::kyverno
