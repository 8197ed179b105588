#pragma once
// From the objects of policies and bindings to what is evaluated, with the checks that the API
// server makes when they are created (pkg/apis/admissionregistration/validation).

#include <vector>

#include "admission_policy/internal/policy_table.hpp"
#include "policy_cel/type_check.hpp"

namespace tally::admission_policy {

class PolicyReader {
 public:
  PolicyReader(PolicySet::Table& table, std::vector<LoadProblem>& problems)
      : table_(table), problems_(problems), checker_(table.context.kinds) {}

  // Nothing: the server would refuse it; the problems say why.
  [[nodiscard]] std::optional<Policy> read_policy(const kube::Object& object, PolicyKind kind,
                                                  bool is_given);
  [[nodiscard]] std::optional<PolicyBinding> read_binding(const kube::Object& object,
                                                          PolicyKind kind, bool is_given);

 private:
  class Fields;
  void check_types(const Policy& policy);
  PolicySet::Table& table_;
  std::vector<LoadProblem>& problems_;
  policy_cel::TypeChecker checker_;
};

}  // namespace tally::admission_policy
