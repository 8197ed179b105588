#pragma once
// Gatekeeper's constraints as an engine of assess(): templates that carry CEL, loaded once, with a
// Check record for every constraint. Templates that carry Rego alone are a note: their constraints
// are not judged yet.
//
// Lifetime: the objects and the snapshot must outlive the engine, and the engine every Assessment
// made with it (Assessment::keep). Threads: immutable after load().

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assessment/host.hpp"
#include "finding/assessment.hpp"
#include "gatekeeper/constraint_set.hpp"

namespace tally::assessment {

class GatekeeperConstraints {
 public:
  // given: by --policy; those of the snapshot are added.
  [[nodiscard]] static std::unique_ptr<const GatekeeperConstraints> load(
      std::span<const kube::Object> given, const kube::Snapshot& snapshot,
      const kube::CustomKinds* kinds);

  [[nodiscard]] const gatekeeper::ConstraintSet& set() const noexcept { return set_; }
  [[nodiscard]] const HostContext& host() const noexcept { return host_; }
  [[nodiscard]] std::span<const gatekeeper::LoadProblem> problems() const noexcept {
    return problems_;
  }
  [[nodiscard]] bool is_idle() const noexcept {
    return set_.constraints().empty() && problems_.empty();
  }
  [[nodiscard]] bool is_given(const gatekeeper::Constraint& constraint) const noexcept {
    return constraint.object >= objects_.data() && constraint.object < objects_.data() + given_;
  }
  [[nodiscard]] const finding::Check& check_of(std::uint32_t constraint) const {
    return checks_[constraint];
  }
  [[nodiscard]] const std::deque<finding::Check>& checks() const noexcept { return checks_; }

 private:
  GatekeeperConstraints(const kube::Snapshot& snapshot, const kube::CustomKinds* kinds)
      : host_(snapshot, kinds) {}

  HostContext host_;
  gatekeeper::ConstraintSet set_;
  std::vector<kube::Object> objects_;  // the given ones first
  std::size_t given_ = 0;
  std::vector<gatekeeper::LoadProblem> problems_;
  std::deque<finding::Check> checks_;  // by constraint
  std::deque<std::string> texts_;
};

// The records of what can be wrong with a template or constraint.
[[nodiscard]] std::span<const finding::Check* const> gatekeeper_checks();
[[nodiscard]] const finding::Check& check_of(gatekeeper::LoadProblem::Kind kind);

}  // namespace tally::assessment
