#pragma once
// Kyverno's CEL policies (policies.kyverno.io) in tests, as its command line applies them
// (processor/policy_processor.go, commands/test/test.go).

#include <string>
#include <vector>

#include "kube/snapshot.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "policy_test/internal/engines.hpp"
#include "policy_test/internal/loaded_policies.hpp"
#include "policy_test/internal/response.hpp"

namespace tally::policy_test {

class CelTrial {
 public:
  explicit CelTrial(const EngineInputs& inputs);

  void mutate(Trial& trial);    // and the targets of policies that mutate what exists
  void validate(Trial& trial);  // also policies of mode JSON, which see the object as a payload
  void generate(Trial& trial);
  void verify_images(Trial& trial);  // the object as it was given
  void remove(Trial& trial);         // the same; asked by no operation
  [[nodiscard]] std::vector<PolicyResponse> judge_payload(PayloadKind kind,
                                                          const document::Node& payload);

 private:
  [[nodiscard]] kyverno_cel::Request request_for(const kube::Object& object,
                                                 const Trial& trial) const;
  void run(kyverno_cel::PolicyKind kind, const kube::Object& object, Trial& trial);
  void mutate_targets(Trial& trial);
  [[nodiscard]] PolicyResponse response_of(const kyverno_cel::Policy& policy,
                                           const kyverno_cel::Response& answer);

  kyverno_cel::PolicySet set_;
  std::shared_ptr<const kube::Snapshot> namespaces_;
  std::vector<kube::Object> targets_;
  const TestWorld& world_;
  const Surroundings& surroundings_;
  Files& files_;
  kyverno_cel::Scratch scratch_;
};

}  // namespace tally::policy_test
