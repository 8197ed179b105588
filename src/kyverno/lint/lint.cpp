#include "kyverno/lint/lint.hpp"

#include <algorithm>
#include <numeric>
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
    // By place; at one place in the order of the checks.
    std::vector<std::size_t> order(own.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      return std::tie(own[a].offset, own[a].pointer, a) <
             std::tie(own[b].offset, own[b].pointer, b);
    });
    for (const std::size_t index : order) {
      out.findings.push_back(std::move(own[index]));
    }
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
