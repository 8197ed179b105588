#pragma once
// RequestJudge: what assess() finds out about one request or one object, prepared once for many:
// the way of the admission webhook and of the continuous audit. The verdicts are those of assess(),
// from the same code.
//
//   auto judge = RequestJudge::create({.engines = engines, .world = world, .context = context});
//   RequestJudge::Scratch scratch(*judge);                       // one per thread, kept
//   RequestVerdict verdict = judge->judge(review, Steps::Validate, now_seconds, scratch);
//
// Threads: a RequestJudge is immutable and shared; every thread has its own Scratch.
// Lifetime: the engines must outlive it; what a verdict shows lives in the Scratch until its next
// use.

#include <cstdint>
#include <memory>
#include <span>

#include "admission_policy/policy_set.hpp"
#include "assessment/assessment.hpp"
#include "assessment/world.hpp"

namespace tally::assessment {

using admission_policy::Steps;

// How long each engine took, in nanoseconds; 0: it was not asked, or nobody measures.
struct EngineTimes {
  std::uint64_t admission_policy = 0;
  std::uint64_t kyverno = 0;
  std::uint64_t gatekeeper = 0;
  std::uint64_t own_controls = 0;
};

struct RequestVerdict {
  std::span<const finding::Finding> findings;  // passes with Context::include_pass only
  std::span<const finding::Change> changes;    // objects that were patched or would be created
  // Of admission policies and the rules of definitions; null: none was asked.
  const finding::AdmissionDecision* admission = nullptr;
  const finding::WorkloadVerdict* workload = nullptr;  // Pod Security; null: no workload
  document::Node object;  // as the mutating policies left it; Null: unchanged
  EngineTimes times;
};

class RequestJudge {
 public:
  struct Inputs {
    EngineSet engines;  // `network` and `tiers` speak about clusters and are not asked
    std::shared_ptr<const World> world;
    Context context;  // `today` and the exceptions; the lists it points to must outlive the judge
    // Services that policies may call; null: none.
    const HttpCaller* caller = nullptr;
    // Nanoseconds of some clock that goes forward, for EngineTimes; null: nobody measures.
    std::uint64_t (*clock)() = nullptr;
  };
  [[nodiscard]] static std::shared_ptr<const RequestJudge> create(Inputs inputs);
  ~RequestJudge();
  RequestJudge(const RequestJudge&) = delete;
  RequestJudge& operator=(const RequestJudge&) = delete;

  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;
    struct State;
    [[nodiscard]] State& state() noexcept { return *state_; }

   private:
    std::unique_ptr<State> state_;
  };

  // A request of an API server: its user and groups are complete. `now_seconds` since 1970.
  [[nodiscard]] RequestVerdict judge(const kube::Review& review, Steps steps,
                                     std::int64_t now_seconds, Scratch& scratch) const;
  // An object that exists, as the background audit sees it: no user, no request.
  [[nodiscard]] RequestVerdict judge(const kube::Object& object, std::int64_t now_seconds,
                                     Scratch& scratch) const;

  [[nodiscard]] const World& world() const noexcept;
  // Every rule that may be applied.
  [[nodiscard]] std::span<const finding::Check* const> rules() const noexcept;

 private:
  struct State;
  explicit RequestJudge(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::assessment
