#include "kyverno/internal/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace tally::kyverno::internal {

using document::Node;

Judgement::Judgement(const PolicySet::Table& table, const PolicyEntry& policy, Phase phase,
                     const Request& request, Scratch::State& state)
    : table_(table),
      policy_(policy),
      phase_(phase),
      request_(request),
      state_(state),
      context_(state.context),
      arena_(state.arena),
      object_(request.review->object),
      old_object_(request.review->old_object),
      operation_(kube::operation_name(request.review->operation)) {}

std::string_view Judgement::operation() const noexcept { return operation_; }

Response Judgement::run() {
  Response response{.rules = {}, .object = object_};
  if (!is_of_policy()) {
    return response;
  }
  if (!request_.values.empty()) {
    need_context();  // values may change the object itself
  }
  if (policy_.match_conditions) {
    const CelInput input{.review = request_.review,
                         .object = object_,
                         .old_object = old_object_,
                         .world = request_.world,
                         .rule_name = {},
                         .namespace_labels = request_.namespace_labels,
                         .policy_namespace = policy_.name_space};
    if (!conditions_hold(*policy_.match_conditions, table_.cel, state_.cel, input, arena_)) {
      return response;
    }
  }
  state_.responses.clear();
  for (const Rule& rule : policy_.rules) {
    if (!rule.is_in(phase_) || !is_asked(rule)) {
      continue;
    }
    invoke(rule);
    if (is_stopped_ || (policy_.is_apply_one && is_applied_)) {
      break;
    }
  }
  response.rules = arena_.copy(std::span<const RuleResponse>(state_.responses));
  response.object = object_;
  return response;
}

// pkg/engine/internal/match.go, checkNamespacedPolicy
bool Judgement::is_of_policy() const {
  if (policy_.name_space.empty()) {
    return true;
  }
  for (const Node* object : {&object_, &old_object_}) {
    const Node* metadata = object->find("metadata");
    if (object->is_object() &&
        (metadata == nullptr || text_at(*metadata, "namespace") != policy_.name_space)) {
      return false;
    }
  }
  return true;
}

// Which of autogen's rules are asked: upstream computes them per kind when it validates.
bool Judgement::is_asked(const Rule& rule) const {
  if (rule.made_for == MadeFor::Everything || phase_ != Phase::Validate) {
    return true;
  }
  const std::string_view kind = request_.review->kind.kind;
  return std::ranges::find(policy_.autogen_kinds, kind) != policy_.autogen_kinds.end() &&
         (rule.made_for == MadeFor::CronJobs) == (kind == "CronJob");
}

void Judgement::need_context() {
  if (!has_context_) {
    has_context_ = true;
    begin_context();
    context_.checkpoint();
  }
}

void Judgement::need_rule_context(const Rule& rule) {
  need_context();
  if (!has_rule_context_) {
    has_rule_context_ = true;
    context_.checkpoint();
    load_context(rule, rule.context);
  }
}

void Judgement::leave_rule_context() {
  if (has_rule_context_) {
    has_rule_context_ = false;
    context_.restore();
    if (!object_.is_null()) {
      set_object(object_);
    }
  }
}

