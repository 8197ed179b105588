#pragma once
// The limits of the API server on what expressions may cost and weigh (Kubernetes 1.36).

#include <cstdint>

namespace tally::cel {

// --- at run time: k8s.io/apiserver/pkg/apis/cel/config.go

// PerCallLimit: of one expression; about 0.1 s.
inline constexpr std::uint64_t kCostPerCallMax = 1'000'000;
// RuntimeCELCostBudget: of all expressions of one ValidatingAdmissionPolicyBinding, of one
// MutatingAdmissionPolicyBinding, or of all rules of one custom resource; about 1 s.
inline constexpr std::uint64_t kCostPerBindingMax = 10'000'000;
// RuntimeCELCostBudgetMatchConditions: of all matchConditions of one webhook or policy.
inline constexpr std::uint64_t kCostOfMatchConditionsMax = 2'500'000;
// MaxRequestSizeBytes: no object is larger; what a schema does not bound is bounded by it.
inline constexpr std::uint64_t kRequestBytesMax = std::uint64_t{3} * 1024 * 1024;
// MaxEvaluatedMessageExpressionSizeBytes: of the text a messageExpression gives.
inline constexpr std::uint64_t kMessageExpressionBytesMax = std::uint64_t{5} * 1024;

// --- before it runs:
// k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go

// StaticEstimatedCostLimit: of one rule of a CustomResourceDefinition, times how often its place in
// the schema can occur.
inline constexpr std::uint64_t kStaticCostPerRuleMax = 10'000'000;
// StaticEstimatedCRDCostLimit: of all rules of a CustomResourceDefinition.
inline constexpr std::uint64_t kStaticCostPerDefinitionMax = 100'000'000;

// --- sizes that estimates assume: k8s.io/apiserver/pkg/cel/limits.go

// MaxFormatSize and MaxNameFormatRegexSize: of a named format and of its pattern.
inline constexpr std::uint64_t kFormatSizeMax = 64;
inline constexpr std::uint64_t kNameFormatPatternSizeMax = 128;

}  // namespace tally::cel
