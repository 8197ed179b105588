// Judging one object: structure, Pod Security at the level that is set and at the stricter ones,
// hygiene.
#include "assessment/internal/judge.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "assessment/internal/judging.hpp"
#include "assessment/internal/list_keys.hpp"
#include "assessment/internal/rules.hpp"
#include "kube/defaults.hpp"

namespace tally::assessment {

using finding::Finding;
using finding::Severity;
using finding::Subject;
using finding::Verdict;
using kube::Object;

namespace {

const document::Name kMetadata{"metadata"};
const document::Name kRuntimeClassName{"runtimeClassName"};
const document::Name kServiceAccountName{"serviceAccountName"};
const document::Name kServiceAccount{"serviceAccount"};
const document::Name kAutomount{"automountServiceAccountToken"};

const Subject* make_subject(const Object& object, Arena& arena) {
  auto* subject = arena.create<Subject>();
  subject->ref = object.ref;
  subject->root = object.root;
  subject->list_keys = list_keys_of(object);
  if (const auto owner = object.owner()) {
    subject->owner = arena.concat({owner->kind, "/", owner->name});
  }
  return subject;
}

kube::Object with_defaults(const Object& object, Arena& arena) {
  Object completed = object;
  completed.root = kube::defaulted(object, arena, {.name_space = object.ref.name_space});
  const document::Node* metadata = completed.root.find(kMetadata);
  completed.metadata = metadata == nullptr ? document::Node{} : *metadata;
  return completed;
}

void judge_structure(const Judging& judging) {
  const auto problems = kube::check_structure(judging.object, *judging.worker.arena,
                                              judging.worker.structure_scratch);
  judging.part.objects_structured += 1;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    const kube::StructureProblem& problem = problems[i];
    const finding::Check& check = check_of(problem.kind);
    Finding& finding = judging.add(check, problem.offset);
    finding.pointer = problem.pointer;
    finding.found = problem.found;
    finding.allowed = problem.expected;
    finding.message = problem.message;
    judging.settle(finding);
    // Counted once per object and rule, however often the rule objects.
    const auto earlier = problems.first(i);
    if (std::ranges::none_of(earlier,
                             [&](const auto& other) { return other.kind == problem.kind; })) {
      judging.count_failure(check, finding.exception != nullptr);
    }
  }
}

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

bool is_exempt(const Judging& judging, const NamespacePolicy& policy, const document::Node& spec,
               std::string_view username) {
  const input::PodSecurityExemptions& exemptions =
      judging.run.engines->config->pod_security_exemptions;
  const document::Node* runtime_class = spec.find(kRuntimeClassName);
  return policy.exempt || (!username.empty() && contains(exemptions.usernames, username)) ||
         (runtime_class != nullptr && runtime_class->is_string() &&
          contains(exemptions.runtime_classes, runtime_class->text()));
}

void add_pod_security(const Judging& judging, const pod_security::CheckResult& result,
                      Severity severity, finding::Mode mode) {
  bool every_site_excepted = true;
  for (const pod_security::Site& site : result.sites) {
    Finding& finding = judging.add(*result.check, site.offset);
    finding.severity = severity;
    finding.mode = mode;
    finding.container = site.container;
    finding.pointer = site.pointer;
    finding.found = site.found;
    finding.allowed = site.allowed;
    finding.message = site.message;
    judging.settle(finding);
    every_site_excepted = every_site_excepted && finding.exception != nullptr;
  }
  judging.count_failure(*result.check, every_site_excepted);
}

bool contains(std::span<const pod_security::CheckResult> results, const finding::Check* check) {
  return std::ranges::any_of(results,
                             [check](const auto& result) { return result.check == check; });
}

void list_passes(const Judging& judging, LevelVersion level_version,
                 std::span<const pod_security::CheckResult> failed,
                 std::span<const finding::Check* const> listed_already) {
  for (const finding::Check* check :
       pod_security::checks_of(pod_security::plan_for(level_version))) {
    if (!contains(failed, check) &&
        std::ranges::find(listed_already, check) == listed_already.end()) {
      judging.list_pass(*check);
    }
  }
}

// The verdict at the level that is set (failures are high), and what stricter levels would say
// (medium).
void judge_pod_security(const Judging& judging, const NamespacePolicy& policy,
                        const pod_security::Pod& pod, finding::WorkloadVerdict& verdict,
                        WorkloadFacts& facts) {
  Arena& arena = *judging.worker.arena;
  const Context& context = *judging.run.context;
  const bool only = context.pod_security_only.has_value();
  const LevelVersion set = only ? *context.pod_security_only : policy.set;
  const auto results_at = [&](Level level) {
    return pod_security::evaluate(pod, pod_security::plan_for({level, set.version}),
                                  judging.worker.pod_scratch, arena);
  };
  std::array<std::span<const pod_security::CheckResult>, 3> results;  // by level
  for (const Level level : {Level::Baseline, Level::Restricted}) {
    results[std::to_underlying(level)] = results_at(level);
  }
  const bool meets_baseline = results[std::to_underlying(Level::Baseline)].empty();
  const bool meets_restricted = results[std::to_underlying(Level::Restricted)].empty();
  facts.meets = meets_restricted ? Level::Restricted
                : meets_baseline ? Level::Baseline
                                 : Level::Privileged;
  facts.held_to = set.level;

  const auto failed = results[std::to_underlying(set.level)];
  facts.allowed = failed.empty();
  verdict.level = pod_security::to_text(set.level);
  verdict.version = set.version.to_text();
  verdict.meets = pod_security::to_text(facts.meets);
  verdict.allowed = failed.empty();
  if (!failed.empty()) {
    verdict.message =
        arena.concat({"would violate PodSecurity \"", verdict.level, ":", verdict.version,
                      "\": ", pod_security::forbidden_text(failed, arena)});
  }
  for (const auto& result : failed) {
    add_pod_security(judging, result, Severity::High,
                     only ? finding::Mode::Enforce : mode_of(policy, set.level));
  }
  if (context.include_pass) {
    list_passes(judging, set, failed, {});
  }
  if (only) {
    return;
  }
  auto said = failed;
  auto listed = pod_security::checks_of(pod_security::plan_for(set));
  for (const Level stricter : {Level::Baseline, Level::Restricted}) {
    if (stricter <= set.level) {
      continue;
    }
    const auto more = results[std::to_underlying(stricter)];
    for (const auto& result : more) {
      if (!contains(said, result.check)) {
        add_pod_security(judging, result, Severity::Medium, mode_of(policy, stricter));
      }
    }
    if (context.include_pass) {
      list_passes(judging, {stricter, set.version}, more, listed);
    }
    said = more;
    listed = pod_security::checks_of(pod_security::plan_for({stricter, set.version}));
  }
}

std::optional<bool> account_mounts_token(const Judging& judging, const document::Node& spec) {
  const document::Node* name = spec.find(kServiceAccountName);
  if (name == nullptr || !name->is_string()) {
    name = spec.find(kServiceAccount);  // the deprecated alias
  }
  const std::string_view account =
      name != nullptr && name->is_string() ? name->text() : std::string_view{"default"};
  const Object* object =
      judging.run.snapshot->find("", "ServiceAccount", judging.object.ref.name_space, account);
  const document::Node* field = object == nullptr ? nullptr : object->root.find(kAutomount);
  return field != nullptr && field->is_bool() ? std::optional(field->boolean()) : std::nullopt;
}

void judge_hygiene(const Judging& judging, const kube::PodTemplate& pod, WorkloadFacts& facts) {
  auto& sites = judging.worker.sites;
  sites.clear();
  std::vector<const finding::Check*> passed;
  const std::string_view kind = judging.object.ref.kind;
  workload::Workload workload;
  workload.spec = pod.spec;
  workload.spec_pointer = pod.spec_pointer;
  workload.runs_forever =
      kind != "Pod" && kind != "Job" && kind != "CronJob" && kind != "PodTemplate";
  workload.account_mounts_token = account_mounts_token(judging, *pod.spec);
  facts.census = workload::evaluate(workload, *judging.worker.arena, sites);
  for (const workload::Site& site : sites) {
    Finding& finding = judging.add(*site.check, site.offset);
    finding.container = site.container;
    finding.pointer = site.pointer;
    finding.found = site.found;
    finding.allowed = site.allowed;
    finding.message = site.message;
    judging.settle(finding);
  }
  judging.part.workloads_examined += 1;
  for (const finding::Check* check : workload::all_checks()) {
    bool failed = false;
    bool excepted = true;
    const auto findings = std::span(judging.part.findings).last(sites.size());
    for (const Finding& finding : findings) {
      failed = failed || finding.check == check;
      excepted = excepted && (finding.check != check || finding.exception != nullptr);
    }
    if (failed) {
      judging.count_failure(*check, excepted);
    } else if (judging.run.context->include_pass) {
      passed.push_back(check);
    }
  }
  for (const finding::Check* check : passed) {
    judging.list_pass(*check);
  }
}

}  // namespace