void Judgement::begin_context() {
  context_.begin(arena_, table_.expressions, state_.expressions, request_.world,
                 policy_.name_space);
  context_.set_observer(request_.observer);
  const kube::Review& review = *request_.review;
  ObjectParts request;
  if (request_.is_admission) {
    request.set("uid", text_node(review.uid));
    const auto kind = [&](const kube::GroupVersionKind& of) {
      ObjectParts parts;
      parts.set("group", text_node(of.group));
      parts.set("version", text_node(of.version));
      parts.set("kind", text_node(of.kind));
      return parts.make(arena_);
    };
    const auto resource = [&](const kube::GroupVersionResource& of) {
      ObjectParts parts;
      parts.set("group", text_node(of.group));
      parts.set("version", text_node(of.version));
      parts.set("resource", text_node(of.resource));
      return parts.make(arena_);
    };
    request.set("kind", kind(review.kind));
    request.set("resource", resource(review.resource));
    if (!review.subresource.empty()) {
      request.set("subResource", text_node(review.subresource));
    }
    if (!review.request_kind.kind.empty()) {
      request.set("requestKind", kind(review.request_kind));
      request.set("requestResource", resource(review.request_resource));
    }
    if (!review.name.empty()) {
      request.set("name", text_node(review.name));
    }
    request.set("dryRun", Node::make_bool(review.dry_run, 0));
    if (!review.options.is_null()) {
      request.set("options", review.options);
    }
  }
  if (!object_.is_null()) {
    request.set("object", object_);
  }
  if (!old_object_.is_null()) {
    request.set("oldObject", old_object_);
  }
  const Node& shown = object_.is_null() ? old_object_ : object_;
  const Node* metadata = shown.find("metadata");
  request.set("namespace", text_node(request_.is_admission || metadata == nullptr
                                         ? review.name_space
                                         : text_at(*metadata, "namespace")));
  request.set("operation", text_node(operation_));
  const bool has_user = subject(object_).has_user();
  if (request_.is_admission || has_user) {
    const auto texts = [&](std::span<const std::string_view> list) {
      std::vector<Node> nodes;
      for (const std::string_view text : list) {
        nodes.push_back(text_node(text));
      }
      return Node::make_array(arena_, nodes, 0);
    };
    request.set("roles", texts(request_.roles));
    request.set("clusterRoles", texts(request_.cluster_roles));
    ObjectParts user;
    if (!review.user_info.username.empty()) {
      user.set("username", text_node(review.user_info.username));
    }
    if (!review.user_info.uid.empty()) {
      user.set("uid", text_node(review.user_info.uid));
    }
    if (!review.user_info.groups.is_null()) {
      user.set("groups", review.user_info.groups);
    }
    if (!review.user_info.extra.is_null()) {
      user.set("extra", review.user_info.extra);
    }
    request.set("userInfo", user.make(arena_));
  }
  const std::array<std::string_view, 1> path{"request"};
  context_.replace(path, request.make(arena_));
  if (request_.is_admission || has_user) {
    // pkg/engine/context/context.go, AddServiceAccount
    constexpr std::string_view kPrefix = "system:serviceaccount:";
    std::string_view account = review.user_info.username;
    account = account.size() > kPrefix.size() ? account.substr(kPrefix.size()) : "";
    const std::size_t colon = account.find(':');
    std::string_view name;
    std::string_view name_space;
    if (colon != std::string_view::npos) {
      name_space = account.substr(0, colon);
      name = account.substr(colon + 1);
      name = name.substr(0, name.find(':'));
    }
    context_.replace(std::array<std::string_view, 1>{"serviceAccountName"}, text_node(name));
    context_.replace(std::array<std::string_view, 1>{"serviceAccountNamespace"},
                     text_node(name_space));
  }
  context_.add_images_of(shown, {});
  if (!request_.values.empty()) {
    for (const NamedValue& value : request_.values) {
      context_.add_named(value.name, value.value);
    }
    // Values may change the object itself: what the rules judge is what the context says.
    const auto read_back = [&](std::string_view field, Node& into) {
      if (into.is_null()) {
        return;
      }
      if (const Outcome<Node> found = context_.query(field); found && found->is_object()) {
        into = *found;
      }
    };
    read_back("request.object", object_);
    read_back("request.oldObject", old_object_);
  }
}

void Judgement::set_object(const Node& object) {
  object_ = object;
  context_.replace(std::array<std::string_view, 2>{"request", "object"}, object);
}

Subject Judgement::subject(const Node& object) const {
  const kube::Review& review = *request_.review;
  return {.object = object,
          .kind = review.kind,
          .subresource = review.subresource,
          .operation = operation_,
          .namespace_labels = request_.namespace_labels,
          .username = review.user_info.username,
          .groups = review.user_info.groups,
          .roles = request_.roles,
          .cluster_roles = request_.cluster_roles};
}

// pkg/engine/engine.go, matches; pkg/engine/utils/match.go, MatchesResourceDescription
bool Judgement::matches(const Rule& rule) {
  const Node& object = object_.is_null() ? old_object_ : object_;
  if (object.is_null()) {
    return false;
  }
  const Subject of = subject(object);
  return rule.match.matches(of) && !(rule.exclude && rule.exclude->excludes(of));
}

void Judgement::load_context(const Rule& rule, const Node* entries) {
  const std::string_view name = policy_.records[rule.record].name;
  for (const RuleValues& values : request_.rule_values) {
    if (values.policy == policy_.name && (values.rule.empty() || values.rule == name)) {
      for (const NamedValue& value : values.values) {
        context_.add_named(value.name, value.value);
      }
    }
  }
  if (entries != nullptr) {
    context_.add_entries(*entries);
  }
}

RuleResponse& Judgement::say(const Rule& rule, Verdict verdict, std::string_view message) {
  // What was not looked at to its end is neither good nor out of question.
  if ((verdict == Verdict::Pass || verdict == Verdict::Skip) && !context_.exhausted().empty()) {
    verdict = Verdict::Error;
    message = context_.exhausted();
  }
  is_applied_ = is_applied_ || verdict == Verdict::Pass || verdict == Verdict::Fail;
  state_.responses.push_back({.rule = &policy_.records[rule.record],
                              .verdict = verdict,
                              .message = arena_.copy(message),
                              .is_enforced = is_enforced(rule)});
  return state_.responses.back();
}

