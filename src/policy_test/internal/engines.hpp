#pragma once
// All engines over one object, in the order of Kyverno's command line
// (processor/policy_processor.go): what mutates comes first, and what follows sees its result.

#include <memory>
#include <span>
#include <vector>

#include "kube/snapshot.hpp"
#include "policy_test/internal/loaded_policies.hpp"
#include "policy_test/internal/response.hpp"
#include "policy_test/internal/surroundings.hpp"
#include "policy_test/internal/test_world.hpp"

namespace tally::policy_test {

enum class PayloadKind : std::uint8_t { Json, Http, Envoy };

struct EngineInputs {
  LoadedPolicies& policies;
  std::span<const kube::Object> exceptions;      // kyverno.io
  std::span<const kube::Object> cel_exceptions;  // policies.kyverno.io
  std::span<const kube::Object> targets;
  const kube::Snapshot& snapshot;
  const TestWorld& world;
  const Surroundings& surroundings;
  Files& files;
  const TestCase& test;
};

class Engines {
 public:
  explicit Engines(const EngineInputs& inputs);
  ~Engines();
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;

  void judge(Trial& trial);
  [[nodiscard]] std::vector<PolicyResponse> judge_payload(PayloadKind kind,
                                                          const document::Node& payload);

 private:
  struct All;
  std::unique_ptr<All> all_;
};

}  // namespace tally::policy_test
