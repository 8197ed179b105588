#pragma once
// The policies of a test, sorted by the engine that judges them, and what was wrong with them.

#include <string>
#include <vector>

#include "kube/object.hpp"

namespace tally::policy_test {

// A rule that tests can exercise: for coverage, and to tell a rule that did not respond from one
// that does not exist.
struct KnownRule {
  std::string policy;
  std::string name_space;
  std::string kind;
  std::string rule;  // as the author wrote it; empty for kinds without named rules
  std::string path;  // of the policy's file
};

struct InvalidPolicy {
  std::string policy;
  std::string message;
};

struct LoadedPolicies {
  std::vector<kube::Object> admission;  // VAP, MAP and their bindings
  std::vector<kube::Object> cel;        // policies.kyverno.io
  std::vector<kube::Object> classic;    // kyverno.io
  std::vector<KnownRule> rules;
  std::vector<InvalidPolicy> invalid;  // not applied
  std::vector<std::string> notes;      // applied all the same
};

}  // namespace tally::policy_test
