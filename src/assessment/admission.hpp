#pragma once
// Admission as an engine of assess(): ValidatingAdmissionPolicies, MutatingAdmissionPolicies and
// the CEL rules of CustomResourceDefinitions, loaded once, with a Check record for every rule, so
// that reports can count and document rules that users wrote.
//
// Lifetime: the objects that are given, the snapshot and the kinds must outlive the engine, and the
// engine every Assessment made with it (Assessment::keep). Threads: immutable after load().

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admission_policy/custom_rules.hpp"
#include "admission_policy/policy_set.hpp"
#include "assessment/host.hpp"
#include "finding/assessment.hpp"

namespace tally::assessment {

class Admission {
 public:
  // given: by --policy; found: those of the input, among them the CustomResourceDefinitions of
  // `kinds`.
  [[nodiscard]] static std::unique_ptr<const Admission> load(std::span<const kube::Object> given,
                                                             const kube::Snapshot& snapshot,
                                                             const kube::CustomKinds* kinds);

  [[nodiscard]] const admission_policy::PolicySet& policies() const noexcept { return policies_; }
  // What expressions may ask of the world: the snapshot.
  [[nodiscard]] const HostContext& world() const noexcept { return world_; }
  // Whether there is anything to ask: a policy, a rule of a definition, or something wrong with
  // one.
  [[nodiscard]] bool is_idle() const noexcept { return is_idle_; }
  [[nodiscard]] bool has_mutating() const noexcept { return has_mutating_; }
  [[nodiscard]] const admission_policy::CustomRules& rules() const noexcept { return rules_; }
  [[nodiscard]] std::span<const admission_policy::LoadProblem> problems() const noexcept {
    return problems_;
  }

  // The record of the rule that spoke.
  [[nodiscard]] const finding::Check& check_of(const admission_policy::Outcome& outcome) const;
  [[nodiscard]] const finding::Check& check_of(const admission_policy::Passed& passed) const;
  [[nodiscard]] const std::deque<finding::Check>& checks() const noexcept { return checks_; }

 private:
  Admission(const kube::Snapshot& snapshot, const kube::CustomKinds* kinds)
      : world_(snapshot, kinds) {}
  const finding::Check* add_check(std::string_view policy, std::string_view pointer,
                                  std::string_view kind);

  HostContext world_;
  admission_policy::PolicySet policies_;
  admission_policy::CustomRules rules_;
  std::vector<admission_policy::LoadProblem> problems_;
  bool has_mutating_ = false;
  bool is_idle_ = true;
  std::deque<finding::Check> checks_;
  std::deque<std::string> texts_;  // of the checks
  // By policy and pointer of the expression; "" for what concerns the policy as a whole.
  std::map<std::pair<const kube::Object*, std::string_view>, const finding::Check*> by_place_;
};

// The records of what can be wrong with a policy, and of the rules of CustomResourceDefinitions.
[[nodiscard]] std::span<const finding::Check* const> admission_checks();
[[nodiscard]] const finding::Check& check_of(admission_policy::LoadProblem::Kind kind);
extern const finding::Check kCustomResourceRule;

}  // namespace tally::assessment
