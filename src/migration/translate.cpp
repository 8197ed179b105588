// Rules become policies: settings, names, autogen, and which rules share one.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kube/objects.hpp"
#include "kyverno/policy_set.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "migration/internal/draft.hpp"
#include "migration/internal/rules.hpp"
#include "migration/migration.hpp"

namespace tally::migration {

using document::Node;

namespace {

constexpr std::string_view kControllersKey = "pod-policies.kyverno.io/autogen-controllers";

// Kinds of pod controllers, and what autogen of the new kinds calls them.
struct Controller {
  std::string_view kind;
  std::string_view plural;
};
constexpr std::array<Controller, 6> kControllers{{{"CronJob", "cronjobs"},
                                                  {"DaemonSet", "daemonsets"},
                                                  {"Deployment", "deployments"},
                                                  {"Job", "jobs"},
                                                  {"ReplicaSet", "replicasets"},
                                                  {"StatefulSet", "statefulsets"}}};

class PolicyTranslator {
 public:
  PolicyTranslator(const kube::Object& policy, Arena& arena, const kube::CustomKinds* kinds)
      : policy_(policy), arena_(arena), kinds_(kinds) {}

  Translation run() {
    out_.vocabulary = std::make_unique<Vocabulary>();
    const Node* spec = present(policy_.root, "spec");
    const Node* rules = spec == nullptr ? nullptr : present(*spec, "rules");
    if (rules == nullptr || rules->size() == 0) {
      add_obstacle("", "", policy_.root.offset(), "a policy without rules");
      return std::move(out_);
    }
    spec_ = spec;
    const kyverno::Loaded loaded =
        kyverno::PolicySet::load({.policies = {&policy_, 1}, .exceptions = {}, .kinds = kinds_});
    for (const kyverno::LoadProblem& problem : loaded.problems) {
      if (problem.is_refused) {
        add_obstacle("", problem.pointer, problem.offset,
                     "the policy cannot be applied: " + problem.message);
      }
    }
    if (!out_.obstacles.empty() || loaded.set.policies().empty()) {
      return std::move(out_);
    }
    records_ = loaded.set.policies()[0].rules;
    if (auto done = check_settings(); !done) {
      add_obstacle("", "/spec", done.error().offset, done.error().message);
      return std::move(out_);
    }
    std::vector<RulePlan> plans;
    for (std::size_t i = 0; i < rules->size(); ++i) {
      const Node& rule = rules->items()[i];
      auto plan = translate_one(rule);
      if (plan) {
        plans.push_back(*std::move(plan));
      } else {
        add_obstacle(std::string(text_at(rule, "name")), fmt::format("/spec/rules/{}", i),
                     plan.error().offset, plan.error().message);
      }
    }
    write(plans);
    return std::move(out_);
  }

 private:
  void add_obstacle(std::string rule, std::string pointer, std::uint32_t offset,
                    std::string message) {
    out_.obstacles.push_back({.rule = std::move(rule),
                              .pointer = std::move(pointer),
                              .offset = offset,
                              .message = std::move(message)});
  }

  Outcome<void> check_settings() const {
    if (const Node* overrides = present(*spec_, "validationFailureActionOverrides");
        overrides != nullptr && overrides->size() > 0) {
      return refuse("validationFailureActionOverrides: the new kinds have one action", *overrides);
    }
    if (text_at(*spec_, "applyRules") == "One" && present(*spec_, "rules")->size() > 1) {
      return refuse("applyRules: One", *spec_->find("applyRules"));
    }
    if (const Node* webhook = present(*spec_, "webhookConfiguration")) {
      if (const Node* conditions = present(*webhook, "matchConditions")) {
        return refuse("matchConditions of the webhook", *conditions);
      }
    }
    return {};
  }

  [[nodiscard]] bool is_extended(std::string_view rule) const {
    return std::ranges::any_of(records_, [&](const kyverno::RuleRecord& record) {
      return record.is_autogen && record.written == rule;
    });
  }