std::uint32_t Run::namespace_index(std::string_view name) const {
  const auto found = std::ranges::lower_bound(policies, name, {}, &NamespacePolicy::name);
  const bool is_known = found != policies.end() && found->name == name;
  return static_cast<std::uint32_t>(is_known ? found - policies.begin() : std::ssize(policies));
}

const NamespacePolicy& Run::policy_of(std::uint32_t index, std::string_view name,
                                      Worker& worker) const {
  if (index < policies.size()) {
    return policies[index];
  }
  worker.spare_policy = namespace_policy(name, *snapshot, *engines->config);
  return worker.spare_policy;
}

namespace {

bool is_same(const scalar::ObjectRef& a, const scalar::ObjectRef& b) {
  return a.group == b.group && a.kind == b.kind && a.name_space == b.name_space && a.name == b.name;
}

// The request that an object of a file stands for.
kube::Review review_of(const Judging& judging) {
  const Context& context = *judging.run.context;
  const Object& object = judging.object;
  kube::Review review =
      kube::Review::from_file_object(object, object.ref.name_space, *judging.worker.arena);
  review.operation = context.operation;
  review.subresource = context.subresource;
  review.request_subresource = context.subresource;
  review.user_info = context.user_info;
  if (context.operation == kube::Operation::Update) {
    const auto old = std::ranges::find_if(context.old_objects, [&](const Object& candidate) {
      return is_same(candidate.ref, object.ref);
    });
    review.old_object = old == context.old_objects.end() ? object.root : old->root;
  } else if (context.operation == kube::Operation::Delete) {
    review.old_object = std::exchange(review.object, document::Node{});
  }
  return review;
}

}  // namespace

