#pragma once
// Templates and constraints as they are evaluated.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "gatekeeper/constraint_match.hpp"
#include "gatekeeper/constraint_set.hpp"
#include "kube/custom_schema.hpp"
#include "policy_cel/evaluation.hpp"

namespace tally::gatekeeper {

struct Validation {
  policy_cel::ProgramId program = policy_cel::kNoProgram;
  policy_cel::ProgramId message_program = policy_cel::kNoProgram;
  std::string_view expression;
  std::string_view message;
  std::string pointer;
};

struct Template {
  const kube::Object* object = nullptr;
  std::string_view kind;
  bool has_cel = false;
  bool has_rego = false;
  bool ignores_failures = false;
  policy_cel::ScopeId scope = policy_cel::kNoScope;
  std::vector<policy_cel::ProgramId> conditions;
  std::vector<Validation> validations;
  std::optional<kube::CustomSchema> parameters;  // openAPIV3Schema of spec.parameters
};

struct ConstraintSet::Table {
  policy_cel::Expressions expressions{{.dialect = cel::Dialect::Gatekeeper}};
  std::deque<Template> templates;
  std::vector<Constraint> constraints;
  struct Entry {
    const Template* of = nullptr;
    ConstraintMatch match;
    document::Node root;  // the constraint with the defaults of its parameters
  };
  std::vector<Entry> entries;  // beside constraints
  Arena arena{std::size_t{16} * 1024};
};

struct Scratch::State {
  policy_cel::Evaluation evaluation;
  std::vector<Violation> violations;
  std::vector<policy_cel::Answer> answers;
};

}  // namespace tally::gatekeeper
