#pragma once
// Assessment: everything that one run found out. Writers read an Assessment and nothing else.
//
// Order is deterministic: findings about text that was pasted wrongly, then object by object in the
// order of the input (structure, Pod Security, hygiene), then requests, namespaces by name,
// duplicates and exceptions; all else as documented at each member.
// Move-only: it owns the texts that its findings refer to. Immutable once assess() returns it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "finding/exception.hpp"
#include "finding/finding.hpp"

namespace tally::finding {

// "3 of 41 workloads are privileged" is a figure, not a finding.
struct Figure {
  std::string_view id;     // kebab-case
  std::string_view title;  // "workloads that meet restricted"
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 0;
  std::string_view unit;     // "workloads", "images", "namespaces"
  std::string scope;         // "" the whole input, "tier:baseline", "namespace:payments"
  std::string_view formula;  // how both numbers are counted: a sentence
  bool good = true;          // a higher share is better
};

// A patched or generated object. (Engines that change objects come later; writers already carry
// them.)
struct Change {
  enum class Kind : std::uint8_t { Patched, Created, Deleted };
  Kind kind = Kind::Patched;
  const Check* check = nullptr;
  const Subject* subject = nullptr;
  std::string_view text;  // JSON of the resulting object
};

// What the admission policies decide on one request, in the API server's words.
struct AdmissionDecision {
  const Subject* subject = nullptr;
  bool allowed = true;
  bool unknown = false;  // something depends on what was not given
  std::uint16_t code = 0;
  std::string_view reason;   // "Invalid"
  std::string_view message;  // of a refusal
  std::span<const std::string_view> warnings;
  std::span<const std::pair<std::string_view, std::string_view>> audit_annotations;
  document::Node object;  // as it is admitted, where mutating policies were asked; else Null
};

// One source that was read.
struct InputSource {
  const document::Source* source = nullptr;
  std::string name;
  std::uint64_t bytes = 0;
  std::uint32_t documents = 0;
  std::uint32_t objects = 0;
  std::string_view reader = "fast";
};

// What was not judged, and why. Never silently dropped.
struct Skipped {
  enum class Kind : std::uint8_t {
    NotAnObject,   // YAML or JSON, but no Kubernetes object
    NotJudgedYet,  // a kind that is recognised and that no engine judges yet
    UnknownKind,   // neither built in nor defined by a CRD of the input
    BuildFirst,    // Helm template, kustomization, patch: build it first
    TestData,      // policies and resources of a policy test folder
    NotRead,       // a file that is not a manifest (wrong extension, hidden, link out of the root)
  };
  Kind kind = Kind::NotAnObject;
  std::string file;
  std::uint32_t document = 0;  // 0: the whole file
  Position at;
  std::string subject;  // "NetworkPolicy payments/deny-all", or empty
  std::string reason;   // a sentence
};
[[nodiscard]] std::string_view to_text(Skipped::Kind kind) noexcept;

// The Pod Security verdict of one workload at the level that is set for it, in the API server's
// words.
struct WorkloadVerdict {
  const Subject* subject = nullptr;
  Location location;
  std::string_view level;    // level that is set: "baseline"
  std::string_view version;  // "latest" or "v1.30"
  std::string_view meets;  // strictest level that it meets: "privileged", "baseline", "restricted"
  std::string_view tier;   // the namespace's tier in tally.yaml, or empty
  bool allowed = true;
  std::string_view message;  // "" or `would violate PodSecurity "baseline:latest": ...`
};

// One namespace that has workloads or a Namespace object, sorted by name.
struct NamespaceSummary {
  std::string_view name;
  std::string_view tier;         // from tally.yaml, or empty
  std::string_view level;        // level that is set for it
  std::string_view recommended;  // the strictest level that all its workloads already meet
  bool in_input = false;         // its Namespace object is part of the input
  std::uint32_t workloads = 0;
  std::uint32_t findings = 0;  // fail, error and unknown
  std::vector<std::pair<std::string_view, std::string>>
      labels_to_apply;  // empty: nothing to change
};

// An exception and what it accepted in this run.
struct ExceptionUse {
  const Exception* exception = nullptr;
  std::uint32_t findings = 0;
  bool expired = false;
  bool honoured = true;  // false: found in the input without --exceptions
};

struct RuleCount {
  const Check* check = nullptr;
  std::uint64_t pass = 0;  // workloads (or objects) that passed
  std::uint64_t fail = 0;
  std::uint64_t error = 0;
  std::uint64_t unknown = 0;
  std::uint64_t skip = 0;
  std::uint64_t excepted = 0;
};

struct Totals {
  std::uint64_t objects = 0;
  std::uint64_t workloads = 0;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
};

struct Assessment {
  Assessment() = default;
  Assessment(Assessment&&) noexcept = default;
  Assessment& operator=(Assessment&&) noexcept = default;
  Assessment(const Assessment&) = delete;
  Assessment& operator=(const Assessment&) = delete;
  ~Assessment() = default;

  std::vector<Finding> findings;  // verdict pass only with --include pass; excepted ones are kept,
                                  // with their exception
  std::vector<Figure> figures;
  std::vector<Change> changes;
  std::vector<InputSource> inputs;  // in the order of reading
  std::vector<Skipped> skipped;
  std::vector<Error> errors;  // what makes the exit code 2
  std::vector<WorkloadVerdict> workloads;
  std::vector<AdmissionDecision> decisions;  // one per request, if there were policies
  std::vector<NamespaceSummary> namespaces;
  std::vector<RuleCount> rules;  // every rule that was applied, in the order of the registry
  std::vector<ExceptionUse> exceptions;
  std::vector<std::string>
      notes;  // "kinds recognised but not judged yet: NetworkPolicy 3, ..." and the like
  Totals totals;

  // What the findings refer to.
  std::vector<std::unique_ptr<Arena>> arenas;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<std::unique_ptr<Exception>> waivers;
  std::vector<std::shared_ptr<const void>> keep;  // engines whose checks and texts findings show
  std::shared_ptr<const void> kinds;  // what Subject::list_keys refer to, if it is not static
};

// The worst severity among findings that count: fail, and error or unknown (as High at least);
// without excepted ones. Nothing if there are none.
[[nodiscard]] const Finding* worst(const Assessment& assessment);
[[nodiscard]] Severity effective_severity(const Finding& finding) noexcept;
[[nodiscard]] bool counts(const Finding& finding) noexcept;

// 2 if there are errors or nothing was judged, else 1 if a finding that counts is at or above
// fail_on, else 0. fail_on empty: never.
[[nodiscard]] int exit_code(const Assessment& assessment, const Severity* fail_on);

}  // namespace tally::finding
