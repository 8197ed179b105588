#pragma once
// Judging one object: what every worker does, object by object, into its own part of the result.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "admission_policy/policy_set.hpp"
#include "assessment/assessment.hpp"
#include "assessment/internal/namespace_policy.hpp"
#include "assessment/kyverno_world.hpp"
#include "assessment/request_judge.hpp"
#include "assessment/world.hpp"
#include "base/arena.hpp"
#include "finding/assessment.hpp"
#include "gatekeeper/constraint_set.hpp"
#include "kube/object.hpp"
#include "kube/structure.hpp"
#include "kyverno/policy_set.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "pod_security/scratch.hpp"
#include "workload/workload.hpp"

namespace tally::assessment {

// What the figures and the namespace summaries count, per workload.
struct WorkloadFacts {
  std::uint32_t namespace_index = 0;
  Level meets = Level::Privileged;
  Level held_to = Level::Baseline;
  bool allowed = true;
  workload::Census census;
};

// The world of one request, where it is not the one that the engines were loaded with.
struct RequestWorld {
  const World* world = nullptr;
  const KyvernoWorld* kyverno = nullptr;
  const Outside* outside = nullptr;
  std::string_view user;  // who asks; empty: nobody known
  std::uint64_t (*clock)() = nullptr;
};

// Working memory of one worker, reused from object to object.
struct alignas(128) Worker {
  std::unique_ptr<Arena> arena;
  pod_security::Scratch pod_scratch;
  kube::StructureScratch structure_scratch;
  std::vector<workload::Site> sites;
  admission_policy::Scratch admission_scratch;
  gatekeeper::Scratch gatekeeper_scratch;
  kyverno::Scratch kyverno_scratch;
  kyverno_cel::Scratch kyverno_cel_scratch;
  std::vector<std::uint32_t> kyverno_candidates;
  RequestWorld request;
  EngineTimes times;             // of this request
  NamespacePolicy spare_policy;  // of a namespace that nobody knew of before
};

// The results of a run of consecutive objects. Joined in order.
struct alignas(128) Part {
  std::vector<finding::Finding> findings;
  std::vector<finding::Change> changes;
  std::vector<finding::AdmissionDecision> decisions;
  document::Node object;  // the last one, as the mutating policies left it; Null: unchanged
  std::vector<finding::WorkloadVerdict> verdicts;
  std::vector<WorkloadFacts> facts;        // one per verdict
  std::vector<finding::RuleCount> counts;  // failures, by position in the rule list of the run
  std::vector<std::pair<LevelVersion, std::uint64_t>>
      evaluated;                         // workloads by the level that they were held to
  std::uint64_t workloads_examined = 0;  // by the hygiene checks
  std::uint64_t workloads_exempt = 0;
  std::uint64_t objects_structured = 0;

  void count_evaluated(LevelVersion set, std::uint64_t workloads = 1) {
    for (auto& [level_version, count] : evaluated) {
      if (level_version == set) {
        count += workloads;
        return;
      }
    }
    evaluated.emplace_back(set, workloads);
  }
};

// What all workers share, read-only.
struct Run {
  const kube::Snapshot* snapshot = nullptr;
  const EngineSet* engines = nullptr;
  const Context* context = nullptr;
  std::span<const NamespacePolicy> policies;  // sorted by name
  std::vector<const finding::Check*>
      rules;  // every rule that may be applied, in the order of the registry
  std::unordered_map<const finding::Check*, std::uint32_t> rule_positions;
  admission_policy::Steps steps = admission_policy::Steps::All;
  [[nodiscard]] std::uint32_t rule_index(const finding::Check& check) const {
    return rule_positions.at(&check);
  }
  // policies.size() for a namespace that is not among them.
  [[nodiscard]] std::uint32_t namespace_index(std::string_view name) const;
  [[nodiscard]] const NamespacePolicy& policy_of(std::uint32_t index, std::string_view name,
                                                 Worker& worker) const;
  [[nodiscard]] bool mutates() const noexcept { return steps != admission_policy::Steps::Validate; }
  [[nodiscard]] bool validates() const noexcept { return steps != admission_policy::Steps::Mutate; }
};

// What every run may say: the rules of this program and those of the loaded policies.
void list_rules(Run& run);
[[nodiscard]] Part make_part(const Run& run);
// A request: judged as the object that it creates or changes, in the namespace of the request.
void judge_review(const Run& run, const kube::Review& review, Worker& worker, Part& part);

// What the admission policies say of a request, and nothing else.
void judge_request(const Run& run, const kube::Object& object, const kube::Review& review,
                   Worker& worker, Part& part);

// `review`: the request that brought the object; null for an object of a file.
void judge_object(const Run& run, const kube::Object& object, const kube::Review* review,
                  Worker& worker, Part& part);

}  // namespace tally::assessment
