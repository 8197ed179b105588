#include "assessment/kyverno_policies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "scalar/cron.hpp"
#include "scalar/time_text.hpp"

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
  std::ranges::copy_if(inputs.exceptions, std::back_inserter(made->exceptions_),
                       [&](const kube::Object& object) {
                         return is_ours(object) && object.ref.kind == "PolicyException";
                       });
  made->make_waivers();
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

void KyvernoPolicies::make_waivers() {
  for (const kube::Object& object : exceptions_) {
    finding::Exception& waiver = waivers_.emplace_back();
    waiver.id = object.ref.name_space.empty()
                    ? fmt::format("PolicyException {}", object.ref.name)
                    : fmt::format("PolicyException {}/{}", object.ref.name_space, object.ref.name);
    waiver.reason = "a PolicyException, which carries no reason";
    if (object.source != nullptr) {
      waiver.file = object.source->name();
      waiver.at = object.source->position(object.root.offset());
    }
  }
}

const finding::Exception* KyvernoPolicies::waiver(std::string_view key) const {
  for (std::size_t i = 0; i < exceptions_.size(); ++i) {
    const scalar::ObjectRef& ref = exceptions_[i].ref;
    const bool is_this =
        ref.group == "kyverno.io" && key.ends_with(ref.name) &&
        (ref.name_space.empty() ? key == ref.name
                                : key == fmt::format("{}/{}", ref.name_space, ref.name));
    if (is_this) {
      return &waivers_[i];
    }
  }
  return nullptr;
}

const finding::Exception* KyvernoPolicies::waiver(const kube::Object& object) const {
  const bool is_ours = !exceptions_.empty() && &object >= exceptions_.data() &&
                       &object < exceptions_.data() + exceptions_.size();
  return is_ours ? &waivers_[static_cast<std::size_t>(&object - exceptions_.data())] : nullptr;
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

std::vector<std::string> KyvernoPolicies::schedules(
    std::span<const finding::Change> changes) const {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> out;
  const auto add = [&](const kube::Object& object, std::string_view schedule,
                       scalar::Cron::Syntax syntax, const Check& check) {
    const auto cron = scalar::Cron::parse(schedule, syntax);
    if (!cron) {
      return;  // a problem of the policy
    }
    const auto next = now_seconds_ < 0 ? std::nullopt : cron->next(now_seconds_);
    std::string text = fmt::format("{} {} ({}) ", object.ref.kind, object.ref.name, schedule);
    text += now_seconds_ < 0 ? std::string("has no clock here to run by")
            : !next
                ? std::string("never runs again")
                : fmt::format("runs next at {}", scalar::timestamp_text({.seconds = *next}).text());
    std::size_t count = 0;
    std::string names;
    for (const finding::Change& change : changes) {
      if (change.kind != finding::Change::Kind::Deleted || change.check != &check) {
        continue;
      }
      if (++count <= kNamed && change.subject != nullptr) {
        names += (names.empty() ? "" : ", ") + change.subject->ref.to_string();
      }
    }
    text += count == 0   ? std::string("; it would delete none of these objects")
            : count == 1 ? fmt::format("; it would delete {}", names)
                         : fmt::format("; it would delete {} of these objects: {}{}", count, names,
                                       count > kNamed ? ", ..." : "");
    out.push_back(std::move(text));
  };
  for (const kyverno::PolicyRecord& policy : classic_.policies()) {
    if (!policy.schedule.empty() && !policy.rules.empty()) {
      add(*policy.object, policy.schedule, scalar::Cron::Syntax::Standard,
          check_of(policy.rules.front()));
    }
  }
  for (std::uint32_t i = 0; i < cel_.policies().size(); ++i) {
    const kyverno_cel::Policy& policy = cel_.policies()[i];
    if (policy.kind == kyverno_cel::PolicyKind::Deleting) {
      add(*policy.object, policy.schedule, scalar::Cron::Syntax::Extended, check_of_cel(i));
    }
  }
  return out;
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
