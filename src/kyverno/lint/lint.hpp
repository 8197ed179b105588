#pragma once
// What the author of a policy should know before it is applied: parts of a pod that it does not
// cover, patterns that any value satisfies, matches that never match, variables without a value,
// deprecated fields. Of Kyverno's classic policies, its CEL policies and
// ValidatingAdmissionPolicies.
//
//   LintReport report = lint_policies({.objects = objects, .kinds = kinds});
//
// Nothing is judged: no object is needed. Every finding stands at a place of the policy. What may
// be meant as it is, is of severity info or low. Pure; any thread.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "finding/finding.hpp"
#include "kube/api_kinds.hpp"
#include "kube/object.hpp"

namespace tally::kyverno {

struct LintFinding {
  const finding::Check* check = nullptr;
  const kube::Object* policy = nullptr;
  std::string rule{};        // its name; empty: of the policy
  std::string pointer{};     // RFC 6901, into the policy
  std::uint32_t offset = 0;  // in the policy's source
  finding::Severity severity = finding::Severity::Medium;
  std::string message{};  // one sentence
};

struct LintInputs {
  std::span<const kube::Object> objects{};   // those that are no policies are passed over
  const kube::CustomKinds* kinds = nullptr;  // kinds of CRDs; may be null
};

struct LintReport {
  std::vector<LintFinding> findings{};  // by policy in the order of the input, then by place
  std::size_t policies = 0;             // that were looked at
};

[[nodiscard]] bool is_lintable(const kube::Object& object) noexcept;
[[nodiscard]] LintReport lint_policies(const LintInputs& inputs);

// Every check, in the order of checks/all.cpp.
[[nodiscard]] std::vector<const finding::Check*> lint_checks();

}  // namespace tally::kyverno
