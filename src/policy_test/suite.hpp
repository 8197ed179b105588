#pragma once
// Tests of Gatekeeper's templates: kind Suite of test.gatekeeper.sh/v1alpha1, as `gator verify`
// runs them (github.com/open-policy-agent/gatekeeper v3.20 pkg/gator/verify).
//
// A test of a suite is a CaseReport, each of its cases one row: policy is the constraint, resource
// the case. What only Rego could judge is Outcome::Skipped with that reason.

#include <string>
#include <vector>

#include "policy_test/run.hpp"

namespace tally::policy_test {

[[nodiscard]] std::vector<CaseReport> run_suite(const std::string& path,
                                                const RunOptions& options = {});

}  // namespace tally::policy_test