  Outcome<RulePlan> translate_one(const Node& rule) {
    const std::string_view name = text_at(rule, "name");
    if (const Node* validate = present(rule, "validate")) {
      if (const Node* overrides = present(*validate, "failureActionOverrides");
          overrides != nullptr && overrides->size() > 0) {
        return refuse("failureActionOverrides: the new kinds have one action", *overrides);
      }
    }
    if (const Node* conditions = present(rule, "celPreconditions");
        conditions != nullptr && conditions->size() > 0 &&
        text_at(*spec_, "failurePolicy") == "Ignore") {
      return refuse(
          "celPreconditions with failurePolicy Ignore: an error in one denies, an error in "
          "a match condition lets the object in",
          *conditions);
    }
    auto plan = translate_rule(rule, {.arena = arena_,
                                      .vocabulary = *out_.vocabulary,
                                      .kinds = kinds_,
                                      .is_extended = is_extended(name)});
    if (!plan) {
      return plan;
    }
    if (is_extended(name)) {
      const Node* constraints = plan->matching.constraints.find("resourceRules");
      if (!plan->matching.is_about_pods || constraints->size() != 1) {
        return refuse("autogen for pod controllers of a match block of several kinds", rule);
      }
    }
    for (const kyverno::RuleRecord& record : records_) {
      plan->is_enforced = record.written == name ? record.is_enforced : plan->is_enforced;
    }
    return plan;
  }

  static std::string conditions_text(const RulePlan& plan) {
    std::string out = plan.matching.to_text();
    for (const auto* list : {&plan.conditions, &plan.variables, &plan.audit_annotations}) {
      for (const NamedExpression& one : *list) {
        out += one.name + "\n" + one.expression + "\n";
      }
    }
    return out + (plan.is_enforced ? "enforced" : "");
  }

  void write(std::vector<RulePlan>& plans) {
    std::vector<std::vector<RulePlan*>> groups;
    for (RulePlan& plan : plans) {
      const auto same = std::ranges::find_if(groups, [&](const std::vector<RulePlan*>& group) {
        const RulePlan& first = *group.front();
        return plan.may_share && first.may_share && plan.kind == first.kind &&
               is_extended(plan.name) == is_extended(first.name) &&
               conditions_text(plan) == conditions_text(first);
      });
      if (same == groups.end()) {
        groups.push_back({&plan});
      } else {
        same->push_back(&plan);
      }
    }
    const bool is_alone = groups.size() == 1;
    for (const auto& group : groups) {
      Translated made = write_group(group, is_alone && out_.obstacles.empty());
      if (auto problem = compile_problem(made)) {
        for (const RulePlan* plan : group) {
          add_obstacle(plan->name, "/spec/rules", policy_.root.offset(),
                       "its translation does not compile: " + *problem);
        }
      } else {
        out_.policies.push_back(std::move(made));
      }
    }
  }

  std::optional<std::string> compile_problem(const Translated& made) const {
    const auto object = kube::object_from_node(made.policy, nullptr);
    if (!object) {
      return object.error().message;
    }
    const auto loaded = kyverno_cel::PolicySet::load(
        {.policies = {&*object, 1}, .exceptions = {}, .kinds = kinds_, .now = std::nullopt});
    for (const kyverno_cel::LoadProblem& problem : loaded.problems) {
      if (problem.is_refused) {
        return problem.message;
      }
    }
    return std::nullopt;
  }

