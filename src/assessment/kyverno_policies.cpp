#include "assessment/kyverno_policies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace tally::assessment {

using finding::Check;
using finding::Severity;

namespace {

constexpr std::string_view kEngine = "kyverno";
constexpr std::array kReferences = {std::string_view{"https://kyverno.io/docs/policy-types/"}};
constexpr std::array kExceptionReferences = {
    std::string_view{"https://kyverno.io/docs/guides/exceptions/"}};

constexpr Check kInvalid{
    .engine = kEngine,
    .policy = "policies",
    .id = "kyverno-policy-invalid",
    .title = "Kyverno policy with a field that cannot be applied",
    .description =
        "A field of the policy is missing or wrong: the policy, or the rule that the finding "
        "names, is not applied.",
    .remedy = "Correct the field that the finding names.",
    .severity = Severity::High,
    .controls = {},
    .references = kReferences};
constexpr Check kDoesNotCompile{
    .engine = kEngine,
    .policy = "policies",
    .id = "kyverno-policy-does-not-compile",
    .title = "Kyverno policy with an expression that does not compile",
    .description = "A rule with such an expression cannot judge anything.",
    .remedy = "Correct the expression.",
    .severity = Severity::High,
    .controls = {},
    .references = kReferences};
constexpr Check kException{
    .engine = kEngine,
    .policy = "policies",
    .id = "kyverno-exception-unused",
    .title = "PolicyException that excuses nothing",
    .description =
        "The exception has expired, is not complete, or names a policy that is not here.",
    .remedy = "Renew the exception, correct it, or remove it.",
    .severity = Severity::Low,
    .controls = {},
    .references = kExceptionReferences};

Severity severity_of(std::string_view annotation) {
  constexpr std::array<std::pair<std::string_view, Severity>, 5> kWords{
      {{"critical", Severity::Critical},
       {"high", Severity::High},
       {"medium", Severity::Medium},
       {"low", Severity::Low},
       {"info", Severity::Info}}};
  const auto found =
      std::ranges::find(kWords, annotation, [](const auto& row) { return row.first; });
  return found == kWords.end() ? Severity::High : found->second;
}

std::string_view annotation_of(const kube::Object& object, std::string_view key) {
  return object.annotation(key).value_or(std::string_view{});
}

}  // namespace

std::span<const Check* const> kyverno_checks() {
  static constexpr std::array kChecks = {&kInvalid, &kDoesNotCompile, &kException};
  return kChecks;
}

bool KyvernoPolicies::is_idle() const noexcept {
  return classic_.policies().empty() && cel_.policies().empty() && problems_.empty();
}

