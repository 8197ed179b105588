#pragma once
// Policies as they are evaluated: read from their objects once, with compiled expressions.

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admission_policy/internal/policy_index.hpp"
#include "admission_policy/policy_set.hpp"
#include "policy_cel/expressions.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::admission_policy {

struct PolicyExpression {
  policy_cel::ProgramId program = policy_cel::kNoProgram;
  std::string_view text;
  std::string pointer;
  std::uint32_t offset = 0;
};

struct ValidationRule {
  PolicyExpression expression;
  policy_cel::ProgramId message_program = policy_cel::kNoProgram;
  std::string_view message;
  std::string_view reason;  // "" is Invalid
};

struct AuditRule {
  PolicyExpression expression;
  std::string_view key;
};

struct MutationStep {
  enum class Kind : std::uint8_t { ApplyConfiguration, JsonPatch };
  Kind kind = Kind::JsonPatch;
  PolicyExpression expression;
};

struct ParamReference {
  bool is_set = false;
  std::string_view name;
  std::string_view name_space;
  std::optional<scalar::LabelSelector> selector;
  bool is_denied_when_absent = false;
};

struct PolicyBinding {
  const kube::Object* object = nullptr;  // null: a given policy without a binding
  std::string_view name;
  policy_cel::MatchResources match;
  Actions actions;
  std::vector<std::string_view> action_names;  // in the order of the binding
  ParamReference param;
};

struct ParamKind {
  bool is_set = false;
  std::string_view group;
  std::string_view version;
  std::string_view kind;
  kube::Scope scope = kube::Scope::Namespaced;
};

struct Policy {
  PolicyKind kind = PolicyKind::Validating;
  const kube::Object* object = nullptr;
  std::string_view name;
  bool is_given = false;
  bool ignores_failures = false;  // failurePolicy Ignore
  bool is_reinvoked = false;      // reinvocationPolicy IfNeeded
  policy_cel::MatchResources match;
  ParamKind param_kind;
  policy_cel::ScopeId scope = policy_cel::kNoScope;
  std::vector<PolicyExpression> conditions;
  std::vector<ValidationRule> validations;
  std::vector<AuditRule> audit;
  std::vector<MutationStep> mutations;
  std::vector<PolicyBinding> bindings;
  std::vector<std::string> pointers;
};

struct PolicySet::Table {
  policy_cel::Expressions expressions;
  std::deque<Policy> policies;
  std::vector<Entry> entries;
  PolicyIndex index;
  policy_cel::MatchContext context;
  std::vector<const kube::Object*> given_params;  // objects beside the given policies
};

}  // namespace tally::admission_policy
