#pragma once
// Classic policies (kyverno.io) in tests, in the order of Kyverno's command line: mutate, verify
// images, validate, generate (processor/policy_processor.go).

#include <string>
#include <vector>

#include "kyverno/policy_set.hpp"
#include "policy_test/internal/loaded_policies.hpp"
#include "policy_test/internal/response.hpp"
#include "policy_test/internal/surroundings.hpp"
#include "policy_test/internal/test_world.hpp"

namespace tally::policy_test {

class ClassicTrial {
 public:
  ClassicTrial(LoadedPolicies& policies, std::span<const kube::Object> exceptions,
               std::span<const kube::Object> targets, const TestWorld& world,
               const Surroundings& surroundings, Files& files, const TestCase& test);

  void begin() { scratch_.begin(); }
  void mutate(Trial& trial);
  void validate(Trial& trial);  // image verification comes before
  void generate(Trial& trial);

 private:
  void run(kyverno::Phase phase, Trial& trial);
  [[nodiscard]] document::Node namespace_labels(std::string_view name) const;
  [[nodiscard]] std::vector<kube::Object> clone_sources(std::string_view policy);

  kyverno::PolicySet set_;
  std::vector<document::Node> targets_;
  const TestWorld& world_;
  const Surroundings& surroundings_;
  Files& files_;
  const TestCase& test_;
  kyverno::Scratch scratch_;
};

}  // namespace tally::policy_test