std::unique_ptr<const KyvernoPolicies> KyvernoPolicies::load(const kube::Snapshot& snapshot,
                                                             const Inputs& inputs) {
  std::unique_ptr<KyvernoPolicies> made(new KyvernoPolicies(snapshot, inputs));
  const auto is_ours = [](const kube::Object& object) {
    return object.ref.group == "kyverno.io" || object.ref.group == kyverno_cel::kGroup;
  };
  std::ranges::copy_if(inputs.given, std::back_inserter(made->policies_), is_ours);
  const std::size_t given = made->policies_.size();
  // The same identity twice: what is given by --policy stands.
  for (const kube::Object& object : snapshot.objects()) {
    if (!is_ours(object)) {
      continue;
    }
    const bool is_given = std::any_of(
        made->policies_.begin(), made->policies_.begin() + static_cast<std::ptrdiff_t>(given),
        [&](const kube::Object& other) {
          return other.ref.group == object.ref.group && other.ref.kind == object.ref.kind &&
                 other.ref.name_space == object.ref.name_space && other.ref.name == object.ref.name;
        });
    if (!is_given && snapshot.find(object.ref.group, object.ref.kind, object.ref.name_space,
                                   object.ref.name) == &object) {
      made->policies_.push_back(object);
    }
  }
  std::ranges::copy_if(inputs.exceptions, std::back_inserter(made->exceptions_), is_ours);
  const auto is_given = [&](const kube::Object* object) {
    return object >= made->policies_.data() && object < made->policies_.data() + given;
  };
  auto classic = kyverno::PolicySet::load(
      {.policies = made->policies_, .exceptions = made->exceptions_, .kinds = inputs.kinds});
  for (kyverno::LoadProblem& problem : classic.problems) {
    made->problems_.push_back({.check = problem.object->ref.kind == "PolicyException" ? &kException
                                        : problem.kind == kyverno::LoadProblem::Kind::DoesNotCompile
                                            ? &kDoesNotCompile
                                            : &kInvalid,
                               .object = problem.object,
                               .pointer = std::move(problem.pointer),
                               .offset = problem.offset,
                               .message = std::move(problem.message),
                               .is_refused = problem.is_refused,
                               .is_given = is_given(problem.object)});
  }
  made->classic_ = std::move(classic.set);
  auto cel = kyverno_cel::PolicySet::load(
      {.policies = made->policies_,
       .exceptions = made->exceptions_,
       .kinds = inputs.kinds,
       .now = inputs.now_seconds < 0 ? std::nullopt : std::optional(inputs.now_seconds)});
  for (kyverno_cel::LoadProblem& problem : cel.problems) {
    using Kind = kyverno_cel::LoadProblem::Kind;
    const bool is_exception = problem.kind == Kind::NoPolicy || problem.kind == Kind::Expired;
    made->problems_.push_back({.check = is_exception                           ? &kException
                                        : problem.kind == Kind::DoesNotCompile ? &kDoesNotCompile
                                                                               : &kInvalid,
                               .object = problem.object,
                               .pointer = std::move(problem.pointer),
                               .offset = problem.offset,
                               .message = std::move(problem.message),
                               .is_refused = problem.is_refused,
                               .is_given = is_given(problem.object)});
  }
  made->cel_ = std::move(cel.set);
  made->make_checks();
  return made;
}

void KyvernoPolicies::make_checks() {
  const auto add = [&](const kube::Object& object, std::string_view kind, std::string_view name,
                       std::string_view rule, std::string_view severity) {
    Check& check = checks_.emplace_back();
    check.engine = kEngine;
    check.policy = name;
    check.id = texts_.emplace_back(rule.empty() ? fmt::format("{}", name)
                                                : fmt::format("{}/{}", name, rule));
    const std::string_view title = annotation_of(object, "policies.kyverno.io/title");
    const std::string_view description = annotation_of(object, "policies.kyverno.io/description");
    check.title = !title.empty()
                      ? title
                      : std::string_view(texts_.emplace_back(
                            rule.empty() ? fmt::format("{} {}", kind, name)
                                         : fmt::format("{} {}, rule {}", kind, name, rule)));
    check.description = !description.empty()
                            ? description
                            : std::string_view(texts_.emplace_back(fmt::format(
                                  "A rule of the {} {}, as its authors wrote it.", kind, name)));
    check.remedy =
        "Change the object as the message says, or ask the owner of the policy for a "
        "PolicyException.";
    check.severity = severity_of(severity);
    check.references = kReferences;
    return &check;
  };
  for (const kyverno::PolicyRecord& policy : classic_.policies()) {
    for (const kyverno::RuleRecord& rule : policy.rules) {
      // Autogen's rules are the author's rule: one record for all of them.
      const auto [place, is_new] = by_rule_.try_emplace({policy.object, rule.pointer}, nullptr);
      if (is_new) {
        place->second = add(*policy.object, kyverno::to_text(policy.kind), policy.name,
                            rule.written, rule.severity);
      }
    }
  }
  for (const kyverno_cel::Policy& policy : cel_.policies()) {
    by_cel_policy_.push_back(add(*policy.object, policy.kind_name, policy.name, {},
                                 annotation_of(*policy.object, "policies.kyverno.io/severity")));
  }
}

const Check& KyvernoPolicies::check_of(const kyverno::RuleRecord& rule) const {
  for (const kyverno::PolicyRecord& policy : classic_.policies()) {
    if (&rule >= policy.rules.data() && &rule < policy.rules.data() + policy.rules.size()) {
      return *by_rule_.at({policy.object, rule.pointer});
    }
  }
  return kInvalid;
}

const Check& KyvernoPolicies::check_of_cel(std::uint32_t policy) const {
  TALLY_ASSERT(policy < by_cel_policy_.size());
  return *by_cel_policy_[policy];
}

}  // namespace tally::assessment
