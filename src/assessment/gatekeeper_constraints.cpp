#include "assessment/gatekeeper_constraints.hpp"

#include <fmt/format.h>

#include <array>

namespace tally::assessment {

using finding::Check;
using finding::Severity;

namespace {

constexpr std::string_view kEngine = "gatekeeper";
constexpr std::array kReferences = {std::string_view{
    "https://open-policy-agent.github.io/gatekeeper/website/docs/validating-admission-policy/"}};

constexpr Check kInvalid{
    .engine = kEngine,
    .policy = "constraints",
    .id = "gatekeeper-invalid",
    .title = "Constraint or template that cannot be applied",
    .description = "A field of the constraint or its template is missing or wrong.",
    .remedy = "Correct the field that the finding names.",
    .severity = Severity::High,
    .controls = {},
    .references = kReferences};
constexpr Check kDoesNotCompile{
    .engine = kEngine,
    .policy = "constraints",
    .id = "gatekeeper-does-not-compile",
    .title = "Template with an expression that does not compile",
    .description = "Constraints of a template with such an expression judge nothing.",
    .remedy = "Correct the expression.",
    .severity = Severity::High,
    .controls = {},
    .references = kReferences};
constexpr Check kNoTemplate{
    .engine = kEngine,
    .policy = "constraints",
    .id = "gatekeeper-no-template",
    .title = "Constraint without its template",
    .description = "The template that says what the constraint means is not in the input.",
    .remedy = "Add the template to the input or give it with --policy.",
    .severity = Severity::Low,
    .controls = {},
    .references = kReferences};

bool is_ours(const kube::Object& object) {
  return object.ref.group == gatekeeper::kTemplateGroup ||
         object.ref.group == gatekeeper::kConstraintGroup;
}

}  // namespace

std::span<const Check* const> gatekeeper_checks() {
  static constexpr std::array kChecks = {&kInvalid, &kDoesNotCompile, &kNoTemplate};
  return kChecks;
}

const Check& check_of(gatekeeper::LoadProblem::Kind kind) {
  switch (kind) {
    case gatekeeper::LoadProblem::Kind::Invalid:
      return kInvalid;
    case gatekeeper::LoadProblem::Kind::DoesNotCompile:
      return kDoesNotCompile;
    case gatekeeper::LoadProblem::Kind::NoTemplate:
      return kNoTemplate;
  }
  return kInvalid;
}

std::unique_ptr<const GatekeeperConstraints> GatekeeperConstraints::load(
    std::span<const kube::Object> given, const kube::Snapshot& snapshot,
    const kube::CustomKinds* kinds) {
  std::unique_ptr<GatekeeperConstraints> made(new GatekeeperConstraints(snapshot, kinds));
  for (const kube::Object& object : given) {
    if (is_ours(object)) {
      made->objects_.push_back(object);
    }
  }
  made->given_ = made->objects_.size();
  for (const kube::Object& object : snapshot.objects()) {
    if (is_ours(object)) {
      made->objects_.push_back(object);
    }
  }
  auto loaded =
      gatekeeper::ConstraintSet::load({.templates = made->objects_, .constraints = made->objects_});
  made->set_ = std::move(loaded.set);
  made->problems_ = std::move(loaded.problems);
  for (const gatekeeper::Constraint& constraint : made->set_.constraints()) {
    Check& check = made->checks_.emplace_back();
    check.engine = kEngine;
    check.policy = constraint.kind;
    check.id = made->texts_.emplace_back(fmt::format("{}/{}", constraint.kind, constraint.name));
    check.title = made->texts_.emplace_back(fmt::format("{} {}", constraint.kind, constraint.name));
    check.description = made->texts_.emplace_back(
        fmt::format("A constraint of the template {}, as its authors wrote it.", constraint.kind));
    check.remedy = "Change the object as the message says, or ask the owner of the constraint.";
    check.severity =
        constraint.enforcement == gatekeeper::Enforcement::Deny ? Severity::High : Severity::Medium;
    check.references = kReferences;
  }
  return made;
}

}  // namespace tally::assessment
