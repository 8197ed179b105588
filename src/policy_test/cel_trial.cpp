#include "policy_test/internal/cel_trial.hpp"

#include <algorithm>
#include <utility>

#include "policy_test/internal/subjects.hpp"

namespace tally::policy_test {

using document::Node;
using kyverno_cel::Mode;
using kyverno_cel::PolicyKind;
using kyverno_cel::Verdict;

namespace {

RuleType type_of(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::Validating:
    case PolicyKind::Exception:
      return RuleType::Validation;
    case PolicyKind::Mutating:
      return RuleType::Mutation;
    case PolicyKind::Generating:
      return RuleType::Generation;
    case PolicyKind::Deleting:
      return RuleType::Deletion;
    case PolicyKind::ImageValidating:
      return RuleType::ImageVerify;
  }
  return RuleType::Validation;
}

Mode mode_of(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::Json:
      return Mode::Json;
    case PayloadKind::Http:
      return Mode::Http;
    case PayloadKind::Envoy:
      return Mode::Envoy;
  }
  return Mode::Json;
}

}  // namespace

CelTrial::CelTrial(const EngineInputs& inputs)
    : targets_(inputs.targets.begin(), inputs.targets.end()),
      world_(inputs.world),
      surroundings_(inputs.surroundings),
      files_(inputs.files) {
  const std::int64_t now = world_.now().seconds;
  auto loaded = kyverno_cel::PolicySet::load(
      {.policies = inputs.policies.cel,
       .exceptions = inputs.cel_exceptions,
       .kinds = &world_.kinds(),
       .now = now < 0 ? std::nullopt : std::optional<std::int64_t>(now)});
  set_ = std::move(loaded.set);
  // Namespaces are what the values file says, and the cluster; others are nothing to expressions.
  std::vector<kube::Object> namespaces;
  for (const kube::Object& object : world_.objects()) {
    if (object.ref.group.empty() && object.ref.kind == "Namespace") {
      namespaces.push_back(object);
    }
  }
  const auto& given = surroundings_.namespaces();
  namespaces.insert(namespaces.end(), given.begin(), given.end());
  namespaces_ = kube::Snapshot::create(std::move(namespaces), "default");
  for (const kyverno_cel::Policy& policy : set_.policies()) {
    inputs.policies.rules.push_back(
        {.policy = std::string(policy.name),
         .name_space = std::string(policy.name_space),
         .kind = std::string(policy.kind_name),
         .rule = {},
         .path = policy.object->source == nullptr ? "" : policy.object->source->name()});
  }
  for (const kyverno_cel::LoadProblem& problem : loaded.problems) {
    const std::string name(problem.object == nullptr ? "" : problem.object->ref.name);
    if (problem.is_refused && problem.object != nullptr &&
        kyverno_cel::is_policy(*problem.object)) {
      inputs.policies.invalid.push_back({.policy = name, .message = problem.message});
    } else {
      inputs.policies.notes.push_back(name + ": " + problem.message);
    }
  }
}

kyverno_cel::Request CelTrial::request_for(const kube::Object& object, const Trial& trial) const {
  const std::string_view operation =
      trial.operation.empty() ? surroundings_.operation() : std::string_view(trial.operation);
  kyverno_cel::Request request;
  request.review = surroundings_.review_of(object, operation, files_.arena());
  request.snapshot = namespaces_.get();
  request.host = &world_;
  request.are_namespaces_complete = true;
  request.is_user_unknown_when_empty = false;
  return request;
}

PolicyResponse CelTrial::response_of(const kyverno_cel::Policy& policy,
                                     const kyverno_cel::Response& answer) {
  PolicyResponse response{.policy = std::string(policy.name),
                          .name_space = std::string(policy.name_space),
                          .is_ruleless = true,
                          .is_scored = is_scored(*policy.object),
                          .rules = {}};
  if (answer.verdict == Verdict::None) {
    return response;
  }
  RuleResponse rule{
      .rule = std::string(answer.rule.empty() ? policy.name : answer.rule),
      .type = type_of(policy.kind),
      .verdict = std::string(kyverno_cel::to_text(answer.verdict)),
      .message = std::string(answer.message),
      .object = answer.is_changed ? document::deep_copy(files_.arena(), answer.object) : Node{},
      .generated = {},
      .targets = {}};
  for (const Node& generated : answer.generated) {
    rule.generated.push_back(document::deep_copy(files_.arena(), generated));
  }
  response.rules.push_back(std::move(rule));
  return response;
}

