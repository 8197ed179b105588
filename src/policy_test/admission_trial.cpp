#include "policy_test/internal/admission_trial.hpp"

#include <algorithm>

#include "document/json_writer.hpp"
#include "kube/objects.hpp"
#include "kube/selectors.hpp"
#include "policy_test/internal/nodes.hpp"
#include "policy_test/internal/subjects.hpp"

namespace tally::policy_test {

using admission_policy::Decision;
using admission_policy::Outcome;
using document::Node;

namespace {

// Whether any expression of the policy proper was evaluated: if none was although the policy
// applied, its match conditions are not met.
class BodyWatcher final : public policy_cel::Watcher {
 public:
  explicit BodyWatcher(std::span<const std::string> body) : body_(body) {}
  void saw(std::string_view expression, const cel::Value& value,
           std::span<const cel::TraceEntry> steps) override {
    static_cast<void>(value);
    static_cast<void>(steps);
    was_asked_ = was_asked_ || std::ranges::find(body_, expression) != body_.end();
  }
  [[nodiscard]] bool was_asked() const noexcept { return was_asked_; }

 private:
  std::span<const std::string> body_;
  bool was_asked_ = false;
};

std::vector<std::string> body_of(const Node& policy) {
  std::vector<std::string> body;
  for (const Node& one : list_at(policy, "spec.validations")) {
    body.emplace_back(text_at(one, "expression"));
  }
  for (const Node& one : list_at(policy, "spec.mutations")) {
    body.emplace_back(text_at(one, "applyConfiguration.expression"));
    body.emplace_back(text_at(one, "jsonPatch.expression"));
  }
  return body;
}

bool reads_list_of_params(const Node& policy) {
  std::string text;
  document::append_json(text, policy);
  return text.find("params.items") != std::string::npos;
}

// Kyverno's command line gives the expressions all parameters that a selector finds, as one list
// (pkg/admissionpolicy/validate.go, processVAPWithoutClient); the API server runs the policy once
// for each. A policy that reads `params.items` was written for the former: its parameters become
// the one object that holds them.
std::shared_ptr<const kube::Snapshot> with_list_of_params(Files& files, const kube::Object& policy,
                                                          std::span<const kube::Object> bindings,
                                                          const kube::Snapshot& snapshot) {
  for (const kube::Object& binding : bindings) {
    const Node* selector = find_path(binding.root, "spec.paramRef.selector");
    if (selector == nullptr) {
      continue;
    }
    const auto labels = kube::read_label_selector(*selector);
    if (!labels) {
      continue;
    }
    std::vector<kube::Object> objects;
    std::vector<Node> params;
    for (const kube::Object& object : snapshot.objects()) {
      if (text_at(object.root, "apiVersion") == text_at(policy.root, "spec.paramKind.apiVersion") &&
          object.ref.kind == text_at(policy.root, "spec.paramKind.kind") &&
          kube::matches(*labels, object.labels())) {
        params.push_back(object.root);
      } else {
        objects.push_back(object);
      }
    }
    if (params.empty()) {
      continue;
    }
    Arena& arena = files.arena();
    const Node list = with_member(arena, params.front(), "items",
                                  Node::make_array(arena, params, params.front().offset()));
    if (const auto object = kube::object_from_node(list, files.made_source())) {
      objects.push_back(*object);
      return kube::Snapshot::create(std::move(objects), "default");
    }
  }
  return nullptr;
}

}  // namespace

AdmissionTrial::AdmissionTrial(LoadedPolicies& policies, const kube::Snapshot& snapshot,
                               const TestWorld& world, const Surroundings& surroundings,
                               Files& files)
    : world_(world), surroundings_(surroundings), files_(files) {
  for (const kube::Object& policy : policies.admission) {
    if (policy.ref.kind.ends_with("Binding")) {
      continue;
    }
    std::vector<kube::Object> given{policy};
    for (const kube::Object& binding : policies.admission) {
      if (binding.ref.kind == std::string(policy.ref.kind) + "Binding" &&
          text_at(binding.root, "spec.policyName") == policy.ref.name) {
        given.push_back(binding);
      }
    }
    std::shared_ptr<const kube::Snapshot> own;
    if (given.size() > 1 && reads_list_of_params(policy.root)) {
      own = with_list_of_params(files, policy, std::span{given}.subspan(1), snapshot);
    }
    auto loaded =
        admission_policy::PolicySet::load({.given = given,
                                           .found = {},
                                           .snapshot = own == nullptr ? &snapshot : own.get(),
                                           .kinds = &world.kinds()});
    const std::string name(policy.ref.name);
    bool is_refused = false;
    for (const auto& problem : loaded.problems) {
      if (problem.kind == admission_policy::LoadProblem::Kind::TypeWarning) {
        continue;
      }
      if (problem.is_refused) {
        policies.invalid.push_back({.policy = name, .message = problem.message});
        is_refused = true;
      }
    }
    policies.rules.push_back({.policy = name,
                              .name_space = {},
                              .kind = std::string(policy.ref.kind),
                              .rule = {},
                              .path = policy.source == nullptr ? "" : policy.source->name()});
    if (!is_refused) {
      policies_.push_back({.name = name,
                           .is_mutating = policy.ref.kind == "MutatingAdmissionPolicy",
                           .is_scored = is_scored(policy),
                           .has_conditions = !list_at(policy.root, "spec.matchConditions").empty(),
                           .validations = body_of(policy.root),
                           .objects = std::move(given),
                           .snapshot = std::move(own),
                           .set = std::move(loaded.set)});
    }
  }
}

void AdmissionTrial::mutate(Trial& trial) {
  for (One& policy : policies_) {
    if (policy.is_mutating) {
      judge(policy, trial);
    }
  }
}

void AdmissionTrial::validate(Trial& trial) {
  for (One& policy : policies_) {
    if (!policy.is_mutating) {
      judge(policy, trial);
    }
  }
}

void AdmissionTrial::judge(One& policy, Trial& trial) {
  const kube::Review review =
      surroundings_.review_of(trial.current, trial.operation, files_.arena());
  BodyWatcher watcher(policy.validations);
  const Decision decision =
      policy.set.admit(review, scratch_,
                       {.defaults = admission_policy::Defaults::AsIs,
                        .host = &world_,
                        .is_user_unknown_when_empty = false,
                        .watcher = policy.has_conditions ? &watcher : nullptr});
  PolicyResponse response{.policy = policy.name,
                          .name_space = {},
                          .is_ruleless = true,
                          .is_scored = policy.is_scored,
                          .rules = {}};
  if (decision.evaluated > 0 || !decision.outcomes.empty()) {
    RuleResponse rule{.rule = policy.name,
                      .type = policy.is_mutating ? RuleType::Mutation : RuleType::Validation,
                      .verdict = "pass",
                      .message = {},
                      .object = {},
                      .generated = {},
                      .targets = {}};
    const auto first = std::ranges::find_if(decision.outcomes, [](const Outcome& outcome) {
      return outcome.part != admission_policy::Part::AuditAnnotation;
    });
    if (first != decision.outcomes.end()) {
      rule.verdict = admission_policy::to_text(first->verdict);
      rule.message = std::string(first->message);
    } else if (policy.has_conditions && !watcher.was_asked()) {
      rule.verdict = "skip";
      rule.message = "match conditions aren't met";
    } else if (policy.is_mutating && decision.is_changed) {
      rule.object = document::deep_copy(files_.arena(), decision.object);
      trial.current = with_root(files_, trial.current, rule.object);
    }
    response.rules.push_back(std::move(rule));
  }
  trial.responses.push_back(std::move(response));
}

}  // namespace tally::policy_test
