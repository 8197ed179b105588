// Outcomes of admission policies as findings.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assessment/admission.hpp"
#include "assessment/internal/judging.hpp"
#include "document/json_writer.hpp"
#include "kube/defaults.hpp"
#include "kube/objects.hpp"

namespace tally::assessment {

using admission_policy::Outcome;
using finding::Finding;
using finding::Mode;
using finding::Severity;
using finding::Verdict;

namespace {

Verdict verdict_of(const Outcome& outcome) {
  switch (outcome.verdict) {
    case admission_policy::Verdict::Fail:
      return Verdict::Fail;
    case admission_policy::Verdict::Error:
      // An error that failurePolicy Ignore swallows stops nothing: it is a flaw of the policy.
      return outcome.is_ignored ? Verdict::Fail : Verdict::Error;
    case admission_policy::Verdict::Unknown:
      return Verdict::Unknown;
  }
  return Verdict::Error;
}

// What is denied is high, what is only said is medium; what is swallowed is low.
void weigh(const Outcome& outcome, Finding& finding) {
  if (outcome.is_ignored) {
    finding.severity = Severity::Low;
    finding.mode = Mode::Audit;
  } else if (outcome.actions.deny || outcome.kind == admission_policy::PolicyKind::CustomResource) {
    finding.severity = Severity::High;
    finding.mode = Mode::Enforce;
  } else {
    finding.severity = Severity::Medium;
    finding.mode = outcome.actions.warn ? Mode::Warn : Mode::Audit;
  }
}

void report(const Judging& judging, const Admission& admission, const Outcome& outcome) {
  Arena& arena = *judging.worker.arena;
  const finding::Check& check = admission.check_of(outcome);
  Finding& finding = judging.add(check, judging.object.root.offset());
  finding.verdict = verdict_of(outcome);
  weigh(outcome, finding);
  finding.pointer = arena.concat({outcome.object_pointer});
  finding.message = outcome.is_ignored
                        ? arena.concat({"failurePolicy Ignore lets this pass: ", outcome.message})
                        : arena.concat({outcome.message});
  judging.settle(finding);
  judging.count_failure(check, finding.exception != nullptr);
}

// A rule passes if it held whenever it was asked, with every binding and parameter object.
void count_passes(const Judging& judging, const Admission& admission,
                  const admission_policy::Decision& decision) {
  for (std::size_t i = 0; i < decision.passed.size(); ++i) {
    const admission_policy::Passed& passed = decision.passed[i];
    const auto is_same = [&](const auto& other) {
      return other.policy == passed.policy && other.pointer == passed.pointer;
    };
    // What one policy says stands together.
    bool is_said = false;
    for (std::size_t n = i; n > 0 && decision.passed[n - 1].policy == passed.policy; --n) {
      is_said = is_said || is_same(decision.passed[n - 1]);
    }
    if (is_said || std::ranges::any_of(decision.outcomes, is_same)) {
      continue;
    }
    const finding::Check& check = admission.check_of(passed);
    judging.part.counts[judging.run.rule_index(check)].pass += 1;
    if (judging.run.context->include_pass) {
      judging.list_pass(check);
    }
  }
}

template <class T>
std::span<const T> keep(Arena& arena, const std::vector<T>& values) {
  return arena.copy(std::span<const T>{values});
}

// The decision with texts that outlive the scratch memory.
finding::AdmissionDecision lasting(const Judging& judging,
                                   const admission_policy::Decision& decision) {
  Arena& arena = *judging.worker.arena;
  finding::AdmissionDecision made;
  made.subject = judging.subject;
  made.allowed = decision.is_allowed;
  made.unknown = decision.is_unknown;
  made.code = decision.code;
  made.reason = arena.copy(decision.reason);
  made.message = arena.copy(decision.message);
  std::vector<std::string_view> warnings;
  for (const std::string_view warning : decision.warnings) {
    warnings.push_back(arena.copy(warning));
  }
  made.warnings = keep(arena, warnings);
  std::vector<std::pair<std::string_view, std::string_view>> annotations;
  for (const auto& annotation : decision.audit_annotations) {
    annotations.emplace_back(arena.copy(annotation.key), arena.copy(annotation.value));
  }
  auto* room =
      arena.allocate_array<std::pair<std::string_view, std::string_view>>(annotations.size());
  std::uninitialized_copy(annotations.begin(), annotations.end(), room);
  made.audit_annotations = {room, annotations.size()};
  return made;
}

void list_change(const Judging& judging, const document::Node& changed) {
  std::string text;
  document::append_json(text, changed);
  judging.part.changes.push_back({.kind = finding::Change::Kind::Patched,
                                  .check = nullptr,
                                  .subject = judging.subject,
                                  .text = judging.worker.arena->copy(text)});
}

// The object as it goes on when no policy changed it: with the server's defaults.
document::Node unchanged(const Judging& judging, const kube::Review& review) {
  if (!judging.run.context->defaults || !review.object.is_object()) {
    return review.object;
  }
  const auto object = kube::object_from_node(review.object, judging.object.source);
  return object ? kube::defaulted(*object, *judging.worker.arena, {.name_space = review.name_space})
                : review.object;
}

}  // namespace

document::Node judge_admission(const Judging& judging, const kube::Review& request,
                               bool is_from_file) {
  const Admission& admission = *judging.run.engines->admission;
  admission_policy::Scratch& scratch = judging.worker.admission_scratch;
  kube::Review review = request;
  document::Node changed;
  finding::AdmissionDecision made;
  made.subject = judging.subject;
  if (admission.policies().concerns(review.resource)) {
    const SnapshotHost host(judging.host(admission.world()),
                            {.user = &review.user_info,
                             .source = is_from_file ? UserSource::Flags : UserSource::Review,
                             .outside = judging.worker.request.outside});
    const auto decision = admission.policies().admit(
        review, scratch,
        {.defaults = judging.run.context->defaults ? admission_policy::Defaults::Apply
                                                   : admission_policy::Defaults::AsIs,
         .steps = judging.run.steps,
         .snapshot = judging.run.snapshot,
         .host = &host,
         .is_user_unknown_when_empty = is_from_file});
    for (const Outcome& outcome : decision.outcomes) {
      report(judging, admission, outcome);
    }
    count_passes(judging, admission, decision);
    made = lasting(judging, decision);
    if (decision.is_changed) {
      changed = document::deep_copy(*judging.worker.arena, decision.object);
      list_change(judging, changed);
      review.object = changed;
    }
  }
  if (admission.has_mutating() && made.allowed) {
    made.object = changed.is_null() ? unchanged(judging, request) : changed;
  }
  // The server asks the rules of the definition after the mutating policies, before the validating
  // ones.
  const auto rules = judging.run.validates() ? admission.rules().check(review, scratch)
                                             : decltype(admission.rules().check(review, scratch)){};
  for (const Outcome& outcome : rules.outcomes) {
    report(judging, admission, outcome);
  }
  if (!rules.message.empty()) {
    made.allowed = false;
    made.code = 422;
    made.reason = "Invalid";
    made.message = judging.worker.arena->copy(rules.message);
    made.object = {};
  }
  judging.part.decisions.push_back(made);
  return changed;
}

}  // namespace tally::assessment