  Translated write_group(const std::vector<RulePlan*>& group, bool is_alone) {
    const RulePlan& first = *group.front();
    Translated out{.kind = first.kind, .policy = {}, .rules = {}, .notes = {}, .operations = {}};
    MapDraft spec(arena_);
    const bool is_validating = first.kind == TargetKind::Validating;
    if (is_validating) {
      std::vector<std::string_view> actions{first.is_enforced ? "Deny" : "Audit"};
      if (const Node* warn = present(*spec_, "emitWarning"); warn != nullptr && warn->boolean()) {
        actions.push_back("Warn");
      }
      spec.set("validationActions", text_list(arena_, actions));
    }
    if (const std::string_view policy = text_at(*spec_, "failurePolicy"); !policy.empty()) {
      spec.set("failurePolicy", policy);
    }
    set_evaluation(spec);
    const bool is_pods = first.matching.is_about_pods &&
                         first.matching.constraints.find("objectSelector") == nullptr &&
                         first.matching.constraints.find("resourceRules")->size() == 1;
    if (is_pods) {
      set_autogen(spec, is_extended(first.name), out.notes);
    }
    spec.set("matchConstraints", first.matching.constraints);
    set_conditions(spec, first);
    set_named(spec, "variables", "name", "expression", first.variables);
    if (is_validating) {
      set_validations(spec, group);
    } else {
      set_mutations(spec, group);
    }
    set_named(spec, "auditAnnotations", "key", "valueExpression", first.audit_annotations);
    for (const RulePlan* plan : group) {
      out.rules.push_back(plan->name);
      for (const std::string& note : plan->notes) {
        // Only what is enforced forgives.
        const bool is_of_enforced = note.starts_with("an UPDATE of an object that broke");
        if ((!is_of_enforced || plan->is_enforced) &&
            std::ranges::find(out.notes, note) == out.notes.end()) {
          out.notes.push_back(note);
        }
      }
    }
    out.operations = first.matching.operations;
    MapDraft policy(arena_);
    const bool is_namespaced = policy_.ref.kind == "Policy";
    policy.set("apiVersion", "policies.kyverno.io/v1")
        .set("kind", fmt::format("{}{}Policy", is_namespaced ? "Namespaced" : "",
                                 is_validating ? "Validating" : "Mutating"))
        .set("metadata", metadata(is_alone ? "" : first.name))
        .set("spec", spec.make());
    out.policy = policy.make();
    return out;
  }

  Node metadata(std::string_view rule) const {
    MapDraft out(arena_);
    out.set("name", rule.empty() ? std::string(policy_.ref.name)
                                 : fmt::format("{}-{}", policy_.ref.name, rule));
    if (!policy_.ref.name_space.empty()) {
      out.set("namespace", policy_.ref.name_space);
    }
    if (const Node* labels = policy_.metadata.find("labels");
        labels != nullptr && labels->size() > 0) {
      out.set("labels", *labels);
    }
    MapDraft annotations(arena_);
    if (const Node* written = policy_.metadata.find("annotations"); written != nullptr) {
      for (const document::Member member : written->members()) {
        if (member.key != kControllersKey &&
            member.key != "kubectl.kubernetes.io/last-applied-configuration") {
          annotations.set(member.key, member.value);
        }
      }
    }
    if (!annotations.is_empty()) {
      out.set("annotations", annotations.make());
    }
    return out.make();
  }

  void set_evaluation(MapDraft& spec) const {
    MapDraft evaluation(arena_);
    for (const std::string_view part : {"admission", "background"}) {
      const Node* flag = present(*spec_, part);
      if (flag != nullptr && flag->is_bool() && !flag->boolean()) {
        evaluation.set(part, MapDraft(arena_).set("enabled", *flag).make());
      }
    }
    if (!evaluation.is_empty()) {
      spec.set("evaluation", evaluation.make());
    }
    const Node* timeout = present(*spec_, "webhookTimeoutSeconds");
    const Node* webhook = present(*spec_, "webhookConfiguration");
    timeout = webhook == nullptr ? timeout : present(*webhook, "timeoutSeconds");
    if (timeout != nullptr) {
      spec.set("webhookConfiguration", MapDraft(arena_).set("timeoutSeconds", *timeout).make());
    }
  }

