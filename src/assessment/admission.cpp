#include "assessment/admission.hpp"

#include <fmt/format.h>

#include <array>

namespace tally::assessment {

using admission_policy::LoadProblem;
using admission_policy::Outcome;
using admission_policy::PolicyKind;
using finding::Check;
using finding::Severity;

namespace {

constexpr std::string_view kEngine = "admission-policy";
constexpr std::array kPolicyReferences = {std::string_view{
    "https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/"}};
constexpr std::array kRuleReferences = {
    std::string_view{"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/"
                     "custom-resource-definitions/#validation-rules"}};

constexpr Check kInvalid{
    .engine = kEngine,
    .policy = "policies",
    .id = "policy-invalid",
    .title = "Policy that the API server refuses",
    .description =
        "A required field of the policy or binding is missing or wrong. The API server refuses the "
        "object, so that nothing is enforced.",
    .remedy = "Correct the field that the finding names.",
    .severity = Severity::High,
    .controls = {},
    .references = kPolicyReferences};
constexpr Check kDoesNotCompile{
    .engine = kEngine,
    .policy = "policies",
    .id = "policy-does-not-compile",
    .title = "Expression that does not compile",
    .description =
        "The API server refuses a policy with such an expression, so that nothing is enforced.",
    .remedy = "Correct the expression at the place that the caret shows.",
    .severity = Severity::High,
    .controls = {},
    .references = kPolicyReferences};
constexpr Check kNotBound{
    .engine = kEngine,
    .policy = "policies",
    .id = "policy-not-bound",
    .title = "Policy without a binding",
    .description =
        "A ValidatingAdmissionPolicy or MutatingAdmissionPolicy takes effect only through a "
        "binding, "
        "and the input holds none for this one: it is not applied.",
    .remedy =
        "Add a binding, begin with `validationActions: [Audit, Warn]`, or give the policy with "
        "--policy to apply it to everything.",
    .severity = Severity::Medium,
    .controls = {},
    .references = kPolicyReferences};
constexpr Check kNoPolicy{
    .engine = kEngine,
    .policy = "policies",
    .id = "binding-without-policy",
    .title = "Binding without its policy",
    .description =
        "The binding names a policy that the input does not hold: it cannot be judged here.",
    .remedy = "Add the policy to the input, or correct its name.",
    .severity = Severity::Low,
    .controls = {},
    .references = kPolicyReferences};
constexpr Check kTypeWarning{
    .engine = kEngine,
    .policy = "policies",
    .id = "policy-type-warning",
    .title = "Expression that does not fit the types it is applied to",
    .description =
        "The API server checks the expressions of a policy against the types of the resources that "
        "it matches, and writes what does not fit into the policy's status. Such an expression "
        "will fail when it is evaluated.",
    .remedy = "Correct the field or the operation at the place that the caret shows.",
    .severity = Severity::Medium,
    .controls = {},
    .references = kPolicyReferences};

}  // namespace

constexpr Check kCustomResourceRule{
    .engine = kEngine,
    .policy = "custom-resources",
    .id = "custom-resource-rule",
    .title = "Custom resource that a rule of its definition refuses",
    .description =
        "The CustomResourceDefinition holds rules in CEL (x-kubernetes-validations). The API "
        "server "
        "refuses a resource for which one of them is not true.",
    .remedy = "Change the value so that the rule holds.",
    .severity = Severity::High,
    .controls = {},
    .references = kRuleReferences};

std::span<const Check* const> admission_checks() {
  static constexpr std::array kChecks = {&kInvalid,  &kDoesNotCompile, &kNotBound,
                                         &kNoPolicy, &kTypeWarning,    &kCustomResourceRule};
  return kChecks;
}

const Check& check_of(LoadProblem::Kind kind) {
  switch (kind) {
    case LoadProblem::Kind::Invalid:
      return kInvalid;
    case LoadProblem::Kind::DoesNotCompile:
      return kDoesNotCompile;
    case LoadProblem::Kind::NotBound:
      return kNotBound;
    case LoadProblem::Kind::NoPolicy:
      return kNoPolicy;
    case LoadProblem::Kind::TypeWarning:
      return kTypeWarning;
  }
  return kInvalid;
}

const Check* Admission::add_check(std::string_view policy, std::string_view pointer,
                                  std::string_view kind) {
  Check& check = checks_.emplace_back();
  check.engine = kEngine;
  check.policy = policy;
  // "/spec/validations/0/expression" -> "validations/0"
  std::string_view rule = pointer;
  if (rule.starts_with("/spec/")) {
    rule.remove_prefix(std::string_view("/spec/").size());
  }
  if (rule.ends_with("/expression")) {
    rule.remove_suffix(std::string_view("/expression").size());
  }
  check.id = texts_.emplace_back(rule.empty() ? fmt::format("{}", policy)
                                              : fmt::format("{}/{}", policy, rule));
  check.title = texts_.emplace_back(rule.empty() ? fmt::format("{} {}", kind, policy)
                                                 : fmt::format("{} {}, {}", kind, policy, rule));
  check.description = texts_.emplace_back(
      fmt::format("A rule of the {} {}, as its authors wrote it.", kind, policy));
  check.remedy =
      "Change the object so that the expression of the policy holds, or ask the owner of the "
      "policy.";
  check.severity = Severity::High;
  check.references = kPolicyReferences;
  return &check;
}

std::unique_ptr<const Admission> Admission::load(std::span<const kube::Object> given,
                                                 const kube::Snapshot& snapshot,
                                                 const kube::CustomKinds* kinds) {
  std::unique_ptr<Admission> made(new Admission(snapshot, kinds));
  auto loaded = admission_policy::PolicySet::load(
      {.given = given, .found = snapshot.objects(), .snapshot = &snapshot, .kinds = kinds});
  made->policies_ = std::move(loaded.set);
  made->problems_ = std::move(loaded.problems);
  if (kinds != nullptr) {
    auto rules = admission_policy::CustomRules::load(*kinds, snapshot.objects());
    made->rules_ = std::move(rules.rules);
    made->problems_.insert(made->problems_.end(), std::make_move_iterator(rules.problems.begin()),
                           std::make_move_iterator(rules.problems.end()));
  }
  made->is_idle_ = made->policies_.entries().empty() && made->problems_.empty() &&
                   (kinds == nullptr || kinds->kinds().empty());
  for (const auto& entry : made->policies_.entries()) {
    made->has_mutating_ = made->has_mutating_ || entry.kind == PolicyKind::Mutating;
    const std::string_view kind = entry.kind == PolicyKind::Mutating ? "MutatingAdmissionPolicy"
                                                                     : "ValidatingAdmissionPolicy";
    made->by_place_.emplace(std::pair{entry.object, std::string_view{}},
                            made->add_check(entry.name, {}, kind));
    for (const std::string& pointer : entry.pointers) {
      made->by_place_.emplace(std::pair{entry.object, std::string_view{pointer}},
                              made->add_check(entry.name, pointer, kind));
    }
  }
  return made;
}

const Check& Admission::check_of(const admission_policy::Passed& passed) const {
  const auto found = by_place_.find({passed.policy, passed.pointer});
  return found == by_place_.end() ? kInvalid : *found->second;
}

const Check& Admission::check_of(const Outcome& outcome) const {
  if (outcome.kind == PolicyKind::CustomResource) {
    return kCustomResourceRule;
  }
  auto found = by_place_.find({outcome.policy, outcome.pointer});
  if (found == by_place_.end()) {
    found = by_place_.find({outcome.policy, std::string_view{}});
  }
  return found == by_place_.end() ? kInvalid : *found->second;
}

}  // namespace tally::assessment
