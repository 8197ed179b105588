#pragma once
// What admission policies say of one request. Texts are the API server's own where it has any.
//
// Lifetime: views of the PolicySet (names, expressions, sources), of the request, and of the
// Scratch that made them (messages, objects): copy what must live longer than the next call with
// the same Scratch.

#include <cstdint>
#include <span>
#include <string_view>

#include "document/node.hpp"
#include "kube/object.hpp"

namespace tally::admission_policy {

enum class PolicyKind : std::uint8_t { Validating, Mutating, CustomResource };

// What passes is listed apart (Decision::passed).
enum class Verdict : std::uint8_t {
  Fail,     // an expression is false: the policy refuses
  Error,    // an expression, its parameters or its patch failed; see Outcome::is_ignored
  Unknown,  // it depends on what was not given (labels of a namespace, the user, an authorizer)
};
// "fail", "error", "unknown"
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;

// Which part of the policy spoke; `index` counts within it.
enum class Part : std::uint8_t {
  Policy,  // the policy as a whole: its match constraints, its parameters
  MatchCondition,
  Validation,
  AuditAnnotation,
  Mutation,
  Rule,  // of x-kubernetes-validations
};
// "policy", "matchConditions", "validations", ...: the word of the API
[[nodiscard]] std::string_view to_text(Part part) noexcept;

// What the binding does with a failure; several may be set.
struct Actions {
  bool deny = false;
  bool warn = false;
  bool audit = false;
  friend bool operator==(const Actions&, const Actions&) = default;
};

struct Outcome {
  PolicyKind kind = PolicyKind::Validating;
  const kube::Object* policy = nullptr;   // policy, or CustomResourceDefinition
  std::string_view policy_name;           // its metadata.name
  const kube::Object* binding = nullptr;  // null: none was needed, or none is to blame
  std::string_view binding_name;          // "" without a binding
  const kube::Object* param = nullptr;    // the parameter object, or null

  Part part = Part::Validation;
  std::uint32_t index = 0;      // of the validation, match condition, ... in its list
  std::string_view expression;  // its text; empty when no expression is to blame
  std::uint32_t offset = 0;     // of the expression (else of the policy) in policy->source
  std::string_view pointer;     // of the expression in the policy: "/spec/validations/0/expression"
  std::uint32_t at = 0;         // byte in the expression where it failed, for Error; else 0

  Verdict verdict = Verdict::Fail;
  Actions actions;           // all false: an error that failurePolicy Ignore swallows
  bool is_ignored = false;   // the request goes on: failurePolicy Ignore
  std::string_view message;  // without a prefix: "replicas must be at most 5"
  std::string_view reason;   // "Invalid", "Forbidden", ...; of rules "FieldValueInvalid", ...
  std::string_view object_pointer;  // RFC 6901 into the judged object; "" when no place is to blame
};

// A validation that held for one binding and one parameter object. Another may fail all the same.
struct Passed {
  const kube::Object* policy = nullptr;
  std::string_view pointer;  // of the expression in the policy
};

struct AuditAnnotation {
  std::string_view key;  // "policy.example.com/key"
  std::string_view value;
};

// The decision on one request, as the API server makes it.
struct Decision {
  std::span<const Outcome> outcomes;
  std::span<const Passed> passed;
  // False if something with action Deny failed. Unknown outcomes do not deny: they are reported.
  bool is_allowed = true;
  bool is_unknown = false;  // there are Unknown outcomes
  // Of a refusal, in the server's words: `pods "web" is forbidden: ValidatingAdmissionPolicy 'x'
  // with binding 'y' denied request: ...`. Which of several refusals speaks is the first here, and
  // not promised by the server.
  std::string_view message;
  std::string_view reason;  // "Invalid"
  std::uint16_t code = 0;   // 422; 0 when allowed
  std::span<const std::string_view> warnings;
  std::span<const AuditAnnotation> audit_annotations;
  document::Node object;        // after mutation; the request's own when nothing changed
  bool is_changed = false;      // a mutating policy changed the object
  std::uint32_t evaluated = 0;  // policies (with their bindings and parameters) that applied
};

}  // namespace tally::admission_policy
