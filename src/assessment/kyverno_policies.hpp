#pragma once
// Kyverno's policies as an engine of assess(): the classic kinds (kyverno.io) and the CEL kinds
// (policies.kyverno.io), loaded once, with a Check record for every rule.
//
// Policies of the input are applied as those given by --policy: unlike the API server's own they
// need no binding. PolicyExceptions are honoured only when they are among `exceptions`; each is an
// Exception of ours, so that it is listed and its uses are counted.
//
// Lifetime: the objects, the snapshot and the kinds must outlive the engine, and the engine every
// Assessment made with it (Assessment::keep). Threads: immutable after load().

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "assessment/host.hpp"
#include "assessment/kyverno_world.hpp"
#include "finding/assessment.hpp"
#include "finding/exception.hpp"
#include "kyverno/policy_set.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace tally::assessment {

class KyvernoPolicies {
 public:
  struct Inputs {
    std::span<const kube::Object> given;       // by --policy
    std::span<const kube::Object> exceptions;  // by --exceptions
    const kube::CustomKinds* kinds = nullptr;  // may be null
    std::int64_t now_seconds = -1;             // since 1970; negative: no clock
  };
  [[nodiscard]] static std::unique_ptr<const KyvernoPolicies> load(const kube::Snapshot& snapshot,
                                                                   const Inputs& inputs);

  [[nodiscard]] const kyverno::PolicySet& classic() const noexcept { return classic_; }
  [[nodiscard]] const kyverno_cel::PolicySet& cel() const noexcept { return cel_; }
  [[nodiscard]] const KyvernoWorld& world() const noexcept { return world_; }
  [[nodiscard]] const HostContext& host() const noexcept { return host_; }
  [[nodiscard]] bool is_idle() const noexcept;
  [[nodiscard]] bool has_classic() const noexcept { return !classic_.policies().empty(); }
  [[nodiscard]] bool has_cel() const noexcept { return !cel_.policies().empty(); }

  // What is wrong with a policy or an exception.
  struct Problem {
    const finding::Check* check = nullptr;
    const kube::Object* object = nullptr;
    std::string pointer;
    std::uint32_t offset = 0;
    std::string message;
    bool is_refused = false;
    bool is_given = false;
  };
  [[nodiscard]] std::span<const Problem> problems() const noexcept { return problems_; }

  // When policies that delete by the clock run next, and what of the objects they would delete
  // then: a sentence each.
  [[nodiscard]] std::vector<std::string> schedules(std::span<const finding::Change> changes) const;

  // One for each PolicyException that is honoured.
  [[nodiscard]] const std::deque<finding::Exception>& waivers() const noexcept { return waivers_; }
  // By "namespace/name" (kyverno.io) or by object (policies.kyverno.io); null: not known.
  [[nodiscard]] const finding::Exception* waiver(std::string_view key) const;
  [[nodiscard]] const finding::Exception* waiver(const kube::Object& object) const;

  [[nodiscard]] const finding::Check& check_of(const kyverno::RuleRecord& rule) const;
  [[nodiscard]] const finding::Check& check_of_cel(std::uint32_t policy) const;
  [[nodiscard]] const std::deque<finding::Check>& checks() const noexcept { return checks_; }

 private:
  KyvernoPolicies(const kube::Snapshot& snapshot, const Inputs& inputs)
      : now_seconds_(inputs.now_seconds),
        world_(snapshot, inputs.kinds, inputs.now_seconds),
        host_(snapshot, inputs.kinds) {}
  void make_checks();
  void make_waivers();

  std::int64_t now_seconds_;
  KyvernoWorld world_;
  HostContext host_;
  kyverno::PolicySet classic_;
  kyverno_cel::PolicySet cel_;
  std::vector<kube::Object> policies_;
  std::vector<kube::Object> exceptions_;
  std::deque<finding::Exception> waivers_;  // one for each of exceptions_
  std::vector<Problem> problems_;
  std::deque<finding::Check> checks_;
  std::deque<std::string> texts_;  // of the checks
  std::map<std::pair<const kube::Object*, std::string_view>, const finding::Check*> by_rule_;
  std::vector<const finding::Check*> by_cel_policy_;
};

// The records of what can be wrong with a policy.
[[nodiscard]] std::span<const finding::Check* const> kyverno_checks();

}  // namespace tally::assessment
