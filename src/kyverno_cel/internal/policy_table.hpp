#pragma once
// What policies are once they are loaded: their expressions compiled, their rules for pod
// controllers made.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "kyverno_cel/internal/generation_template.hpp"
#include "kyverno_cel/internal/image_glob.hpp"
#include "kyverno_cel/internal/policy_index.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "policy_cel/expressions.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::kyverno_cel {

// An expression where it stands; offset and pointer are of the policy's own text even where the
// expression was rewritten.
struct Expression {
  policy_cel::ProgramId program = policy_cel::kNoProgram;
  std::string_view text;
  std::string pointer;
  std::uint32_t offset = 0;
};

struct ValidationRule {
  Expression expression;
  std::string_view message;
  policy_cel::ProgramId message_program = policy_cel::kNoProgram;
};

struct AuditRule {
  std::string_view key;
  Expression expression;
};

struct MutationStep {
  enum class Kind : std::uint8_t { ApplyConfiguration, JsonPatch };
  Kind kind = Kind::ApplyConfiguration;
  Expression expression;
};

// One of the two.
struct GenerationStep {
  Expression expression;
  GenerationTemplate made_from;  // a template in YAML
  [[nodiscard]] bool is_template() const noexcept {
    return expression.program == policy_cel::kNoProgram;
  }
};

struct ImageExtractor {
  std::string_view name;
  policy_cel::ProgramId program = policy_cel::kNoProgram;
};

// Globs and expressions over `ref`; none selects every image.
struct ImageReference {
  ImageGlob glob;
  policy_cel::ProgramId program = policy_cel::kNoProgram;  // kNoProgram: the glob
};

struct PolicyException {
  const kube::Object* object = nullptr;
  std::string_view key;  // "namespace/name"
  std::vector<document::Node> images;
  std::vector<document::Node> values;
  std::int64_t priority = 0;
  bool reports_pass = false;
  [[nodiscard]] bool is_full() const noexcept { return images.empty() && values.empty(); }
};

// An exception in the surroundings of a policy that it names.
struct ExceptionUse {
  const PolicyException* exception = nullptr;
  std::vector<Expression> conditions;
};

// The policy's own rules, or those for pod controllers.
struct Variant {
  std::string_view autogen;  // "" its own
  bool is_extraction = false;
  bool has_constraints = false;
  policy_cel::MatchResources match;
  policy_cel::ScopeId scope = policy_cel::kNoScope;
  std::vector<Expression> conditions;
  std::vector<ExceptionUse> exceptions;
  std::vector<ValidationRule> validations;
  std::vector<AuditRule> audit;
  std::vector<MutationStep> mutations;
  std::vector<Expression> target_conditions;
  std::vector<GenerationStep> generations;
  std::vector<ImageExtractor> extractors;
  // Of pods, of their controllers, of cron jobs: before the policy's own.
  std::vector<ImageReference> references;
};

struct LoadedPolicy {
  Policy about;
  std::vector<Variant> variants;
  std::vector<std::string> autogen;
  std::vector<std::string> pointers;
  bool applies_by_server = false;  // evaluation.useServerSideApply
  bool verifies_digest = true;
  bool pins_digest = true;  // validationConfigurations.mutateDigest
  bool requires_verification = true;
  document::Node attestors;     // maps by name
  document::Node attestations;  // names by name
  // Mutating, targetMatchConstraints:
  Expression target_expression;
  bool has_target_rules = false;
  policy_cel::MatchResources target_match;
};

struct PolicySet::Table {
  Arena arena;  // of what was rewritten
  policy_cel::Expressions expressions;
  std::deque<PolicyException> exceptions;
  std::deque<LoadedPolicy> loaded;
  std::vector<Policy> policies;
  PolicyIndex index;
  const kube::CustomKinds* kinds = nullptr;
  bool verifies_images = false;  // there is an image validating policy
  // By place of the pod: of pods, of their controllers, of cron jobs; containers, init and
  // ephemeral containers.
  std::array<std::array<policy_cel::ProgramId, 3>, 3> known_extractors{};
};

}  // namespace tally::kyverno_cel
