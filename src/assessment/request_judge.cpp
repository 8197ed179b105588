#include "assessment/request_judge.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "assessment/internal/judge.hpp"
#include "assessment/kyverno_policies.hpp"

namespace tally::assessment {

struct RequestJudge::State {
  Inputs inputs;
  std::vector<NamespacePolicy> policies;
  // One for each value of Steps: a Run says which of them it asks.
  std::array<Run, 3> runs;
};

struct RequestJudge::Scratch::State {
  Worker worker;
  Part part;
};

RequestJudge::Scratch::Scratch() : state_(std::make_unique<State>()) {
  state_->worker.arena = std::make_unique<Arena>(std::size_t{64} << 10U);
}
RequestJudge::Scratch::~Scratch() = default;
RequestJudge::Scratch::Scratch(Scratch&&) noexcept = default;
RequestJudge::Scratch& RequestJudge::Scratch::operator=(Scratch&&) noexcept = default;

namespace {

std::vector<NamespacePolicy> policies_of(const kube::Snapshot& snapshot,
                                         const input::Config& config) {
  std::vector<NamespacePolicy> policies;
  std::vector<std::string_view> names(snapshot.namespaces().begin(), snapshot.namespaces().end());
  names.emplace_back();  // objects without a namespace
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  policies.reserve(names.size());
  for (const std::string_view name : names) {
    policies.push_back(namespace_policy(name, snapshot, config));
  }
  return policies;
}

// Forgets the last request; keeps the memory.
void clear(Worker& worker, Part& part, const Run& run) {
  worker.arena->reset();
  part.findings.clear();
  part.changes.clear();
  part.decisions.clear();
  part.verdicts.clear();
  part.facts.clear();
  part.evaluated.clear();
  if (part.counts.size() != run.rules.size()) {
    part.counts.assign(run.rules.size(), {});
  }
}

RequestVerdict verdict_of(const Worker& worker, const Part& part, const document::Node& before) {
  RequestVerdict verdict{.findings = part.findings,
                         .changes = part.changes,
                         .admission = part.decisions.empty() ? nullptr : &part.decisions.front(),
                         .workload = part.verdicts.empty() ? nullptr : &part.verdicts.front(),
                         .object = part.object,
                         .times = worker.times};
  if (!verdict.object.is_null() && document::equal(verdict.object, before)) {
    verdict.object = {};
  }
  return verdict;
}

}  // namespace

std::shared_ptr<const RequestJudge> RequestJudge::create(Inputs inputs) {
  auto state = std::make_unique<State>();
  state->inputs = std::move(inputs);
  state->inputs.engines.network = false;
  state->inputs.engines.tiers = false;
  state->policies = policies_of(state->inputs.world->snapshot(), *state->inputs.engines.config);
  for (const Steps steps : {Steps::All, Steps::Mutate, Steps::Validate}) {
    Run& run = state->runs[std::to_underlying(steps)];
    run.snapshot = &state->inputs.world->snapshot();
    run.engines = &state->inputs.engines;
    run.context = &state->inputs.context;
    run.policies = state->policies;
    run.steps = steps;
    list_rules(run);
  }
  return std::shared_ptr<const RequestJudge>(new RequestJudge(std::move(state)));
}

RequestJudge::RequestJudge(std::unique_ptr<State> state) : state_(std::move(state)) {}
RequestJudge::~RequestJudge() = default;

const World& RequestJudge::world() const noexcept { return *state_->inputs.world; }

std::span<const finding::Check* const> RequestJudge::rules() const noexcept {
  return state_->runs.front().rules;
}

namespace {

// The world of one request, on the stack of its judge.
class Surroundings {
 public:
  Surroundings(const RequestJudge::Inputs& inputs, std::int64_t now_seconds, Worker& worker)
      : outside_({.caller = inputs.caller, .now_seconds = now_seconds}),
        kyverno_(inputs.world->snapshot(), inputs.world->host().kinds(), now_seconds),
        worker_(worker) {
    kyverno_.connect(outside_);
    worker.request = {.world = inputs.world.get(),
                      .kyverno = &kyverno_,
                      .outside = &outside_,
                      .user = {},
                      .clock = inputs.clock};
    worker.times = {};
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;
  ~Surroundings() { worker_.request = {}; }

 private:
  Outside outside_;
  KyvernoWorld kyverno_;
  Worker& worker_;
};

}  // namespace

RequestVerdict RequestJudge::judge(const kube::Review& review, Steps steps,
                                   std::int64_t now_seconds, Scratch& scratch) const {
  const Run& run = state_->runs[std::to_underlying(steps)];
  auto& [worker, part] = scratch.state();
  clear(worker, part, run);
  const Surroundings surroundings(state_->inputs, now_seconds, worker);
  worker.request.user = review.user_info.username;
  judge_review(run, review, worker, part);
  return verdict_of(worker, part, review.object);
}

RequestVerdict RequestJudge::judge(const kube::Object& object, std::int64_t now_seconds,
                                   Scratch& scratch) const {
  // What exists is not changed any more: policies that mutate are for requests.
  const Run& run = state_->runs[std::to_underlying(Steps::Validate)];
  auto& [worker, part] = scratch.state();
  clear(worker, part, run);
  const Surroundings surroundings(state_->inputs, now_seconds, worker);
  judge_object(run, object, nullptr, worker, part);
  return verdict_of(worker, part, object.root);
}

}  // namespace tally::assessment
