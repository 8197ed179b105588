#pragma once
// Judgement: one policy applied to one request in one phase (Kyverno 1.19 pkg/engine/engine.go,
// invokeRuleHandler: match, context, preconditions, exceptions, then what the rule does).

#include <optional>
#include <string>
#include <vector>

#include "kyverno/internal/conditions.hpp"
#include "kyverno/internal/policy_table.hpp"
#include "kyverno/internal/substitution.hpp"

namespace tally::kyverno::internal {

// foreach inside of foreach.
inline constexpr std::uint32_t kNestingMax = 16;
// Elements of one foreach.
inline constexpr std::size_t kElementsMax = 100'000;

class Judgement {
 public:
  Judgement(const PolicySet::Table& table, const PolicyEntry& policy, Phase phase,
            const Request& request, Scratch::State& state);

  [[nodiscard]] Response run();

 private:
  // --- judgement.cpp: what all kinds of rules share
  void begin_context();
  // The context is made when the first rule asks for it: static patterns that hold never do.
  void need_context();
  void need_rule_context(const Rule& rule);
  void leave_rule_context();
  [[nodiscard]] bool is_of_policy() const;
  [[nodiscard]] bool is_asked(const Rule& rule) const;
  [[nodiscard]] bool matches(const Rule& rule);
  void invoke(const Rule& rule);
  void load_context(const Rule& rule, const document::Node* entries);
  [[nodiscard]] std::vector<const ExceptionEntry*> exceptions_for(const Rule& rule);
  [[nodiscard]] bool skip_by_exceptions(const Rule& rule,
                                        const std::vector<const ExceptionEntry*>& exceptions);
  [[nodiscard]] bool is_enforced(const Rule& rule) const;
  RuleResponse& say(const Rule& rule, Verdict verdict, std::string_view message);
  RuleResponse& say_error(const Rule& rule, std::string_view message, const Failure& failure);
  [[nodiscard]] Subject subject(const document::Node& object) const;
  [[nodiscard]] std::string_view operation() const noexcept;
  [[nodiscard]] bool is_delete() const noexcept { return operation() == "DELETE"; }
  void set_object(const document::Node& object);
  void cleanup(const Rule& rule);

  // --- foreach.cpp
  [[nodiscard]] Outcome<std::vector<document::Node>> elements_of(const document::Node& foreach);

  // --- validate.cpp
  struct Said {
    Verdict verdict = Verdict::Pass;
    std::string_view message{};
    std::string_view pointer{};
    bool is_world_missing = false;
  };
  void validate(const Rule& rule);
  // `part`: validate of the rule, or one of its foreach.
  [[nodiscard]] std::optional<Said> validate_part(const Rule& rule, const document::Node& part,
                                                  std::uint32_t nesting,
                                                  const document::Node* element);
  [[nodiscard]] std::optional<Said> validate_deny(const Rule& rule, const document::Node& deny);
  [[nodiscard]] std::optional<Said> validate_patterns(const Rule& rule, const document::Node& part,
                                                      std::uint32_t nesting,
                                                      const document::Node* element);
  [[nodiscard]] Said match_pattern(const Rule& rule, const pattern::Pattern& compiled,
                                   const document::Node& object);
  [[nodiscard]] Said match_any(const Rule& rule, std::span<const pattern::Pattern> patterns,
                               const document::Node& object);
  [[nodiscard]] std::optional<Said> validate_foreach(const Rule& rule, const document::Node& list,
                                                     std::uint32_t nesting);
  [[nodiscard]] std::optional<Said> validate_old_object(const Rule& rule);
  [[nodiscard]] std::string_view failure_text(const Rule& rule, std::string_view path,
                                              std::string_view reason);
  [[nodiscard]] Said error(std::string_view message, const Failure& failure);

  // --- pod_security_rule.cpp, cel rules, images
  [[nodiscard]] std::optional<Said> validate_pod_security(
      const Rule& rule, const std::vector<const ExceptionEntry*>& exceptions,
      std::vector<std::string_view>& used);
  [[nodiscard]] std::optional<Said> validate_cel(const Rule& rule);

  // --- assertion_rule.cpp
  // Upstream answers once per error: the others go to `further`, unless it is null.
  [[nodiscard]] Said validate_assertion(const Rule& rule,
                                        std::vector<Assertion::Mismatch>* further);
  [[nodiscard]] document::Node assertion_input();
  void validate_images(const Rule& rule);
  void verify_images(const Rule& rule);

  // --- mutate.cpp
  struct Mutated {
    Verdict verdict = Verdict::Pass;
    document::Node object{};
    std::string_view message{};
    bool is_world_missing = false;
  };
  void mutate(const Rule& rule);
  void mutate_existing(const Rule& rule);
  [[nodiscard]] Mutated mutate_one(const Rule& rule, const document::Node& object);
  [[nodiscard]] Mutated patch(const document::Node& object, const document::Node* merge,
                              std::string_view json_patch);
  [[nodiscard]] Mutated mutate_foreach(const Rule& rule, const document::Node& list,
                                       const document::Node& object, std::uint32_t nesting);
  [[nodiscard]] Mutated mutate_elements(const Rule& rule, const document::Node& foreach,
                                        std::vector<document::Node> elements,
                                        const document::Node& object, std::uint32_t nesting);
  [[nodiscard]] Outcome<std::vector<document::Node>> targets_of(const document::Node& target);

  // --- generate.cpp
  void generate(const Rule& rule);
  [[nodiscard]] Outcome<void> generate_part(const Rule& rule, const document::Node& part,
                                            std::vector<document::Node>& out);
  [[nodiscard]] document::Node labelled(const Rule& rule, const document::Node& object,
                                        const document::Node& target);

  const PolicySet::Table& table_;
  const PolicyEntry& policy_;
  Phase phase_;
  const Request& request_;
  Scratch::State& state_;
  Context& context_;
  Arena& arena_;
  document::Node object_;      // Null on DELETE
  document::Node old_object_;  // Null on CREATE
  std::string_view operation_;
  bool is_applied_ = false;  // some rule passed or failed
  bool is_stopped_ = false;  // the rules behind it are not asked
  bool has_context_ = false;
  bool has_rule_context_ = false;
};

}  // namespace tally::kyverno::internal
