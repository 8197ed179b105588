#pragma once
// validate.cel of a rule, with celPreconditions: the fields of a ValidatingAdmissionPolicy inside a
// classic policy (Kyverno 1.19 pkg/engine/handlers/validation/validate_cel.go). The same holds for
// the match conditions of webhookConfiguration.

#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kyverno/policy_set.hpp"
#include "policy_cel/evaluation.hpp"
#include "policy_cel/expressions.hpp"

namespace tally::kyverno::internal {

struct CelRule {
  struct Condition {
    std::string_view name{};
    std::string_view expression{};
    policy_cel::ProgramId program = policy_cel::kNoProgram;
    std::string error{};  // why it does not compile
  };
  struct Validation {
    policy_cel::ProgramId program = policy_cel::kNoProgram;
    policy_cel::ProgramId message_program = policy_cel::kNoProgram;
    std::string_view expression{};
    std::string_view message{};
    std::string_view reason{};
    std::string error{};
  };
  policy_cel::ScopeId scope = policy_cel::kNoScope;
  std::vector<Condition> conditions{};
  std::vector<Validation> validations{};
  document::Node param_kind{};  // Null: none
  document::Node param_ref{};

  // `pointer`: of the rule in its policy, for problems.
  [[nodiscard]] static CelRule load(policy_cel::Expressions& expressions,
                                    const document::Node& rule, const std::string& pointer,
                                    const kube::Object& policy, std::vector<LoadProblem>& problems);
  // Match conditions alone.
  [[nodiscard]] static CelRule load_conditions(policy_cel::Expressions& expressions,
                                               const document::Node& conditions,
                                               const std::string& pointer,
                                               const kube::Object& policy,
                                               std::vector<LoadProblem>& problems);
};

struct CelVerdict {
  Verdict verdict = Verdict::Pass;
  std::string_view message{};  // lives in the arena
};

// What the expressions see.
struct CelInput {
  const kube::Review* review = nullptr;
  document::Node object{};      // Null on DELETE
  document::Node old_object{};  // Null on CREATE
  const World* world = nullptr;
  std::string_view rule_name{};
  document::Node namespace_labels{};
  std::string_view policy_namespace{};  // "" of a cluster-wide policy
};

[[nodiscard]] CelVerdict judge_cel(const CelRule& rule, const policy_cel::Expressions& expressions,
                                   policy_cel::Evaluation& evaluation, const CelInput& input,
                                   Arena& arena);
// Whether all conditions hold; one that fails counts as not held.
[[nodiscard]] bool conditions_hold(const CelRule& rule, const policy_cel::Expressions& expressions,
                                   policy_cel::Evaluation& evaluation, const CelInput& input,
                                   Arena& arena);

}  // namespace tally::kyverno::internal
