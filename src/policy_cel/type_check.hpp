#pragma once
// What the API server's type checker says of a policy's expressions: they are checked again with
// `object` and `params` of the kinds that the policy names, and what is wrong is a warning in the
// policy's status, never an error (k8s.io/apiserver v0.36
// pkg/admission/plugin/policy/validating/typechecking.go).
//
// Kinds come from the table of API kinds and the CRDs of the input; quantities and values without a
// type are dyn here, so that nothing is said of them.
//
// Threads: one thread at a time.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy_cel/expressions.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::policy_cel {

class TypeChecker {
 public:
  explicit TypeChecker(const kube::CustomKinds* kinds,
                       cel::Profile profile = {.dialect = cel::Dialect::Kubernetes});
  ~TypeChecker();
  TypeChecker(TypeChecker&&) noexcept;
  TypeChecker& operator=(TypeChecker&&) noexcept;

  // The kinds that rules name without wildcards, at most ten of a rule, sorted.
  [[nodiscard]] std::vector<const kube::ApiKind*> kinds_of(
      std::span<const ResourceRule> rules) const;

  // The warnings about one expression, one per kind, as the server joins them; empty: none.
  // `params`: the kind of the parameters; null: unknown, or there are none.
  [[nodiscard]] std::string check(std::string_view expression,
                                  std::span<const VariableText> variables,
                                  std::span<const kube::ApiKind* const> kinds, bool has_params,
                                  const kube::ApiKind* params);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::policy_cel
