#pragma once
// What the steps of judging one object share, and how they report.

#include "assessment/internal/judge.hpp"

namespace tally::assessment {

[[nodiscard]] inline finding::Location location_of(const kube::Object& object,
                                                   std::uint32_t offset) {
  return {.source = object.source,
          .offset = offset,
          .document = object.document,
          .template_source = object.template_source};
}

// Everything that the steps below need about the object at hand.
struct Judging {
  const Run& run;
  const kube::Object& object;
  const finding::Subject* subject;
  Worker& worker;
  Part& part;

  // What policies may ask of the world in this request.
  [[nodiscard]] const HostContext& host(const HostContext& loaded) const {
    return worker.request.world != nullptr ? worker.request.world->host() : loaded;
  }

  void count_failure(const finding::Check& check, bool excepted) const {
    auto& count = part.counts[run.rule_index(check)];
    (excepted ? count.excepted : count.fail) += 1;
  }

  finding::Finding& add(const finding::Check& check, std::uint32_t offset) const {
    finding::Finding& finding = part.findings.emplace_back();
    finding.check = &check;
    finding.subject = subject;
    finding.severity = check.severity;
    finding.location = location_of(object, offset);
    return finding;
  }

  // Call when the finding is complete: exceptions match on its texts.
  void settle(finding::Finding& finding) const {
    for (const finding::Exception* exception : run.context->exceptions) {
      if (finding::matches(*exception, finding, run.context->today, worker.request.user)) {
        finding.exception = exception;
        return;
      }
    }
  }

  // Passes are counted by subtraction when the parts are joined; they are listed only on request.
  void list_pass(const finding::Check& check) const {
    finding::Finding& finding = add(check, object.root.offset());
    finding.verdict = finding::Verdict::Pass;
  }
};

// What admission policies and the rules of CustomResourceDefinitions say of a request. The object
// as the mutating policies left it, in the worker's arena, if they changed it; else Null.
[[nodiscard]] document::Node judge_admission(const Judging& judging, const kube::Review& request,
                                             bool is_from_file);

// What Gatekeeper's constraints say of it.
void judge_gatekeeper(const Judging& judging, const kube::Review& request, bool is_from_file);

// What Kyverno's policies say of it. The object as they left it, if they changed it; else Null.
[[nodiscard]] document::Node judge_kyverno(const Judging& judging, const kube::Review& request,
                                           bool is_from_file);

}  // namespace tally::assessment
