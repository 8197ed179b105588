#include <algorithm>

#include "policy_test/test_report.hpp"

namespace tally::policy_test {

bool is_failed(const CaseReport& report) noexcept {
  return !report.errors.empty() || std::ranges::any_of(report.rows, [](const Row& row) {
    return row.outcome == Outcome::Fail || row.outcome == Outcome::Unknown;
  });
}

std::vector<RuleCoverage> coverage(std::span<const CaseReport> reports) {
  std::vector<RuleCoverage> rules;
  for (const CaseReport& report : reports) {
    for (const RuleCoverage& rule : report.rules) {
      const auto known = std::ranges::find_if(rules, [&](const RuleCoverage& other) {
        return other.path == rule.path && other.policy == rule.policy && other.rule == rule.rule;
      });
      if (known == rules.end()) {
        rules.push_back(rule);
      } else {
        known->is_exercised = known->is_exercised || rule.is_exercised;
      }
    }
  }
  return rules;
}

Totals count(std::span<const CaseReport> reports) {
  Totals totals;
  for (const CaseReport& report : reports) {
    if (report.is_filtered_out) {
      continue;
    }
    ++totals.cases;
    totals.cases_failed += is_failed(report) ? 1 : 0;
    totals.errors += report.errors.empty() ? 0 : 1;
    for (const Row& row : report.rows) {
      switch (row.outcome) {
        case Outcome::Pass:
          ++totals.passed;
          break;
        case Outcome::Fail:
          ++totals.failed;
          break;
        case Outcome::NoRule:
          ++totals.without_rule;
          break;
        case Outcome::NotCompared:
          ++totals.not_compared;
          break;
        case Outcome::Unknown:
          ++totals.unknown;
          break;
        case Outcome::Skipped:
          ++totals.skipped;
          break;
      }
    }
  }
  for (const RuleCoverage& rule : coverage(reports)) {
    ++totals.rules;
    totals.rules_exercised += rule.is_exercised ? 1 : 0;
  }
  return totals;
}

}  // namespace tally::policy_test
