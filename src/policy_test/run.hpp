#pragma once
// Running tests: policies against the objects of the test, every expectation against what was said.
//
// Verdicts are those of Kyverno's command line 1.19 (cmd/cli/kubectl-kyverno/commands/test), with
// four differences, each because the test would prove nothing (docs/kyverno-flags.md):
//   * No rule responded ("Excluded" there, counted as passed), or there is no rule of that name:
//     Outcome::NoRule.
//   * A resource that the test names but does not have (there, every resource is looked at then):
//     Outcome::Fail.
//   * An object that the file of expected objects does not hold: Outcome::NotCompared.
//   * What cannot be known without the world (signatures): Outcome::Unknown.
//
// Threads: tests of different files may run at the same time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "policy_test/test_case.hpp"

namespace tally::policy_test {

enum class Outcome : std::uint8_t { Pass, Fail, NoRule, NotCompared, Unknown, Skipped };
// "pass", "fail", "no rule responded", "not compared", "unknown", "skipped"
[[nodiscard]] std::string_view to_text(Outcome outcome) noexcept;

// One expectation about one object.
struct Row {
  Outcome outcome = Outcome::Pass;
  std::string policy;
  std::string rule;      // as it responded: "autogen-check"; empty for kinds without named rules
  std::string resource;  // "v1/Pod/default/web"
  std::string expected;  // pass, fail, warn, error, skip
  std::string actual;    // the same, or unknown; empty when nothing responded
  std::string message;
  std::vector<std::string> differences;  // of the patched or generated object
  Position at;                           // of the expectation in the test file
};

// A rule of the policies under test. A row that is no proof exercises nothing.
struct RuleCoverage {
  std::string policy;
  std::string kind;
  std::string rule;  // empty for kinds without named rules
  std::string path;  // of the policy's file
  bool is_exercised = false;
};

struct CaseReport {
  std::string path;
  std::string name;
  std::uint32_t ordinal = 1;
  std::vector<Row> rows;
  std::vector<Error> errors;  // the test could not be run
  std::vector<std::string> notes;
  std::vector<RuleCoverage> rules;
  bool is_filtered_out = false;
};

// Wildcards; empty matches everything.
struct Filter {
  std::string policy;
  std::string rule;
  std::string resource;
  std::string result;
  // "policy=..,rule=..,resource=..,result=.."
  [[nodiscard]] static Result<Filter> parse(std::string_view text);
};

struct RunOptions {
  Filter filter;
  std::int64_t now_seconds = -1;  // since 1970, for expressions that ask for the time; -1: no clock
  std::uint32_t now_nanoseconds = 0;
};

[[nodiscard]] CaseReport run_case(const TestFile& file, const TestCase& test,
                                  const RunOptions& options = {});
// Every test of a file. Errors of reading are a report of their own.
[[nodiscard]] std::vector<CaseReport> run_file(const std::string& path,
                                               const RunOptions& options = {});

}  // namespace tally::policy_test