RuleResponse& Judgement::say_error(const Rule& rule, std::string_view message,
                                   const Failure& failure) {
  RuleResponse& said = say(rule, Verdict::Error, fmt::format("{}: {}", message, failure.message));
  said.is_world_missing = failure.is_world_missing;
  return said;
}

void Judgement::invoke(const Rule& rule) {
  const bool is_matched = matches(rule);
  if (request_.observer != nullptr) {
    request_.observer->asked(policy_.records[rule.record].name, is_matched);
  }
  if (!is_matched) {
    return;
  }
  if (rule.is_plain() && phase_ == Phase::Validate && policy_.exceptions.empty() &&
      request_.rule_values.empty()) {
    validate(rule);
    return leave_rule_context();
  }
  need_context();
  if (phase_ == Phase::Generate) {
    return generate(rule);
  }
  if (phase_ == Phase::Cleanup) {
    return cleanup(rule);
  }
  if (phase_ == Phase::Mutate && rule.mutate->find("targets") != nullptr && request_.is_admission) {
    return;  // the background controller's work
  }
  need_rule_context(rule);
  const Outcome<Held> held =
      evaluate_conditions(rule.preconditions == nullptr ? Node{} : *rule.preconditions, context_);
  if (!held) {
    say_error(rule, "failed to evaluate preconditions", held.error());
  } else if (!held->holds) {
    say(rule, Verdict::Skip,
        held->message.empty() ? std::string("preconditions not met")
                              : fmt::format("preconditions not met; {}", held->message));
  } else if (phase_ == Phase::Mutate) {
    rule.mutate->find("targets") != nullptr ? mutate_existing(rule) : mutate(rule);
  } else if (phase_ == Phase::VerifyImages) {
    verify_images(rule);
  } else if (rule.validate != nullptr) {
    validate(rule);
  } else {
    validate_images(rule);
  }
  leave_rule_context();
}

std::vector<const ExceptionEntry*> Judgement::exceptions_for(const Rule& rule) {
  std::vector<const ExceptionEntry*> out;
  const std::string_view name = policy_.records[rule.record].name;
  for (const ExceptionEntry* exception : policy_.exceptions) {
    const bool names = std::ranges::any_of(exception->exceptions.items(), [&](const Node& item) {
      if (text_at(item, "policyName") != policy_.key) {
        return false;
      }
      const Node* rules = item.find("ruleNames");
      return rules != nullptr && std::ranges::any_of(rules->items(), [&](const Node& pattern) {
               return wildcard_match(pattern.text(), name);
             });
    });
    if (!names || !exception->match.excepts(subject(object_.is_null() ? old_object_ : object_))) {
      continue;
    }
    if (!exception->conditions.is_null()) {
      const Outcome<Held> held = evaluate_conditions(exception->conditions, context_);
      if (!held || !held->holds) {
        continue;
      }
    }
    out.push_back(exception);
  }
  return out;
}

bool Judgement::skip_by_exceptions(const Rule& rule,
                                   const std::vector<const ExceptionEntry*>& exceptions) {
  if (exceptions.empty()) {
    return false;
  }
  std::string keys;
  std::vector<std::string_view> used;
  for (const ExceptionEntry* exception : exceptions) {
    keys += keys.empty() ? "" : ", ";
    keys += exception->key;
    used.push_back(exception->key);
  }
  RuleResponse& said =
      say(rule, Verdict::Skip, fmt::format("rule is skipped due to policy exceptions {}", keys));
  said.exceptions = arena_.copy(std::span<const std::string_view>(used));
  return true;
}

// A cleanup policy deletes what matches and fulfils its conditions: a pass is a deletion.
void Judgement::cleanup(const Rule& rule) {
  context_.checkpoint();
  if (!object_.is_null()) {
    context_.replace(std::array<std::string_view, 1>{"target"}, object_);
  }
  load_context(rule, rule.context);
  const Outcome<Held> held =
      evaluate_conditions(rule.preconditions == nullptr ? Node{} : *rule.preconditions, context_);
  if (!held) {
    say_error(rule, "failed to evaluate conditions", held.error());
  } else if (held->holds) {
    say(rule, Verdict::Pass, "the object would be deleted");
  }
  context_.restore();
}

Outcome<std::vector<Node>> Judgement::elements_of(const Node& foreach) {
  Outcome<Node> list = context_.query(text_at(foreach, "list"));
  if (!list) {
    return std::unexpected(std::move(list).error());
  }
  if (!list->is_array()) {
    return std::vector<Node>{*list};
  }
  if (list->size() > kElementsMax) {
    context_.give_up("too much work: a foreach over more than 100000 elements");
  }
  if (!context_.spend_turns(list->size())) {
    return std::unexpected(Failure{.message = std::string(context_.exhausted())});
  }
  return std::vector<Node>(list->items().begin(), list->items().end());
}

}  // namespace tally::kyverno::internal
