#pragma once
// ValidatingAdmissionPolicy and MutatingAdmissionPolicy in tests: one verdict for a policy with its
// bindings, as Kyverno's command line gives it (pkg/admissionpolicy).

#include <string>
#include <vector>

#include "admission_policy/policy_set.hpp"
#include "kube/snapshot.hpp"
#include "policy_test/internal/loaded_policies.hpp"
#include "policy_test/internal/response.hpp"
#include "policy_test/internal/surroundings.hpp"
#include "policy_test/internal/test_world.hpp"

namespace tally::policy_test {

class AdmissionTrial {
 public:
  // All arguments but `policies` must outlive this. `snapshot`: parameters and namespaces.
  AdmissionTrial(LoadedPolicies& policies, const kube::Snapshot& snapshot, const TestWorld& world,
                 const Surroundings& surroundings, Files& files);

  void mutate(Trial& trial);
  void validate(Trial& trial);

 private:
  struct One {
    std::string name;
    bool is_mutating = false;
    bool is_scored = true;
    bool has_conditions = false;
    std::vector<std::string> validations;  // texts of expressions, to see whether they were asked
    std::vector<kube::Object> objects;     // the policy and its bindings
    std::shared_ptr<const kube::Snapshot> snapshot;  // of its own; may be null
    admission_policy::PolicySet set;
  };
  void judge(One& policy, Trial& trial);

  std::vector<One> policies_;
  const TestWorld& world_;
  const Surroundings& surroundings_;
  Files& files_;
  admission_policy::Scratch scratch_;
};

}  // namespace tally::policy_test
