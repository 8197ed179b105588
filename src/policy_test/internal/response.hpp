#pragma once
// What the engines say of one object, in one shape.

#include <string>
#include <vector>

#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::policy_test {

enum class RuleType : std::uint8_t { Validation, Mutation, Generation, ImageVerify, Deletion };

struct RuleResponse {
  std::string rule;
  RuleType type = RuleType::Validation;
  std::string verdict;  // pass, fail, warn, error, skip, unknown
  std::string message;
  document::Node object;  // after a mutation; Null if nothing changed
  std::vector<document::Node> generated;
  std::vector<document::Node> targets;  // other objects that were changed
};

// One policy about one object. No rules: nothing in it responded.
struct PolicyResponse {
  std::string policy;
  std::string name_space;
  bool is_ruleless = false;  // kinds whose rules have no names: results name the policy only
  // The annotation policies.kyverno.io/scored is not "false": otherwise a failure is a warning
  // (pkg/utils/report/results.go).
  bool is_scored = true;
  std::vector<RuleResponse> rules;
};

[[nodiscard]] inline bool is_scored(const kube::Object& policy) {
  return policy.annotation("policies.kyverno.io/scored") != "false";
}

// One object and one operation, on its way through the policies.
struct Trial {
  const kube::Object* subject = nullptr;
  kube::Object current;   // as mutating policies have left it
  std::string operation;  // explicit; empty: as the values file says
  std::vector<PolicyResponse> responses;
};

}  // namespace tally::policy_test
