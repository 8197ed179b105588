#pragma once
// One request on its way through the policies: what they see, and what is said.

#include <string>
#include <string_view>

#include "admission_policy/internal/scratch_state.hpp"
#include "kube/defaults.hpp"

namespace tally::admission_policy {

class Admission {
 public:
  Admission(const PolicySet::Table& table, const kube::Review& review, Scratch::State& state,
            const AdmitOptions& options);

  void mutate();
  void validate();
  [[nodiscard]] Decision decide();

 private:
  // --- admission.cpp
  ObjectView& view_of(const policy_cel::Matched& matched);
  void fill(ObjectView& view, const policy_cel::Matched& matched);
  void forget_views();
  Arena& arena() { return state_.evaluation.arena(); }
  Outcome outcome_of(const Invocation& invocation, Part part) const;
  void say(const Outcome& outcome);
  // An error of the configuration or of the object: the failure policy decides.
  void say_failure(const Invocation& invocation, std::string_view message);
  void set_denial(std::string_view message, std::string_view reason, std::uint16_t code);
  [[nodiscard]] std::string_view subject_text();

  // Appends to state_.invocations: every binding and parameter of a policy that applies.
  void collect(const Policy& policy);
  // The parameters of a binding into state_.params; an error text, or nothing.
  std::string_view collect_params(const Policy& policy, const PolicyBinding& binding);
  policy_cel::InputValues with_params(const policy_cel::InputValues& inputs,
                                      const Invocation& invocation);
  cel::Value param_value(const kube::Object& param);
  // The object with the defaults of its kind, built in or custom, at this stage.
  document::Node with_defaults(const document::Node& object, kube::DefaultStage stage);
  enum class Conditions : std::uint8_t { Met, NotMet, Failed };
  Conditions check_conditions(const Invocation& invocation, ObjectView& view);

  // --- validate.cpp
  void validate(const Invocation& invocation);
  void say_error(const Invocation& invocation, Part part, std::uint32_t index,
                 const PolicyExpression& expression, const cel::Value& value);
  std::string_view failure_message(const ValidationRule& rule, const policy_cel::Answer* answer);
  void audit(const Invocation& invocation, const ObjectView& view);
  void denied(const Invocation& invocation, const Outcome& outcome);

  // --- mutate.cpp
  void collect_mutations();
  void invoke(const Invocation& invocation);
  // False: the request is refused whatever the failure policy.
  bool step(const Invocation& invocation, std::uint32_t index);
  bool apply(const Invocation& invocation, const MutationStep& step, const document::Node& object,
             const cel::Value& value, document::Node& patched, std::string& problem);

  const PolicySet::Table& table_;
  policy_cel::MatchContext context_;  // where this request looks things up
  kube::Review review_;  // with the object as it stands
  Scratch::State& state_;
  const AdmitOptions& options_;
  document::Node object_;  // as written or as patched
  cel::Value namespace_;
  std::uint32_t next_number_ = 1;
  std::uint32_t evaluated_ = 0;
  bool is_changed_ = false;
  bool is_denied_ = false;
  bool is_unknown_ = false;
  std::string_view message_;
  std::string_view reason_;
  std::uint16_t code_ = 0;
};

}  // namespace tally::admission_policy