namespace {

// Adds the time of its own life, if somebody measures.
class Stopwatch {
 public:
  Stopwatch(const Worker& worker, std::uint64_t& sum)
      : clock_(worker.request.clock), sum_(sum), began_(clock_ == nullptr ? 0 : clock_()) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    if (clock_ != nullptr) {
      sum_ += clock_() - began_;
    }
  }

 private:
  std::uint64_t (*clock_)();
  std::uint64_t& sum_;
  std::uint64_t began_;
};

// Every policy, each on what the one before has made. The object as they leave it; Null: unchanged.
document::Node ask_policies(const Judging& judging, kube::Review request, bool is_from_file) {
  const EngineSet& engines = *judging.run.engines;
  document::Node changed;
  const auto change = [&](const document::Node& object) {
    if (!object.is_null()) {
      changed = object;
      if (!request.object.is_null()) {
        request.object = object;
      }
    }
  };
  EngineTimes& times = judging.worker.times;
  if (engines.admission != nullptr) {
    const Stopwatch watch(judging.worker, times.admission_policy);
    change(judge_admission(judging, request, is_from_file));
  }
  if (engines.kyverno != nullptr) {
    const Stopwatch watch(judging.worker, times.kyverno);
    change(judge_kyverno(judging, request, is_from_file));
  }
  if (engines.gatekeeper != nullptr && judging.run.validates()) {
    const Stopwatch watch(judging.worker, times.gatekeeper);
    judge_gatekeeper(judging, request, is_from_file);
  }
  return changed;
}

}  // namespace

