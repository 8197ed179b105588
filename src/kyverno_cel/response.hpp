#pragma once
// What one of Kyverno's CEL policies says of one request. Texts are Kyverno's own (1.19,
// pkg/cel/policies/*/engine/engine.go).
//
// Lifetime: views of the PolicySet, of the request, and of the Scratch that made them (messages,
// objects): copy what must live longer than the next open() with the same Scratch.

#include <cstdint>
#include <span>
#include <string_view>

#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::kyverno_cel {

enum class PolicyKind : std::uint8_t {
  Validating,
  Mutating,
  Generating,
  Deleting,
  ImageValidating,
  Exception,  // PolicyException: only in LoadProblems
};
// "ValidatingPolicy", ...; the namespaced ones have a name of their own in Policy::kind_name.
[[nodiscard]] std::string_view to_text(PolicyKind kind) noexcept;

enum class Verdict : std::uint8_t {
  None,     // the policy is not about the request
  Pass,     // valid; mutated; generated; would be deleted; allowed
  Fail,     // refused; would not be deleted; denied
  Error,    // an expression or a patch failed
  Skip,     // its conditions do not hold, or an exception excuses the object
  Unknown,  // depends on what was not given: a namespace, the user, a signature, the world
};
// "none", "pass", "fail", "error", "skip", "unknown"
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;

// An audit annotation: what Kyverno writes into the properties of a report's result.
struct Property {
  std::string_view key;
  std::string_view value;
};

// An answer to an HTTP or Envoy request.
struct Answer {
  bool is_given = false;
  std::int64_t code = 0;  // Envoy, of a denial
  std::string_view reason;
  std::string_view body;
};

struct Response {
  Verdict verdict = Verdict::None;
  // "" of validations and mutations, "exception", "match", "evaluation", else the policy's name.
  std::string_view rule;
  // Whose rules they are: "" the policy's own, else the generated "defaults", "cronjobs",
  // "extract".
  std::string_view autogen;
  std::string_view message;
  std::span<const Property> properties;
  std::span<const kube::Object* const> exceptions;  // that excuse the object, or change its limits

  // Of the expression to blame; empty when none is.
  std::uint32_t index = 0;          // in its list
  std::string_view pointer;         // "/spec/validations/0/expression"
  std::uint32_t offset = 0;         // in the policy's source
  std::uint32_t at = 0;             // byte in the expression where it failed, for Error
  std::string_view container_path;  // "spec.replicas[0].template": where an extracted template is

  document::Node object;  // Mutating: as it is after the policy
  bool is_changed = false;
  std::span<const document::Node> generated;
  Answer answer;
  std::span<const std::string_view> images;  // ImageValidating: that matchImageReferences select
};

}  // namespace tally::kyverno_cel
