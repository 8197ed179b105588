// What validating and mutating policies share: matching, parameters, match conditions, what the
// expressions see (k8s.io/apiserver v0.36 pkg/admission/plugin/policy/generic,
// plugin/webhook/matchconditions).
#include "admission_policy/internal/admission.hpp"

#include <algorithm>

#include "cel/authorizer.hpp"
#include "kube/defaults.hpp"
#include "kube/objects.hpp"
#include "policy_cel/review_values.hpp"
#include "policy_cel/schema_type.hpp"

namespace tally::admission_policy {

using cel::Value;
using cel::ValueKind;
using document::Node;
using policy_cel::Input;
using policy_cel::InputValues;

namespace {

const document::Name kMetadata{"metadata"};
const document::Name kName{"name"};
const document::Name kGenerateName{"generateName"};

Value& slot(InputValues& inputs, Input input) {
  return inputs.values[static_cast<unsigned>(input)];
}

bool is_exempt(const kube::Review& review) noexcept {
  // Plugin.Dispatch: policies do not judge policies and webhooks; and not what is never stored.
  constexpr std::string_view kPolicies[] = {
      "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
      "ValidatingAdmissionPolicy",      "ValidatingAdmissionPolicyBinding",
      "MutatingAdmissionPolicy",        "MutatingAdmissionPolicyBinding"};
  return review.kind.group == "admissionregistration.k8s.io" &&
         std::ranges::find(kPolicies, review.kind.kind) != std::end(kPolicies);
}

}  // namespace

Admission::Admission(const PolicySet::Table& table, const kube::Review& review,
                     Scratch::State& state, const AdmitOptions& options)
    : table_(table),
      context_(table.context),
      review_(review),
      state_(state),
      options_(options),
      object_(review.object) {
  if (options_.snapshot != nullptr) {
    context_.snapshot = options_.snapshot;
  }
  state_.candidates.clear();
  state_.invocations.clear();
  state_.reinvocable.clear();
  state_.view_count = 0;
  state_.outcomes.clear();
  state_.passed.clear();
  state_.warnings.clear();
  state_.annotations.clear();
  if (!is_exempt(review_)) {
    table_.index.find(review_.resource, &review_.operation, state_.candidates);
  }
  if (!state_.candidates.empty()) {
    state_.evaluation.begin(table_.expressions, options_.host, options_.watcher);
    namespace_ = table_.expressions.uses(Input::NamespaceObject)
                     ? policy_cel::namespace_value(arena(), review_, context_.snapshot)
                     : Value::null();
  }
}

void Admission::forget_views() { state_.view_count = 0; }

void Admission::fill(ObjectView& view, const policy_cel::Matched& matched) {
  view.kind = matched.kind;
  view.is_known = policy_cel::as_version(arena(), review_.object, review_.kind, matched.kind,
                                         context_, view.object) &&
                  policy_cel::as_version(arena(), review_.old_object, review_.kind, matched.kind,
                                         context_, view.old_object);
  view.inputs = {};
  view.inputs.object = next_number_++;
  slot(view.inputs, Input::Object) = Value::from_node(view.object);
  slot(view.inputs, Input::OldObject) = Value::from_node(view.old_object);
  if (table_.expressions.uses(Input::Request)) {
    slot(view.inputs, Input::Request) = policy_cel::request_value(
        arena(), review_, matched,
        options_.is_user_unknown_when_empty ? policy_cel::EmptyUser::IsUnknown
                                            : policy_cel::EmptyUser::IsEmpty);
  }
  const bool authorizer =
      table_.expressions.uses(Input::Authorizer) || table_.expressions.uses(Input::RequestResource);
  if (authorizer) {
    slot(view.inputs, Input::Authorizer) = cel::make_authorizer(arena());
    slot(view.inputs, Input::RequestResource) =
        cel::make_request_resource(arena(), {.group = review_.resource.group,
                                             .resource = review_.resource.resource,
                                             .subresource = review_.subresource,
                                             .name_space = review_.name_space,
                                             .name = review_.name});
  }
  slot(view.inputs, Input::NamespaceObject) = namespace_;
  view.inputs.surround = 0;
  view.conditions = view.inputs;
  slot(view.conditions, Input::NamespaceObject) = Value::null();
  view.conditions.surround = 1;
  view.without_authorizer = view.inputs;
  view.without_authorizer.surround = 2;
  if (authorizer) {
    const Value missing = cel::make_error(arena(), cel::ErrorCode::NoSuchAttribute,
                                          "no such attribute(s): authorizer");
    slot(view.without_authorizer, Input::Authorizer) = missing;
    slot(view.without_authorizer, Input::RequestResource) = missing;
  }
}

Node Admission::with_defaults(const Node& object, kube::DefaultStage stage) {
  auto read = kube::object_from_node(object, review_.source);
  if (!read) {
    return object;
  }
  const Node defaulted =
      kube::defaulted(*read, arena(), {.name_space = review_.name_space, .stage = stage});
  const kube::ApiKind* custom =
      read->kind == nullptr && context_.kinds != nullptr
          ? context_.kinds->find(read->ref.group, read->ref.version, read->ref.kind)
          : nullptr;
  return custom == nullptr || custom->schema == nullptr
             ? defaulted
             : policy_cel::with_schema_defaults(arena(), defaulted, *custom->schema);
}

ObjectView& Admission::view_of(const policy_cel::Matched& matched) {
  for (std::size_t i = 0; i < state_.view_count; ++i) {
    if (state_.views[i].kind == matched.kind) {
      return state_.views[i];
    }
  }
  if (state_.view_count == state_.views.size()) {
    state_.views.emplace_back();
  }
  ObjectView& view = state_.views[state_.view_count++];
  fill(view, matched);
  return view;
}

InputValues Admission::with_params(const InputValues& inputs, const Invocation& invocation) {
  InputValues result = inputs;
  result.params = invocation.param;
  if (invocation.is_param_unknown) {
    slot(result, Input::Params) = Value::unknown(0);
  } else if (invocation.param == nullptr) {
    slot(result, Input::Params) = Value::null();
  } else {
    slot(result, Input::Params) = param_value(*invocation.param);
  }
  return result;
}

// As it is stored: custom kinds with the defaults of their schema.
Value Admission::param_value(const kube::Object& param) {
  const kube::ApiKind* kind = param.kind;
  if (kind == nullptr || kind->schema == nullptr || options_.defaults == Defaults::AsIs) {
    return Value::from_node(param.root);
  }
  const Node node = policy_cel::with_schema_defaults(arena(), param.root, *kind->schema);
  return Value::from_node(*arena().create<Node>(node));
}

Outcome Admission::outcome_of(const Invocation& invocation, Part part) const {
  const Policy& policy = *invocation.policy;
  return {
      .kind = policy.kind,
      .policy = policy.object,
      .policy_name = policy.name,
      .binding = invocation.binding == nullptr ? nullptr : invocation.binding->object,
      .binding_name = invocation.binding == nullptr ? std::string_view{} : invocation.binding->name,
      .param = invocation.param,
      .part = part,
      .index = 0,
      .expression = {},
      .offset = policy.object->root.offset(),
      .pointer = {},
      .at = 0,
      .verdict = Verdict::Fail,
      .actions =
          invocation.binding == nullptr ? Actions{.deny = true} : invocation.binding->actions,
      .is_ignored = false,
      .message = {},
      .reason = {},
      .object_pointer = {}};
}

void Admission::say(const Outcome& outcome) {
  is_unknown_ = is_unknown_ || outcome.verdict == Verdict::Unknown;
  state_.outcomes.push_back(outcome);
}

std::string_view Admission::subject_text() {
  // admission.NewForbidden, extractResourceName
  std::string_view name = review_.name;
  if (name.empty()) {
    name = "Unknown";
    if (const Node* metadata = review_.object.find(kMetadata); metadata != nullptr) {
      for (const document::Name* field : {&kGenerateName, &kName}) {
        if (const Node* value = metadata->find(*field);
            value != nullptr && !value->text().empty()) {
          name = value->text();
        }
      }
    }
  }
  const kube::GroupVersionResource& resource =
      review_.request_resource.resource.empty() ? review_.resource : review_.request_resource;
  return arena().concat({resource.resource, resource.group.empty() ? "" : ".", resource.group,
                         " \"", name, "\" is forbidden: "});
}

void Admission::set_denial(std::string_view message, std::string_view reason, std::uint16_t code) {
  if (is_denied_) {
    return;
  }
  is_denied_ = true;
  message_ = message;
  reason_ = reason;
  code_ = code;
}

// addConfigError of both dispatchers.
void Admission::say_failure(const Invocation& invocation, std::string_view message) {
  Outcome outcome = outcome_of(invocation, Part::Policy);
  outcome.verdict = invocation.is_match_unknown ? Verdict::Unknown : Verdict::Error;
  outcome.reason = "Invalid";
  outcome.message = arena().concat({invocation.binding == nullptr ? "failed to configure policy: "
                                                                  : "failed to configure binding: ",
                                    message});
  outcome.is_ignored = invocation.policy->ignores_failures;
  // Whatever the binding's actions: the server refuses.
  outcome.actions = outcome.is_ignored ? Actions{} : Actions{.deny = true};
  if (outcome.verdict == Verdict::Error && !outcome.is_ignored) {
    denied(invocation, outcome);
  }
  say(outcome);
}

// generic.CollectParams
std::string_view Admission::collect_params(const Policy& policy, const PolicyBinding& binding) {
  state_.params.clear();
  const ParamReference& reference = binding.param;
  if (!policy.param_kind.is_set || !reference.is_set) {
    state_.params.push_back(nullptr);
    return {};
  }
  const ParamKind& kind = policy.param_kind;
  std::string_view name_space;
  if (kind.scope == kube::Scope::Namespaced) {
    name_space = reference.name_space.empty() ? review_.name_space : reference.name_space;
    if (name_space.empty()) {
      return "cannot use namespaced paramRef in policy binding that matches cluster-scoped "
             "resources";
    }
  } else if (!reference.name_space.empty()) {
    return "paramRef.namespace must not be provided for a cluster-scoped `paramKind`";
  }
  const auto takes = [&](const kube::Object& object) {
    return reference.name.empty() ? kube::matches(*reference.selector, object.labels())
                                  : object.ref.name == reference.name;
  };
  for (const kube::Object* object : table_.given_params) {
    if (object->ref.group == kind.group && object->ref.kind == kind.kind &&
        (object->ref.name_space == name_space || object->ref.name_space.empty()) &&
        takes(*object)) {
      state_.params.push_back(object);
    }
  }
  if (const kube::Snapshot* snapshot = context_.snapshot;
      snapshot != nullptr && state_.params.empty()) {
    if (!reference.name.empty()) {
      if (const kube::Object* object =
              snapshot->find(kind.group, kind.kind, name_space, reference.name)) {
        state_.params.push_back(object);
      }
    } else {
      for (const std::uint32_t at : snapshot->by_kind(kind.group, kind.kind)) {
        const kube::Object& object = snapshot->objects()[at];
        if (object.ref.name_space == name_space && takes(object)) {
          state_.params.push_back(&object);
        }
      }
    }
  }
  if (state_.params.empty() && reference.is_denied_when_absent) {
    return "no params found for policy binding with `Deny` parameterNotFoundAction";
  }
  return {};
}

void Admission::collect(const Policy& policy) {
  const policy_cel::Matched matched = policy.match.match(review_, context_);
  if (matched.verdict == kube::Match::No) {
    return;
  }
  for (const PolicyBinding& binding : policy.bindings) {
    const policy_cel::Matched bound = binding.match.match(review_, context_);
    if (bound.verdict == kube::Match::No) {
      continue;
    }
    Invocation invocation{.policy = &policy,
                          .binding = &binding,
                          .param = nullptr,
                          .is_param_unknown = policy.param_kind.is_set && binding.object == nullptr,
                          .is_match_unknown = matched.verdict == kube::Match::Unknown ||
                                              bound.verdict == kube::Match::Unknown,
                          .matched = matched};
    const std::string_view problem = collect_params(policy, binding);
    if (!problem.empty()) {
      say_failure(invocation, problem);
      continue;
    }
    for (const kube::Object* param : state_.params) {
      invocation.param = param;
      state_.invocations.push_back(invocation);
    }
  }
}

// matchconditions.Matcher.Match
Admission::Conditions Admission::check_conditions(const Invocation& invocation, ObjectView& view) {
  const Policy& policy = *invocation.policy;
  if (policy.conditions.empty()) {
    return Conditions::Met;
  }
  const InputValues inputs = with_params(view.conditions, invocation);
  state_.evaluation.open(inputs, policy.scope, cel::kCostOfMatchConditionsMax);
  state_.answers.clear();
  bool failed = false;
  bool unknown = false;
  for (const PolicyExpression& condition : policy.conditions) {
    const policy_cel::Answer answer = state_.evaluation.run(condition.program);
    if (answer.is_out_of_budget) {
      Outcome outcome = outcome_of(invocation, Part::MatchCondition);
      outcome.verdict = Verdict::Error;
      outcome.reason = "Invalid";
      outcome.message =
          "validation failed due to running out of cost budget, no further validation rules will "
          "be run";
      outcome.is_ignored = policy.ignores_failures;
      outcome.actions = outcome.is_ignored ? Actions{} : outcome.actions;
      denied(invocation, outcome);
      say(outcome);
      return Conditions::Failed;
    }
    state_.answers.push_back(answer);
    if (answer.value.is_false()) {
      return Conditions::NotMet;  // whatever the others are, also those that follow
    }
    if (answer.value.is(ValueKind::Unknown) ||
        (answer.value.is_error() && answer.value.as_error().code == cel::ErrorCode::NotProvided)) {
      unknown = true;
    } else if (answer.value.is_error()) {
      failed = true;
    }
  }
  if (!failed && !unknown) {
    return Conditions::Met;
  }
  Outcome outcome = outcome_of(invocation, Part::MatchCondition);
  outcome.verdict = unknown || invocation.is_match_unknown ? Verdict::Unknown : Verdict::Error;
  outcome.reason = "Invalid";
  outcome.is_ignored = policy.ignores_failures;
  if (outcome.is_ignored) {
    outcome.actions = {};
  }
  // utilerrors.NewAggregate: one text as it is, several in brackets, each once.
  std::string text;
  std::size_t count = 0;
  for (std::size_t i = 0; i < state_.answers.size(); ++i) {
    const Value& value = state_.answers[i].value;
    const bool counts = unknown ? value.is_outcome() : value.is_error();
    if (!counts) {
      continue;
    }
    const PolicyExpression& condition = policy.conditions[i];
    if (count++ == 0) {
      outcome.index = static_cast<std::uint32_t>(i);
      outcome.expression = condition.text;
      outcome.offset = condition.offset;
      outcome.pointer = condition.pointer;
      outcome.at = value.is_error() ? value.as_error().offset : 0;
    }
    text += count == 1 ? "" : ", ";
    text += value.is_error()
                ? "expression '" + std::string(condition.text) +
                      "' resulted in error: " + std::string(value.as_error().message)
                : "expression '" + std::string(condition.text) + "' depends on what is not known";
  }
  outcome.message = arena().copy(count > 1 ? "[" + text + "]" : text);
  if (outcome.verdict == Verdict::Error) {
    denied(invocation, outcome);
  }
  say(outcome);
  return Conditions::Failed;
}

Decision Admission::decide() {
  return {.outcomes = state_.outcomes,
          .passed = state_.passed,
          .is_allowed = !is_denied_,
          .is_unknown = is_unknown_,
          .message = message_,
          .reason = reason_,
          .code = code_,
          .warnings = state_.warnings,
          .audit_annotations = state_.annotations,
          .object = object_,
          .is_changed = is_changed_,
          .evaluated = evaluated_};
}

Decision PolicySet::admit(const kube::Review& review, Scratch& scratch,
                          const AdmitOptions& options) const {
  Admission admission(*table_, review, scratch.state(), options);
  if (options.steps != Steps::Validate) {
    admission.mutate();
  }
  if (options.steps != Steps::Mutate) {
    admission.validate();
  }
  return admission.decide();
}

}  // namespace tally::admission_policy