void CelTrial::run(PolicyKind kind, const kube::Object& object, Trial& trial) {
  const auto policies = set_.policies();
  if (std::ranges::none_of(policies, [&](const auto& policy) { return policy.kind == kind; })) {
    return;
  }
  set_.open(request_for(object, trial), scratch_);
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const kyverno_cel::Policy& policy = policies[i];
    if (policy.kind != kind || policy.mode != Mode::Kubernetes) {
      continue;
    }
    PolicyResponse response = response_of(policy, set_.judge(i, scratch_));
    if (kind == PolicyKind::Mutating && !response.rules.empty()) {
      const Node& changed = response.rules.front().object;
      if (changed.is_object()) {
        trial.current = with_root(files_, trial.current, changed);
        set_.change_object(changed, scratch_);
      } else {
        response.rules.front().object = trial.current.root;
      }
    }
    trial.responses.push_back(std::move(response));
  }
}

void CelTrial::mutate(Trial& trial) {
  const kube::Object before = trial.current;
  run(PolicyKind::Mutating, before, trial);
  if (!targets_.empty()) {
    mutate_targets(trial);
  }
}

void CelTrial::mutate_targets(Trial& trial) {
  const auto policies = set_.policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const kyverno_cel::Policy& policy = policies[i];
    if (policy.kind != PolicyKind::Mutating || (!policy.mutates_existing && !policy.has_targets)) {
      continue;
    }
    for (const kube::Object& target : targets_) {
      set_.open(request_for(trial.current, trial), scratch_);
      PolicyResponse response = response_of(policy, set_.judge_target(i, target, scratch_));
      if (response.rules.empty()) {
        continue;
      }
      RuleResponse& rule = response.rules.front();
      if (rule.verdict == "pass") {
        rule.targets.push_back(rule.object.is_object() ? rule.object : target.root);
      }
      rule.object = {};
      trial.responses.push_back(std::move(response));
    }
  }
}

void CelTrial::validate(Trial& trial) {
  run(PolicyKind::Validating, trial.current, trial);
  const auto policies = set_.policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    if (policies[i].kind == PolicyKind::Validating && policies[i].mode == Mode::Json) {
      kyverno_cel::Request request;
      request.payload = trial.current.root;
      request.mode = Mode::Json;
      request.host = &world_;
      trial.responses.push_back(response_of(policies[i], set_.judge(i, request, scratch_)));
    }
  }
}

void CelTrial::generate(Trial& trial) { run(PolicyKind::Generating, trial.current, trial); }
void CelTrial::verify_images(Trial& trial) {
  run(PolicyKind::ImageValidating, *trial.subject, trial);
}
void CelTrial::remove(Trial& trial) {
  if (trial.operation.empty()) {
    run(PolicyKind::Deleting, *trial.subject, trial);
  }
}

std::vector<PolicyResponse> CelTrial::judge_payload(PayloadKind kind, const Node& payload) {
  std::vector<PolicyResponse> responses;
  const auto policies = set_.policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const kyverno_cel::Policy& policy = policies[i];
    const bool is_about_json =
        kind == PayloadKind::Json &&
        (policy.kind == PolicyKind::Deleting || policy.kind == PolicyKind::ImageValidating);
    if (policy.mode != mode_of(kind) && !is_about_json) {
      continue;
    }
    kyverno_cel::Request request;
    request.payload = payload;
    request.mode = mode_of(kind);
    request.host = &world_;
    request.snapshot = namespaces_.get();
    request.are_namespaces_complete = true;
    request.is_user_unknown_when_empty = false;
    responses.push_back(response_of(policy, set_.judge(i, request, scratch_)));
  }
  return responses;
}

}  // namespace tally::policy_test
