#pragma once
// The memory of one thread while it admits requests.

#include <deque>
#include <vector>

#include "admission_policy/internal/policy_table.hpp"
#include "policy_cel/evaluation.hpp"

namespace tally::admission_policy {

// The request as policies see it whose rules name one version of its kind.
struct ObjectView {
  kube::GroupVersionKind kind;
  document::Node object;
  document::Node old_object;
  bool is_known = true;                        // false: the server would convert fields
  policy_cel::InputValues inputs;              // of validations
  policy_cel::InputValues conditions;          // of match conditions: no namespaceObject
  policy_cel::InputValues without_authorizer;  // of messages and audit annotations
};

// A policy with one of its bindings and one of their parameters.
struct Invocation {
  const Policy* policy = nullptr;
  const PolicyBinding* binding = nullptr;
  const kube::Object* param = nullptr;
  bool is_param_unknown = false;  // no binding says which
  // A selector needs labels of a namespace that is not known: what fails is unknown.
  bool is_match_unknown = false;
  policy_cel::Matched matched;
};

struct Scratch::State {
  policy_cel::Evaluation evaluation;
  std::vector<std::uint32_t> candidates;
  std::vector<Invocation> invocations;
  std::vector<const kube::Object*> params;
  std::deque<ObjectView> views;
  std::size_t view_count = 0;
  std::vector<Outcome> outcomes;
  std::vector<Passed> passed;
  std::vector<std::string_view> warnings;
  std::vector<AuditAnnotation> annotations;
  std::vector<policy_cel::Answer> answers;
  std::vector<Invocation> reinvocable;  // mutating ones that ran and want to run again
  cel::Evaluator rule_evaluator;        // of CustomRules
};

}  // namespace tally::admission_policy
