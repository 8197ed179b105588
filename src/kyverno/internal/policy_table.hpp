#pragma once
// What a PolicySet holds: the policies with their rules, autogen's included, ready to be applied.

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/structure.hpp"
#include "kyverno/internal/assertion.hpp"
#include "kyverno/internal/autogen.hpp"
#include "kyverno/internal/cel_rule.hpp"
#include "kyverno/internal/context.hpp"
#include "kyverno/internal/expressions.hpp"
#include "kyverno/internal/match.hpp"
#include "kyverno/internal/policy_index.hpp"
#include "kyverno/policy_set.hpp"
#include "pattern/pattern.hpp"
#include "pod_security/scratch.hpp"
#include "policy_cel/evaluation.hpp"

namespace tally::kyverno::internal {

inline constexpr std::size_t kPhases = 5;

// validate.pattern and validate.anyPattern: compiled when no variable stands in them.
struct Patterns {
  std::optional<pattern::Pattern> one{};
  std::vector<pattern::Pattern> any{};
  bool is_static = false;
};

struct Rule {
  std::uint32_t record = 0;  // index into PolicyEntry::records
  document::Node node{};     // the whole rule, as autogen left it
  MadeFor made_for = MadeFor::Everything;
  MatchBlock match{};
  std::optional<MatchBlock> exclude{};
  // Members of `node`; null: absent.
  const document::Node* context = nullptr;
  const document::Node* preconditions = nullptr;
  const document::Node* validate = nullptr;
  const document::Node* mutate = nullptr;
  const document::Node* generate = nullptr;
  const document::Node* verify_images = nullptr;
  document::Node image_extractors{};
  Patterns patterns;
  std::optional<CelRule> cel{};
  std::optional<Assertion> assertion{};  // of validate.assert
  bool has_own_action = false;           // failureAction, of validate or of a verifyImages
  bool has_image_checks = false;         // verifyImages with verifyDigest or required
  std::uint8_t phases = 0;               // one bit per Phase

  // It reads the object only: no variables stand in front of its patterns or in them.
  [[nodiscard]] bool is_plain() const noexcept {
    return patterns.is_static && !assertion && context == nullptr && preconditions == nullptr;
  }
  [[nodiscard]] bool is_in(Phase phase) const noexcept {
    return (phases >> static_cast<unsigned>(phase) & 1U) != 0;
  }
};

struct ExceptionEntry {
  std::string_view key{};  // "namespace/name"
  const kube::Object* object = nullptr;
  MatchBlock match{};
  document::Node conditions{};    // Null when absent
  document::Node pod_security{};  // a list; Null when absent
  document::Node exceptions{};    // [{policyName, ruleNames}]
};

struct PolicyEntry {
  PolicyKind kind = PolicyKind::ClusterPolicy;
  const kube::Object* object = nullptr;
  std::string_view name{};
  std::string_view name_space{};
  std::string key{};  // "namespace/name" or "name", as exceptions call it
  document::Node spec{};
  std::string_view schedule{};  // of the cleanup kinds
  std::vector<RuleRecord> records{};
  std::deque<Rule> rules;  // as upstream orders them: written ones, then autogen's
  std::vector<std::string_view> autogen_kinds{};
  bool is_apply_one = false;
  bool is_server_side_apply = false;
  std::uint8_t phases = 0;
  std::vector<const ExceptionEntry*> exceptions{};  // that name this policy
  std::optional<CelRule> match_conditions{};        // of webhookConfiguration
};

}  // namespace tally::kyverno::internal

namespace tally::kyverno {

struct PolicySet::Table {
  Arena arena;  // rules that autogen wrote, texts of records
  internal::Expressions expressions;
  policy_cel::Expressions cel;
  std::deque<internal::ExceptionEntry> exceptions;
  std::deque<internal::PolicyEntry> policies;
  std::vector<PolicyRecord> records{};
  internal::PolicyIndex index;
  const kube::CustomKinds* kinds = nullptr;
};

struct Scratch::State {
  Arena arena;
  internal::Expressions expressions;  // of texts that variables made
  internal::Context context;
  policy_cel::Evaluation cel;
  const void* cel_of = nullptr;  // the request that `cel` was begun for
  pod_security::Scratch pod_security;
  kube::StructureScratch structure;
  std::vector<RuleResponse> responses{};
  std::vector<std::uint32_t> candidates{};
};

}  // namespace tally::kyverno
