#pragma once
// x-kubernetes-validations: the CEL rules of CustomResourceDefinitions, at any node of their
// structural schemas (apiextensions-apiserver v0.36, pkg/apiserver/schema/cel).
//
// How to call it:
//
//   LoadedRules loaded = CustomRules::load(kinds, objects);   // problems: rules that do not
//   compile Scratch scratch; RuleVerdicts v = loaded.rules.check(review, scratch);     //
//   v.outcomes: a finding each
//
// Outcomes have kind CustomResource and part Rule; object_pointer says where, message is the
// server's ("Invalid value: ..." is left to the writer), reason is the field error
// ("FieldValueInvalid").
//
// Objects of kinds without rules cost one lookup. Threads, lifetime and errors: as policy_set.hpp.

#include <memory>
#include <span>
#include <vector>

#include "admission_policy/policy_set.hpp"

namespace tally::admission_policy {

struct LoadedRules;

struct RuleVerdicts {
  std::span<const Outcome> outcomes;
  // All of them in the server's words: `X.group "name" is invalid: spec.size: Invalid value: ...`;
  // empty: the object is fine.
  std::string_view message;
};

class CustomRules {
 public:
  CustomRules();
  ~CustomRules();
  CustomRules(CustomRules&&) noexcept;
  CustomRules& operator=(CustomRules&&) noexcept;

  // `definitions`: objects among which the CustomResourceDefinitions of `kinds` are.
  [[nodiscard]] static LoadedRules load(const kube::CustomKinds& kinds,
                                        std::span<const kube::Object> definitions);

  // Rules over object, and over both for transition rules on UPDATE.
  [[nodiscard]] RuleVerdicts check(const kube::Review& review, Scratch& scratch) const;

  struct Table;

 private:
  explicit CustomRules(std::unique_ptr<const Table> table);
  std::unique_ptr<const Table> table_;
};

struct LoadedRules {
  CustomRules rules;
  std::vector<LoadProblem> problems;
};

}  // namespace tally::admission_policy
