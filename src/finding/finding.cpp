#include "finding/finding.hpp"

#include <string>

#include "crypto/sha256.hpp"

namespace tally::finding {

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Pass:
      return "pass";
    case Verdict::Fail:
      return "fail";
    case Verdict::Error:
      return "error";
    case Verdict::Unknown:
      return "unknown";
    case Verdict::Skip:
      return "skip";
  }
  return "unknown";
}

std::string_view to_text(Severity severity) noexcept {
  switch (severity) {
    case Severity::Critical:
      return "critical";
    case Severity::High:
      return "high";
    case Severity::Medium:
      return "medium";
    case Severity::Low:
      return "low";
    case Severity::Info:
      return "info";
  }
  return "info";
}

std::string_view to_text(Mode mode) noexcept {
  switch (mode) {
    case Mode::Audit:
      return "audit";
    case Mode::Warn:
      return "warn";
    case Mode::Enforce:
      return "enforce";
  }
  return "audit";
}

Fingerprint fingerprint(const Finding& finding) {
  // Reused buffers: a report has tens of thousands of findings.
  thread_local std::string text;
  thread_local crypto::Sha256 hash;
  text.clear();
  const auto field = [](std::string_view value) {
    text += value;
    text += '\0';
  };
  if (finding.check != nullptr) {
    field(finding.check->engine);
    field(finding.check->policy);
    field(finding.check->id);
  }
  if (finding.subject != nullptr) {
    // Without the version: an object that moves from v1beta1 to v1 is the same object.
    field(finding.subject->ref.group);
    field(finding.subject->ref.kind);
    field(finding.subject->ref.name_space);
    field(finding.subject->ref.name);
    field(finding.container);
    const Subject& subject = *finding.subject;
    if (subject.list_keys.append != nullptr) {
      subject.list_keys.append(text, subject.list_keys.kind, subject.root, finding.pointer);
    } else {
      text += finding.pointer;
    }
  } else {
    field(finding.pointer);
    field(finding.message);
  }
  hash.update(text);
  return crypto::to_hex(hash.finish());
}

}  // namespace tally::finding
