#include "admission_policy/outcome.hpp"

#include "admission_policy/policy_set.hpp"

namespace tally::admission_policy {

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Fail:
      return "fail";
    case Verdict::Error:
      return "error";
    case Verdict::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_text(Part part) noexcept {
  switch (part) {
    case Part::Policy:
      return "policy";
    case Part::MatchCondition:
      return "matchConditions";
    case Part::Validation:
      return "validations";
    case Part::AuditAnnotation:
      return "auditAnnotations";
    case Part::Mutation:
      return "mutations";
    case Part::Rule:
      return "x-kubernetes-validations";
  }
  return "policy";
}

std::string_view to_text(LoadProblem::Kind kind) noexcept {
  switch (kind) {
    case LoadProblem::Kind::Invalid:
      return "invalid";
    case LoadProblem::Kind::DoesNotCompile:
      return "does-not-compile";
    case LoadProblem::Kind::NotBound:
      return "not-bound";
    case LoadProblem::Kind::NoPolicy:
      return "no-policy";
    case LoadProblem::Kind::TypeWarning:
      return "type-warning";
  }
  return "invalid";
}

}  // namespace tally::admission_policy
