#pragma once
// Finding: what one rule says about one place of one object. The currency of the platform: every
// engine speaks it, every writer reads it. docs/schema/finding.v1.json is its JSON form.
//
// A Finding is a value of views: texts that differ live in an arena of the Assessment, texts that
// repeat in the Check. It refers to its Check, its Subject and its Source, which must outlive it
// (the Assessment holds or names all of them).

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "document/node.hpp"
#include "document/source.hpp"
#include "scalar/object_ref.hpp"

namespace tally::finding {

enum class Verdict : std::uint8_t { Pass, Fail, Error, Unknown, Skip };
enum class Severity : std::uint8_t { Critical, High, Medium, Low, Info };  // from bad to harmless
enum class Mode : std::uint8_t { Audit, Warn, Enforce };

[[nodiscard]] std::string_view to_text(
    Verdict verdict) noexcept;  // "pass", "fail", "error", "unknown", "skip"
[[nodiscard]] std::string_view to_text(
    Severity severity) noexcept;  // "critical", "high", "medium", "low", "info"
[[nodiscard]] std::string_view to_text(Mode mode) noexcept;  // "audit", "warn", "enforce"

// A requirement of a framework that a check gives evidence for, e.g. {"PCI DSS", "4.0.1", "2.2.6"}.
struct Control {
  std::string_view framework;
  std::string_view version;
  std::string_view id;
};

// The record of a rule: what is true of it wherever it is applied. Documentation, `--list-rules`,
// `tally explain`, SARIF rule metadata and the compliance mapping are generated from it.
struct Check {
  std::string_view engine;  // "pod-security", "structure", "workload", ...
  std::string_view
      policy;  // the policy or level that the rule belongs to, e.g. "baseline"; may be empty
  std::string_view id;           // unique within the engine, kebab-case, e.g. "host-namespaces"
  std::string_view title;        // a few words
  std::string_view description;  // what is examined and why it matters: full sentences
  std::string_view remedy;       // what to do about it: full sentences
  Severity severity = Severity::Medium;  // unless the finding says otherwise
  std::span<const Control> controls;
  std::span<const std::string_view> references;  // addresses of documentation
};

// How the lists of a kind are keyed, from who knows the types of the API: appends a pointer into
// `root` with the indices of keyed lists replaced by the keys of the element. `kind` is the
// giver's own, handed back to it.
struct ListKeys {
  void (*append)(std::string& out, const void* kind, const document::Node& root,
                 std::string_view pointer) = nullptr;
  const void* kind = nullptr;
};

// What a finding is about. One Subject is shared by all findings of an object.
struct Subject {
  scalar::ObjectRef ref;
  std::string_view owner;  // "Kind/name" of the controlling owner, or empty
  document::Node root;     // the object itself
  ListKeys list_keys;      // without them, list indices stay in fingerprints
};

// Where in the input. `source` may be null (an object that came from no file).
struct Location {
  const document::Source* source = nullptr;
  std::uint32_t offset = 0;
  std::uint32_t document = 0;  // ordinal in the source, from 1
  std::string_view
      template_source;  // from helm's "# Source: chart/templates/x.yaml" comment, or empty

  [[nodiscard]] std::string_view file() const noexcept {
    return source == nullptr ? std::string_view{} : std::string_view{source->name()};
  }
  [[nodiscard]] Position position() const {
    return source == nullptr ? Position{} : source->position(offset);
  }
};

struct Exception;

struct Finding {
  const Check* check = nullptr;      // engine, policy, rule, title, remedy, controls, references
  const Subject* subject = nullptr;  // null for findings about a file or the run
  std::string_view container;        // name of the container, or empty
  std::string_view pointer;          // RFC 6901, into the object
  Location location;
  Verdict verdict = Verdict::Fail;
  Severity severity = Severity::Medium;
  Mode mode = Mode::Audit;
  std::string_view found;                // the value that was found, as short text
  std::string_view allowed;              // what would have been allowed
  std::string_view message;              // one sentence or the peer's exact text
  std::string_view remedy;               // empty: the check's
  const Exception* exception = nullptr;  // the waiver that accepted this finding, or null

  [[nodiscard]] std::string_view remedy_text() const noexcept {
    return remedy.empty() && check != nullptr ? check->remedy : remedy;
  }
};

// The stable identity of a finding: SHA-256 over engine, policy, rule, subject, container and
// pointer with list indices replaced by merge keys (`containers/0` becomes
// `containers/[name=api]`). Never a line or a file name, so that moving code is not a new finding.
// The subject's root node and list_keys are needed for the merge keys.
using Fingerprint = std::array<char, 64>;  // lower-case hex
[[nodiscard]] Fingerprint fingerprint(const Finding& finding);

}  // namespace tally::finding
