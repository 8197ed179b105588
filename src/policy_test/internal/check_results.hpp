#pragma once
// Expectations against responses: printTestResult and checkResult of
// cmd/cli/kubectl-kyverno/commands/test (output.go, command.go).

#include <map>
#include <string>
#include <vector>

#include "policy_test/internal/loaded_policies.hpp"
#include "policy_test/internal/response.hpp"
#include "policy_test/internal/test_world.hpp"
#include "policy_test/run.hpp"

namespace tally::policy_test {

// An object or payload and what was said of it, by operation ("" is the default run).
struct Evaluated {
  kube::Object object;  // of payloads: no identity
  std::string payload;  // name of the file; empty for objects
  std::map<std::string, std::vector<PolicyResponse>> responses;
  bool is_target = false;  // an object that mutateExisting rules change
  [[nodiscard]] std::string display() const;
};

class ResultCheck {
 public:
  ResultCheck(Files& files, const TestCase& test, const TestWorld& world,
              const LoadedPolicies& policies, std::span<const Evaluated> evaluated,
              CaseReport& report)
      : files_(files),
        test_(test),
        world_(world),
        policies_(policies),
        evaluated_(evaluated),
        report_(report) {}

  void check(const ExpectedResult& result);

 private:
  [[nodiscard]] std::vector<const Evaluated*> select(const ExpectedResult& result);
  void check_one(const ExpectedResult& result, const Evaluated& evaluated);
  void check_rule(const ExpectedResult& result, const Evaluated& evaluated,
                  const PolicyResponse& response, const RuleResponse& rule);
  void check_targets(const ExpectedResult& result, const Evaluated& target);
  void nothing_responded(const ExpectedResult& result, const Evaluated& evaluated);
  // True: only the verdict is left to compare. False: the row is filled in.
  [[nodiscard]] bool is_expected_object(const ExpectedResult& result, Row& row,
                                        const document::Node& actual);
  enum class Comparison : std::uint8_t { Equal, Different, Missing, Unreadable };
  [[nodiscard]] Comparison compare_with(const std::string& file, const document::Node& actual,
                                        Row& row);
  void add_verdict(const ExpectedResult& result, Row row);
  [[nodiscard]] Row row_of(const ExpectedResult& result, const Evaluated& evaluated,
                           std::string rule) const;
  void exercised(const PolicyResponse& response, const RuleResponse& rule);

  Files& files_;
  const TestCase& test_;
  const TestWorld& world_;
  const LoadedPolicies& policies_;
  std::span<const Evaluated> evaluated_;
  CaseReport& report_;
};

}  // namespace tally::policy_test
