#pragma once
// For tests and the bench: engines of policies that are given as text, and judges by them.

#include <memory>
#include <string>
#include <vector>

#include "assessment/admission.hpp"
#include "audit/auditor.hpp"
#include "base/assert.hpp"
#include "document/read.hpp"
#include "kube/objects.hpp"

namespace tally::audit::testing {

// ValidatingAdmissionPolicies, and what is built in if `is_whole`.
class Engines {
 public:
  // `snapshot`: the world of assess(); a judge brings its own.
  Engines(const std::string& policies, bool is_whole, finding::Day today = 0,
          std::vector<finding::Exception> exceptions = {},
          std::shared_ptr<const kube::Snapshot> snapshot = kube::Snapshot::create({}, ""))
      : source_(document::Source::from_text("policies.yaml", policies)),
        snapshot_(std::move(snapshot)),
        today_(today) {
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents, errors);
    }
    TALLY_ASSERT(errors.empty());
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source_, objects_, rejected);
    }
    TALLY_ASSERT(rejected.empty());
    admission_ = assessment::Admission::load(objects_, *snapshot_, nullptr);
    config_.exceptions = std::move(exceptions);
    set_.config = &config_;
    set_.admission = admission_.get();
    set_.structure = set_.pod_security = set_.hygiene = is_whole;
    set_.tiers = set_.network = false;
  }
  Engines(const Engines&) = delete;
  Engines& operator=(const Engines&) = delete;
  ~Engines() = default;

  [[nodiscard]] const assessment::EngineSet& set() const noexcept { return set_; }
  [[nodiscard]] assessment::Context context() const {
    assessment::Context context;
    context.today = today_;
    context.include_pass = true;
    for (const finding::Exception& exception : config_.exceptions) {
      context.exceptions.push_back(&exception);
    }
    return context;
  }

 private:
  std::shared_ptr<const document::Source> source_;
  Arena arena_;
  std::vector<kube::Object> objects_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<const assessment::Admission> admission_;
  input::Config config_;
  assessment::EngineSet set_;
  finding::Day today_;
};

// The judge keeps the engines.
inline Judge make_judge(std::shared_ptr<const Engines> engines,
                        std::shared_ptr<const kube::Snapshot> snapshot) {
  struct Kept {
    std::shared_ptr<const Engines> engines;
    Judge judge;
  };
  auto kept = std::make_shared<Kept>();
  kept->judge = assessment::RequestJudge::create(
      {.engines = engines->set(),
       .world = std::make_shared<const assessment::World>(std::move(snapshot), nullptr),
       .context = engines->context()});
  kept->engines = std::move(engines);
  const assessment::RequestJudge* judge = kept->judge.get();
  return {std::move(kept), judge};
}

// A policy of pods and Deployments.
inline std::string policy(const std::string& name, const std::string& expression) {
  return "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n"
         "metadata: {name: " +
         name +
         "}\nspec:\n  failurePolicy: Fail\n  matchConstraints:\n"
         "    resourceRules:\n"
         "    - {apiGroups: ['', apps], apiVersions: [v1], operations: [CREATE, UPDATE], "
         "resources: [pods, deployments]}\n"
         "  validations:\n  - expression: \"" +
         expression + "\"\n---\n";
}

}  // namespace tally::audit::testing
