#pragma once
// Reports of test runs: for people, as JSON, as JUnit XML.
//
// Output order is that of the tests and of their expectations.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy_test/run.hpp"

namespace tally::policy_test {

struct Totals {
  std::uint32_t cases = 0;  // those that were run
  std::uint32_t cases_failed = 0;
  std::uint32_t passed = 0;  // rows
  std::uint32_t failed = 0;
  std::uint32_t without_rule = 0;
  std::uint32_t not_compared = 0;
  std::uint32_t unknown = 0;
  std::uint32_t skipped = 0;
  std::uint32_t errors = 0;  // tests that could not be run
  std::uint32_t rules = 0;
  std::uint32_t rules_exercised = 0;
};
[[nodiscard]] Totals count(std::span<const CaseReport> reports);
// Whether a row of it failed, is unknown, or it could not be run.
[[nodiscard]] bool is_failed(const CaseReport& report) noexcept;
// The rules of all tests, each once: exercised if any test does.
[[nodiscard]] std::vector<RuleCoverage> coverage(std::span<const CaseReport> reports);

struct TableOptions {
  bool fail_only = false;  // tests that passed are not listed
  bool detailed = false;   // every row
  bool coverage = false;   // rules that no test exercises
  bool color = false;
};
[[nodiscard]] std::string to_table(std::span<const CaseReport> reports,
                                   const TableOptions& options);
// fail_only: rows that passed are left out.
[[nodiscard]] std::string to_json(std::span<const CaseReport> reports, bool fail_only);
[[nodiscard]] std::string to_junit(std::span<const CaseReport> reports, bool fail_only);

}  // namespace tally::policy_test
