#pragma once
// x-kubernetes-validations: the CEL rules of CustomResourceDefinitions, at any node of their
// structural schemas (apiextensions-apiserver v0.36, pkg/apiserver/schema/cel).
//
// How to call it:
//
//   LoadedRules loaded = CustomRules::load(kinds, objects);
//   Scratch scratch;
//   RuleVerdicts verdicts = loaded.rules.check(review, scratch);   // .outcomes: a finding each
//
// Problems are what makes the server refuse the definition: rules that do not compile, and rules
// that could cost too much, each (10,000,000) or together (100,000,000), by the sizes that the
// schema allows. Rules that compile are asked all the same: a server that holds the definition from
// an earlier time asks them, too.
//
// Outcomes have kind CustomResource and part Rule; object_pointer says where, message is the
// server's ("Invalid value: ..." is left to the writer), reason is the field error
// ("FieldValueInvalid").
//
// Objects of kinds without rules cost one lookup. Threads, lifetime and errors: as policy_set.hpp.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
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

// What a rule costs in the worst case, in the server's units.
struct RuleCost {
  const kube::Object* definition = nullptr;
  std::string pointer;        // of the rule in the definition
  std::uint64_t rule = 0;     // one evaluation
  std::uint64_t times = 0;    // evaluations in one object
  std::uint64_t message = 0;  // messageExpression
};

struct LoadedRules {
  CustomRules rules;
  std::vector<LoadProblem> problems;
  std::vector<RuleCost> costs;  // of the rules that compile
};

}  // namespace tally::admission_policy
