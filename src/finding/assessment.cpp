#include "finding/assessment.hpp"

#include <algorithm>

namespace tally::finding {

std::string_view to_text(Skipped::Kind kind) noexcept {
  switch (kind) {
    case Skipped::Kind::NotAnObject:
      return "not-an-object";
    case Skipped::Kind::NotJudgedYet:
      return "not-judged-yet";
    case Skipped::Kind::UnknownKind:
      return "unknown-kind";
    case Skipped::Kind::BuildFirst:
      return "build-first";
    case Skipped::Kind::TestData:
      return "test-data";
    case Skipped::Kind::NotRead:
      return "not-read";
  }
  return "not-read";
}

Severity effective_severity(const Finding& finding) noexcept {
  // CONTRACTS section 3: error and unknown count as high (or worse, if the rule is).
  const bool doubtful = finding.verdict == Verdict::Error || finding.verdict == Verdict::Unknown;
  return doubtful ? std::min(finding.severity, Severity::High) : finding.severity;
}

bool counts(const Finding& finding) noexcept {
  const bool bad = finding.verdict == Verdict::Fail || finding.verdict == Verdict::Error ||
                   finding.verdict == Verdict::Unknown;
  return bad && finding.exception == nullptr;
}

const Finding* worst(const Assessment& assessment) {
  const Finding* found = nullptr;
  for (const Finding& finding : assessment.findings) {
    if (counts(finding) &&
        (found == nullptr || effective_severity(finding) < effective_severity(*found))) {
      found = &finding;
    }
  }
  return found;
}

int exit_code(const Assessment& assessment, const Severity* fail_on) {
  if (!assessment.errors.empty() || assessment.totals.objects == 0) {
    return 2;
  }
  const Finding* found = worst(assessment);
  return fail_on != nullptr && found != nullptr && effective_severity(*found) <= *fail_on ? 1 : 0;
}

}  // namespace tally::finding
