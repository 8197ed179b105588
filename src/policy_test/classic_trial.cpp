#include "policy_test/internal/classic_trial.hpp"

#include <algorithm>

#include "input/file_walk.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/subjects.hpp"
#include "policy_test/internal/world_for_rules.hpp"

namespace tally::policy_test {

using document::Node;
using kyverno::Phase;

namespace {

RuleType type_of(kyverno::RuleType type) {
  switch (type) {
    case kyverno::RuleType::Validation:
      return RuleType::Validation;
    case kyverno::RuleType::Mutation:
      return RuleType::Mutation;
    case kyverno::RuleType::Generation:
      return RuleType::Generation;
    case kyverno::RuleType::ImageVerify:
      return RuleType::ImageVerify;
    case kyverno::RuleType::Cleanup:
      return RuleType::Deletion;
  }
  return RuleType::Validation;
}

std::vector<Node> copies(Arena& arena, std::span<const Node> nodes) {
  std::vector<Node> out;
  for (const Node& node : nodes) {
    out.push_back(document::deep_copy(arena, node));
  }
  return out;
}

}  // namespace

ClassicTrial::ClassicTrial(LoadedPolicies& policies, std::span<const kube::Object> exceptions,
                           std::span<const kube::Object> targets, const TestWorld& world,
                           const Surroundings& surroundings, Files& files, const TestCase& test)
    : world_(world), surroundings_(surroundings), files_(files), test_(test) {
  auto loaded = kyverno::PolicySet::load(
      {.policies = policies.classic, .exceptions = exceptions, .kinds = &world.kinds()});
  set_ = std::move(loaded.set);
  for (const kube::Object& target : targets) {
    targets_.push_back(target.root);
  }
  for (const kyverno::PolicyRecord& policy : set_.policies()) {
    std::string_view last;
    for (const kyverno::RuleRecord& rule : policy.rules) {
      if (rule.is_autogen || rule.written == last) {
        continue;
      }
      last = rule.written;
      policies.rules.push_back({.policy = std::string(policy.name),
                                .name_space = std::string(policy.name_space),
                                .kind = std::string(kyverno::to_text(policy.kind)),
                                .rule = std::string(rule.written),
                                .path = policy.object->source == nullptr
                                            ? std::string{}
                                            : policy.object->source->name()});
    }
  }
  for (const kyverno::LoadProblem& problem : loaded.problems) {
    const std::string name(problem.object == nullptr ? "" : problem.object->ref.name);
    if (problem.is_refused) {
      policies.invalid.push_back({.policy = name, .message = problem.message});
    } else {
      policies.notes.push_back(name + ": " + problem.message);
    }
  }
}

void ClassicTrial::mutate(Trial& trial) { run(Phase::Mutate, trial); }
void ClassicTrial::validate(Trial& trial) {
  run(Phase::VerifyImages, trial);
  run(Phase::Validate, trial);
}
void ClassicTrial::generate(Trial& trial) { run(Phase::Generate, trial); }

// Files that results name as the source of what a rule of the policy clones.
std::vector<kube::Object> ClassicTrial::clone_sources(std::string_view policy) {
  std::vector<kube::Object> sources;
  for (const ExpectedResult& result : test_.results) {
    const std::string_view named(result.policy);
    if (result.clone_source.empty() || named.substr(named.rfind('/') + 1) != policy) {
      continue;
    }
    if (const auto objects = files_.objects(input::join_path(test_.folder, result.clone_source))) {
      for (const kube::Object& object : *objects) {
        sources.push_back(as_tested(files_, object, world_.kinds()));
      }
    }
  }
  return sources;
}

// Of the values file, else of the cluster's namespace.
Node ClassicTrial::namespace_labels(std::string_view name) const {
  if (const Node* given = surroundings_.namespace_labels(name)) {
    return *given;
  }
  for (const kube::Object& object : world_.objects()) {
    if (object.ref.group.empty() && object.ref.kind == "Namespace" && object.ref.name == name) {
      return object.labels();
    }
  }
  return {};
}

void ClassicTrial::run(Phase phase, Trial& trial) {
  for (std::uint32_t i = 0; i < set_.policies().size(); ++i) {
    if (!set_.has(i, phase)) {
      continue;
    }
    const kyverno::PolicyRecord& policy = set_.policies()[i];
    const std::vector<Field> fields = surroundings_.values_for(policy.name, trial.current.ref.name);
    std::string_view operation = trial.operation;
    std::vector<kyverno::NamedValue> values;
    for (const Field& field : fields) {
      if (field.key == "request.operation") {
        if (!trial.operation.empty()) {
          continue;  // an explicit one stands
        }
        operation = text_of(&field.value);
      }
      values.push_back({.name = field.key, .value = field.value});
    }
    std::vector<kyverno::RuleValues> rule_values;
    std::vector<std::vector<kyverno::NamedValue>> kept;
    kept.reserve(surroundings_.rule_values().size());
    for (const Surroundings::RuleValues& own : surroundings_.rule_values()) {
      std::vector<kyverno::NamedValue>& named = kept.emplace_back();
      for (const Field& field : own.values) {
        named.push_back({.name = field.key, .value = field.value});
      }
      // The values of a rule are those of the rules that autogen makes of it, too.
      rule_values.push_back({.policy = own.policy, .rule = own.rule, .values = named});
      for (const std::string_view prefix : {"autogen-", "autogen-cronjob-"}) {
        rule_values.push_back({.policy = own.policy,
                               .rule = files_.arena().concat({prefix, own.rule}),
                               .values = named});
      }
    }
    std::vector<kube::Object> more = clone_sources(policy.name);
    more.push_back(trial.current);
    const WorldForRules world(world_, more);
    const kube::Review review = surroundings_.review_of(trial.current, operation, files_.arena());
    const Node labels = namespace_labels(trial.current.ref.name_space);
    const kyverno::Request request{.review = &review,
                                   .namespace_labels = labels,
                                   .roles = surroundings_.roles(),
                                   .cluster_roles = surroundings_.cluster_roles(),
                                   .is_admission = false,
                                   .values = values,
                                   .rule_values = rule_values,
                                   .targets = targets_,
                                   .world = &world};
    const kyverno::Response answer = set_.judge(i, phase, request, scratch_);
    PolicyResponse response{.policy = std::string(policy.name),
                            .name_space = std::string(policy.name_space),
                            .is_ruleless = false,
                            .is_scored = is_scored(*policy.object),
                            .rules = {}};
    for (const kyverno::RuleResponse& rule : answer.rules) {
      response.rules.push_back({.rule = std::string(rule.rule->name),
                                .type = type_of(rule.rule->type),
                                .verdict = std::string(kyverno::to_text(rule.verdict)),
                                .message = std::string(rule.message),
                                .object = rule.object.is_null()
                                              ? Node{}
                                              : document::deep_copy(files_.arena(), rule.object),
                                .generated = copies(files_.arena(), rule.generated),
                                .targets = copies(files_.arena(), rule.targets)});
    }
    if (phase == Phase::Mutate || phase == Phase::VerifyImages) {
      if (answer.object.is_object()) {
        trial.current =
            with_root(files_, trial.current, document::deep_copy(files_.arena(), answer.object));
      }
      // What is compared with an expected object is what the whole policy has made.
      for (RuleResponse& rule : response.rules) {
        rule.object = trial.current.root;
      }
    }
    trial.responses.push_back(std::move(response));
  }
}

}  // namespace tally::policy_test