void judge_request(const Run& run, const Object& object, const kube::Review& review, Worker& worker,
                   Part& part) {
  if (run.context->pod_security_only) {
    return;
  }
  const Judging judging{.run = run,
                        .object = object,
                        .subject = make_subject(object, *worker.arena),
                        .worker = worker,
                        .part = part};
  part.object = ask_policies(judging, review, false);
}

void judge_object(const Run& run, const Object& object, const kube::Review* review, Worker& worker,
                  Part& part) {
  const std::string_view username =
      review != nullptr ? review->user_info.username : run.context->user_info.username;
  const bool only = run.context->pod_security_only.has_value();
  const bool workload = kube::is_workload(object.ref);
  Judging judging{.run = run,
                  .object = object,
                  .subject = make_subject(object, *worker.arena),
                  .worker = worker,
                  .part = part};
  if (run.engines->structure && run.validates() && !only) {
    judge_structure(judging);
  }
  Object mutated = object;  // as the mutating policies leave it
  part.object = {};
  if (!only && (run.engines->admission != nullptr || run.engines->kyverno != nullptr ||
                run.engines->gatekeeper != nullptr)) {
    part.object =
        ask_policies(judging, review != nullptr ? *review : review_of(judging), review == nullptr);
    if (!part.object.is_null()) {
      mutated.root = part.object;
      const document::Node* metadata = mutated.root.find(kMetadata);
      mutated.metadata = metadata == nullptr ? document::Node{} : *metadata;
    }
  }
  const Stopwatch watch(worker, worker.times.own_controls);
  const auto pod = workload && run.validates() ? kube::pod_template(mutated) : std::nullopt;
  if (!pod) {
    return;
  }
  const std::uint32_t namespace_index = run.namespace_index(object.ref.name_space);
  const NamespacePolicy& policy = run.policy_of(namespace_index, object.ref.name_space, worker);
  auto& verdict = part.verdicts.emplace_back();
  auto& facts = part.facts.emplace_back();
  verdict.subject = judging.subject;
  verdict.location = location_of(object, object.root.offset());
  verdict.tier = policy.tier ? pod_security::to_text(*policy.tier) : std::string_view{};
  facts.namespace_index = namespace_index;
  if (run.engines->pod_security) {
    if (is_exempt(judging, policy, *pod->spec, username)) {
      verdict.level = "privileged";
      verdict.version = "latest";
      verdict.meets = "privileged";
      verdict.message = "exempted in tally.yaml";
      part.workloads_exempt += 1;
    } else {
      part.count_evaluated(policy.set);
      // The API server sets its defaults before it judges. Few of them can change the verdict.
      kube::Object completed;
      auto judged = pod;
      if (run.context->defaults && kube::defaults_change_pod_security(mutated)) {
        completed = with_defaults(mutated, *worker.arena);
        if (const auto with = kube::pod_template(completed)) {
          judged = with;
        }
      }
      judge_pod_security(judging, policy,
                         {.metadata = judged->metadata,
                          .spec = judged->spec,
                          .metadata_pointer = judged->metadata_pointer,
                          .spec_pointer = judged->spec_pointer},
                         verdict, facts);
    }
  }
  if (run.engines->hygiene && !only) {
    judge_hygiene(judging, *pod, facts);
  }
}

}  // namespace tally::assessment
