// What Gatekeeper's constraints say of one object, as findings.
#include <algorithm>

#include "assessment/gatekeeper_constraints.hpp"
#include "assessment/internal/judging.hpp"

namespace tally::assessment {

using finding::Finding;
using finding::Mode;
using finding::Verdict;
using gatekeeper::Enforcement;

void judge_gatekeeper(const Judging& judging, const kube::Review& request, bool is_from_file) {
  const GatekeeperConstraints& engine = *judging.run.engines->gatekeeper;
  Arena& arena = *judging.worker.arena;
  const SnapshotHost host(judging.host(engine.host()),
                          {.user = &request.user_info,
                           .source = is_from_file ? UserSource::Flags : UserSource::Review,
                           .outside = judging.worker.request.outside});
  for (std::uint32_t i = 0; i < engine.set().constraints().size(); ++i) {
    const gatekeeper::Constraint& constraint = engine.set().constraints()[i];
    if (constraint.engine == gatekeeper::Engine::RegoOnly) {
      continue;  // listed as not judged yet
    }
    const gatekeeper::Response response =
        engine.set().judge(i,
                           {.review = &request,
                            .snapshot = judging.run.snapshot,
                            .host = &host,
                            .is_user_unknown_when_empty = is_from_file},
                           judging.worker.gatekeeper_scratch);
    if (response.matched == kube::Match::No) {
      continue;
    }
    const finding::Check& check = engine.check_of(i);
    auto& count = judging.part.counts[judging.run.rule_index(check)];
    const bool is_match_unknown = response.matched == kube::Match::Unknown;
    if (response.violations.empty()) {
      (is_match_unknown ? count.skip : count.pass) += 1;
      if (!is_match_unknown && judging.run.context->include_pass) {
        judging.list_pass(check);
      }
      continue;
    }
    for (std::size_t n = 0; n < response.violations.size(); ++n) {
      const gatekeeper::Violation& violation = response.violations[n];
      // What is said twice counts once: violations are a set.
      const auto said_before = response.violations.first(n);
      if (std::ranges::find(said_before, violation.message, &gatekeeper::Violation::message) !=
          said_before.end()) {
        continue;
      }
      Finding& finding = judging.add(check, judging.object.root.offset());
      finding.verdict = violation.is_unknown || is_match_unknown ? Verdict::Unknown
                        : violation.is_error                     ? Verdict::Error
                                                                 : Verdict::Fail;
      finding.mode = constraint.enforcement == Enforcement::Deny   ? Mode::Enforce
                     : constraint.enforcement == Enforcement::Warn ? Mode::Warn
                                                                   : Mode::Audit;
      finding.message = arena.copy(violation.message);
      judging.settle(finding);
      (finding.exception != nullptr        ? count.excepted
       : finding.verdict == Verdict::Fail  ? count.fail
       : finding.verdict == Verdict::Error ? count.error
                                           : count.unknown) += 1;
    }
  }
}

}  // namespace tally::assessment
