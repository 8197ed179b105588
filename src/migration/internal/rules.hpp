#pragma once
// One classic rule, translated: what its ValidatingPolicy or MutatingPolicy holds.

#include "migration/internal/conditions.hpp"
#include "migration/internal/match.hpp"
#include "migration/internal/patterns.hpp"
#include "migration/internal/vocabulary.hpp"
#include "migration/migration.hpp"

namespace tally::migration {

struct NamedExpression {
  std::string name;
  std::string expression;
};

struct Validation {
  std::string expression;
  std::string message{};
  std::string message_expression{};
};

struct Mutation {
  bool is_apply = true;  // ApplyConfiguration; else JSONPatch
  std::string expression;
};

struct RulePlan {
  std::string name;
  TargetKind kind = TargetKind::Validating;
  Matching matching;
  std::vector<NamedExpression> conditions;  // beyond the matching's own
  std::vector<NamedExpression> variables;
  std::vector<NamedExpression> audit_annotations;
  std::vector<Validation> validations;
  std::vector<Mutation> mutations;
  std::vector<std::string> notes;
  bool is_enforced = false;
  bool may_share = true;  // a policy with other rules that match the same
};

struct RuleSurroundings {
  Arena& arena;
  Vocabulary& vocabulary;
  const kube::CustomKinds* kinds = nullptr;
  bool is_extended = false;  // autogen applies it to pod controllers
};

[[nodiscard]] Outcome<RulePlan> translate_rule(const document::Node& rule,
                                               const RuleSurroundings& surroundings);

// `mutate` of a rule; `scope` sees the object.
[[nodiscard]] Outcome<void> translate_mutation(const document::Node& mutate, Scope& scope,
                                               RulePlan& plan);
// `patchesJson6902` of one, as a CEL list of JSON patches.
[[nodiscard]] Outcome<std::string> translate_json_patches(const document::Node& patches,
                                                          Scope& scope);

}  // namespace tally::migration
