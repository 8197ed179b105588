#pragma once
// One policy on one request.

#include <string>
#include <string_view>

#include "kyverno_cel/internal/scratch_state.hpp"

namespace tally::kyverno_cel {

class Judgement {
 public:
  Judgement(const PolicySet::Table& table, Scratch::State& state, const LoadedPolicy& policy);

  // The policy's own rules and those for pod controllers.
  [[nodiscard]] Response judge();
  [[nodiscard]] Response judge_target(const kube::Object& target);

 private:
  // --- judgement.cpp
  Arena& arena() { return state_.evaluation.arena(); }
  const Policy& about() const { return policy_.about; }
  void enter(const View& view);
  [[nodiscard]] policy_cel::MatchContext match_context() const;
  [[nodiscard]] cel::Value value(policy_cel::ProgramId program);
  void open(View& view, const Variant& variant);
  [[nodiscard]] View view_of(const kube::Review& review, bool has_namespace);
  [[nodiscard]] Response judge(const Variant& variant);
  [[nodiscard]] Response judge(const Variant& variant, View& view);
  [[nodiscard]] Response judge_templates(const Variant& variant);
  [[nodiscard]] kube::Review review_of_pod(const ExtractedTemplate* now,
                                           const ExtractedTemplate* before);

  // What some conditions come to.
  struct Conditions {
    bool are_met = false;
    bool have_failed = false;
    bool is_unknown = false;
    std::string_view message;            // of the failures
    const Expression* blamed = nullptr;  // the first of them
    std::uint32_t index = 0;
    std::uint32_t at = 0;
  };
  enum class Variables : std::uint8_t { Hidden, Seen };
  [[nodiscard]] Conditions check(std::span<const Expression> conditions, Variables variables);

  // The exceptions that hold: true if `response` is the last word.
  [[nodiscard]] bool excuse(const Variant& variant, View& view, Variables variables,
                            std::string_view failed, Response& response);
  [[nodiscard]] Response excused();
  void allow(View& view);

  [[nodiscard]] Response say(Verdict verdict, std::string_view rule, std::string_view message);
  // An error, or Unknown where the value depends on what was not given.
  [[nodiscard]] Response failed(std::string_view rule, std::string_view prefix,
                                const Expression& expression, std::size_t index,
                                const cel::Value& value);
  [[nodiscard]] Response failed(std::string_view rule, std::string_view prefix,
                                const Conditions& conditions);
  // False: `problem` is an error.
  [[nodiscard]] bool annotate(const Variant& variant, cel::Value& problem,
                              const Expression*& blamed);
  [[nodiscard]] std::span<const Property> kept_properties();

  // --- validate.cpp
  [[nodiscard]] Response validate(const Variant& variant, View& view);
  [[nodiscard]] Response run_validations(const Variant& variant);
  [[nodiscard]] std::string_view message_of(const ValidationRule& rule, std::size_t index);
  [[nodiscard]] Response authorize(const Variant& variant, View& view);

  // --- mutate.cpp
  [[nodiscard]] Response mutate(const Variant& variant, View& view, bool is_target);
  [[nodiscard]] bool apply(const MutationStep& step, const View& view, const cel::Value& value,
                           document::Node& patched, std::string& problem);
  [[nodiscard]] bool is_selected(const Variant& variant, const kube::Object& target);

  // --- generate.cpp
  [[nodiscard]] Response generate(const Variant& variant, View& view);
  [[nodiscard]] bool generate_from_template(const GenerationStep& step, Response& response,
                                            std::size_t index);
  [[nodiscard]] Response decide_deletion(const Variant& variant, View& view);

  // --- verify_images.cpp
  [[nodiscard]] Response verify_images(const Variant& variant, View& view);
  [[nodiscard]] bool collect_images(const Variant& variant, View& view, Response& problem);
  [[nodiscard]] bool selects(const Variant& variant, std::string_view image, cel::Value& problem);
  [[nodiscard]] Response require_signatures(Response passed);
  void gather_evidence();

  const PolicySet::Table& table_;
  Scratch::State& state_;
  const LoadedPolicy& policy_;
  std::string_view path_;  // of the pod template
};

}  // namespace tally::kyverno_cel