  void set_autogen(MapDraft& spec, bool extends, std::vector<std::string>& notes) const {
    std::vector<std::string_view> controllers;
    const Node* annotations = policy_.metadata.find("annotations");
    const std::string_view written =
        annotations == nullptr ? std::string_view{} : text_at(*annotations, kControllersKey);
    const std::string padded = fmt::format(",{},", written);
    bool has_replication_controllers = extends;
    if (extends) {
      const bool is_all = written.empty() || padded.find(",all,") != std::string::npos;
      for (const Controller& controller : kControllers) {
        if (is_all || padded.find(fmt::format(",{},", controller.kind)) != std::string::npos) {
          controllers.push_back(controller.plural);
        }
      }
      has_replication_controllers =
          is_all || padded.find(",ReplicationController,") != std::string::npos;
    }
    if (has_replication_controllers) {
      notes.emplace_back(
          "ReplicationControllers are not judged any more: autogen of the new kinds does not know "
          "them");
    }
    // Without the field, all of them.
    if (controllers.size() == kControllers.size()) {
      return;
    }
    spec.set("autogen",
             MapDraft(arena_)
                 .set("podControllers",
                      MapDraft(arena_).set("controllers", text_list(arena_, controllers)).make())
                 .make());
  }

  void set_conditions(MapDraft& spec, const RulePlan& plan) const {
    std::vector<NamedExpression> conditions;
    for (const Condition& condition : plan.matching.conditions) {
      conditions.push_back({.name = condition.name, .expression = laid_out(condition.cel)});
    }
    conditions.insert(conditions.end(), plan.conditions.begin(), plan.conditions.end());
    set_named(spec, "matchConditions", "name", "expression", conditions);
  }

  void set_named(MapDraft& spec, std::string_view field, std::string_view name_field,
                 std::string_view expression_field,
                 const std::vector<NamedExpression>& list) const {
    std::vector<Node> items;
    for (const NamedExpression& one : list) {
      items.push_back(
          MapDraft(arena_).set(name_field, one.name).set(expression_field, one.expression).make());
    }
    if (!items.empty()) {
      spec.set(field, Node::make_array(arena_, items, 0));
    }
  }

  void set_validations(MapDraft& spec, const std::vector<RulePlan*>& group) const {
    std::vector<Node> items;
    for (const RulePlan* plan : group) {
      for (const Validation& validation : plan->validations) {
        MapDraft item(arena_);
        item.set("expression", validation.expression);
        if (!validation.message.empty()) {
          item.set("message", validation.message);
        }
        if (!validation.message_expression.empty()) {
          item.set("messageExpression", validation.message_expression);
        }
        items.push_back(item.make());
      }
    }
    spec.set("validations", Node::make_array(arena_, items, 0));
  }

  void set_mutations(MapDraft& spec, const std::vector<RulePlan*>& group) const {
    std::vector<Node> items;
    for (const RulePlan* plan : group) {
      for (const Mutation& mutation : plan->mutations) {
        const std::string_view field = mutation.is_apply ? "applyConfiguration" : "jsonPatch";
        items.push_back(
            MapDraft(arena_)
                .set("patchType", mutation.is_apply ? "ApplyConfiguration" : "JSONPatch")
                .set(field, MapDraft(arena_).set("expression", mutation.expression).make())
                .make());
      }
    }
    spec.set("mutations", Node::make_array(arena_, items, 0));
  }

  const kube::Object& policy_;
  Arena& arena_;
  const kube::CustomKinds* kinds_;
  const Node* spec_ = nullptr;
  std::span<const kyverno::RuleRecord> records_;
  Translation out_;
};

}  // namespace

Translation::Translation() = default;
Translation::~Translation() = default;
Translation::Translation(Translation&&) noexcept = default;
Translation& Translation::operator=(Translation&&) noexcept = default;

bool is_classic(const kube::Object& object) noexcept {
  return object.ref.group == "kyverno.io" &&
         (object.ref.kind == "ClusterPolicy" || object.ref.kind == "Policy");
}

Translation translate(const kube::Object& policy, Arena& arena, const kube::CustomKinds* kinds) {
  return PolicyTranslator(policy, arena, kinds).run();
}

}  // namespace tally::migration
