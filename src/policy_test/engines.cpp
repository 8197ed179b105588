#include "policy_test/internal/engines.hpp"

#include "policy_test/internal/admission_trial.hpp"
#include "policy_test/internal/cel_trial.hpp"
#include "policy_test/internal/classic_trial.hpp"

namespace tally::policy_test {

struct Engines::All {
  explicit All(const EngineInputs& in)
      : admission(in.policies, in.snapshot, in.world, in.surroundings, in.files),
        cel(in),
        classic(in.policies, in.exceptions, in.targets, in.world, in.surroundings, in.files,
                in.test) {}

  AdmissionTrial admission;
  CelTrial cel;
  ClassicTrial classic;
};

Engines::Engines(const EngineInputs& inputs) : all_(std::make_unique<All>(inputs)) {}
Engines::~Engines() = default;

void Engines::judge(Trial& trial) {
  all_->classic.begin();
  all_->classic.mutate(trial);
  all_->classic.validate(trial);
  all_->admission.mutate(trial);
  all_->cel.mutate(trial);
  all_->admission.validate(trial);
  all_->cel.validate(trial);
  all_->cel.generate(trial);
  all_->classic.generate(trial);
  all_->cel.verify_images(trial);
  all_->cel.remove(trial);
}

std::vector<PolicyResponse> Engines::judge_payload(PayloadKind kind,
                                                   const document::Node& payload) {
  return all_->cel.judge_payload(kind, payload);
}

}  // namespace tally::policy_test
