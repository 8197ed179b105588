// ValidatingAdmissionPolicy: k8s.io/apiserver v0.36 pkg/admission/plugin/policy/validating
// (validator.go, dispatcher.go). The numbered comments are the steps of Validate().
#include <algorithm>

#include "admission_policy/internal/admission.hpp"
#include "document/json_writer.hpp"

namespace tally::admission_policy {

using cel::Value;
using cel::ValueKind;
using policy_cel::Answer;
using policy_cel::kNoProgram;

namespace {

constexpr std::string_view kOutOfBudget =
    "validation failed due to running out of cost budget, no further validation rules will be run";
constexpr std::size_t kMessageBytesMax = std::size_t{5} * 1024;
constexpr std::size_t kAuditValueBytesMax = std::size_t{10} * 1024;
constexpr std::string_view kFailureAnnotation =
    "validation.policy.admission.k8s.io/validation_failure";

// unicode.IsSpace of what stands in messages: ASCII, and U+0085, U+00A0.
std::string_view trim_space(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty()) {
    if (is_space(text.front())) {
      text.remove_prefix(1);
    } else if (text.starts_with("\xC2\x85") || text.starts_with("\xC2\xA0")) {
      text.remove_prefix(2);
    } else {
      break;
    }
  }
  while (!text.empty()) {
    if (is_space(text.back())) {
      text.remove_suffix(1);
    } else if (text.ends_with("\xC2\x85") || text.ends_with("\xC2\xA0")) {
      text.remove_suffix(2);
    } else {
      break;
    }
  }
  return text;
}

bool is_not_provided(const Value& value) noexcept {
  return value.is_error() && value.as_error().code == cel::ErrorCode::NotProvided;
}

// reasonToCode
std::uint16_t code_of(std::string_view reason) noexcept {
  return reason == "Forbidden"               ? 403
         : reason == "Unauthorized"          ? 401
         : reason == "RequestEntityTooLarge" ? 413
                                             : 422;
}

// encoding/json escapes what HTML would take for markup.
void append_go_json(std::string& out, std::string_view text) {
  std::string plain;
  document::append_json_string(plain, text);
  for (const char c : plain) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

// What the binding does with a refusal.
void Admission::denied(const Invocation& invocation, const Outcome& outcome) {
  if (outcome.is_ignored || outcome.verdict == Verdict::Unknown) {
    return;
  }
  const Policy& policy = *invocation.policy;
  const PolicyBinding* binding = invocation.binding;
  const bool named = binding != nullptr && binding->object != nullptr;
  const std::string_view binding_name = named ? binding->name : std::string_view{};
  if (policy.kind == PolicyKind::Mutating) {
    // generic.PolicyError
    const std::string_view text =
        named ? arena().concat({"policy '", policy.name, "' with binding '", binding_name,
                                "' denied request: ", outcome.message})
              : arena().concat({"policy \"", policy.name, "\" denied request: ", outcome.message});
    return set_denial(text, outcome.part == Part::Policy ? "Forbidden" : "Invalid", 403);
  }
  if (outcome.actions.deny) {
    const std::string_view reason = outcome.reason.empty() ? "Invalid" : outcome.reason;
    const std::string_view by =
        named ? arena().concat({"ValidatingAdmissionPolicy '", policy.name, "' with binding '",
                                binding_name, "' denied request: "})
              : arena().concat({"ValidatingAdmissionPolicy '", policy.name, "' denied request: "});
    set_denial(arena().concat({subject_text(), by, outcome.message}), reason, code_of(reason));
  }
  if (outcome.actions.warn) {
    state_.warnings.push_back(
        arena().concat({"Validation failed for ValidatingAdmissionPolicy '", policy.name,
                        "' with binding '", binding_name, "': ", outcome.message}));
  }
  // publishValidationFailureAnnotation; the first one stands.
  const bool is_first = std::ranges::find(state_.annotations, kFailureAnnotation,
                                          &AuditAnnotation::key) == state_.annotations.end();
  if (outcome.actions.audit && is_first) {
    std::string value = R"([{"message":)";
    append_go_json(value, outcome.message);
    value += R"(,"policy":)";
    append_go_json(value, policy.name);
    value += R"(,"binding":)";
    append_go_json(value, binding_name);
    value += R"(,"expressionIndex":)" + std::to_string(outcome.index) + R"(,"validationActions":[)";
    for (std::size_t i = 0; i < binding->action_names.size(); ++i) {
      value += i == 0 ? "" : ",";
      append_go_json(value, binding->action_names[i]);
    }
    value += "]}]";
    state_.annotations.push_back({.key = kFailureAnnotation, .value = arena().copy(value)});
  }
}

// An error, or what is unknown, of one expression.
void Admission::say_error(const Invocation& invocation, Part part, std::uint32_t index,
                          const PolicyExpression& expression, const Value& value) {
  Outcome outcome = outcome_of(invocation, part);
  outcome.index = index;
  outcome.expression = expression.text;
  outcome.offset = expression.offset;
  outcome.pointer = expression.pointer;
  outcome.reason = "Invalid";
  outcome.is_ignored = invocation.policy->ignores_failures;
  if (outcome.is_ignored) {
    outcome.actions = {};
  }
  if (value.is_error()) {
    const cel::EvalError& error = value.as_error();
    outcome.at = error.offset;
    outcome.verdict =
        is_not_provided(value) || invocation.is_match_unknown ? Verdict::Unknown : Verdict::Error;
    outcome.message =
        arena().concat({"expression '", expression.text, "' resulted in error: ", error.message});
  } else {
    outcome.verdict = Verdict::Unknown;
    outcome.message =
        arena().concat({"expression '", expression.text, "' depends on what is not known"});
  }
  denied(invocation, outcome);
  say(outcome);
}

std::string_view Admission::failure_message(const ValidationRule& rule, const Answer* answer) {
  std::string_view message;
  // A result that is no text, that is blank, too long or of several lines, falls back.
  if (answer != nullptr && answer->value.is(ValueKind::String)) {
    message = trim_space(answer->value.text());
    if (message.size() > kMessageBytesMax || message.find('\n') != std::string_view::npos) {
      message = {};
    }
  }
  if (message.empty()) {
    message = trim_space(rule.message);
  }
  return message.empty() ? arena().concat({"failed expression: ", trim_space(rule.expression.text)})
                         : message;
}

void Admission::validate(const Invocation& invocation) {
  const Policy& policy = *invocation.policy;
  ObjectView& view = view_of(invocation.matched);
  ++evaluated_;
  if (!view.is_known) {
    Outcome outcome = outcome_of(invocation, Part::Policy);
    outcome.verdict = Verdict::Unknown;
    outcome.message =
        arena().concat({"the policy names version ", view.kind.version, " of ", view.kind.kind,
                        ", and how the API server converts the object from ", review_.kind.version,
                        " is not known"});
    return say(outcome);
  }
  // 1. Match conditions: not met, no decision.
  if (check_conditions(invocation, view) != Conditions::Met) {
    return;
  }
  // 2. The validations, with one budget.
  const policy_cel::InputValues inputs = with_params(view.inputs, invocation);
  state_.evaluation.open(inputs, policy.scope, cel::kCostPerBindingMax);
  state_.answers.clear();
  bool all_true = true;
  for (const ValidationRule& rule : policy.validations) {
    const Answer answer = state_.evaluation.run(rule.expression.program);
    if (answer.is_out_of_budget) {
      Outcome outcome = outcome_of(invocation, Part::Validation);
      outcome.index = static_cast<std::uint32_t>(state_.answers.size());
      outcome.expression = rule.expression.text;
      outcome.offset = rule.expression.offset;
      outcome.pointer = rule.expression.pointer;
      outcome.verdict = invocation.is_match_unknown ? Verdict::Unknown : Verdict::Error;
      outcome.reason = "Invalid";
      outcome.message = kOutOfBudget;
      outcome.is_ignored = policy.ignores_failures;
      outcome.actions = outcome.is_ignored ? Actions{} : outcome.actions;
      denied(invocation, outcome);
      return say(outcome);
    }
    all_true = all_true && answer.value.is_true();
    state_.answers.push_back(answer);
  }
  const std::size_t count = policy.validations.size();
  bool messages_spent = false;
  if (!all_true) {
    // 3. The messages of all of them, whether they are needed or not, with what is left of the
    // budget. We evaluate those of failures; the others matter only where the budget is spent.
    const policy_cel::InputValues plain = with_params(view.without_authorizer, invocation);
    state_.evaluation.open(plain, policy.scope, state_.evaluation.budget_left());
    for (std::size_t i = 0; i < count; ++i) {
      Answer message;
      if (policy.validations[i].message_program != kNoProgram && !messages_spent) {
        message = state_.evaluation.run(policy.validations[i].message_program);
        messages_spent = message.is_out_of_budget;
      }
      state_.answers.push_back(message);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const ValidationRule& rule = policy.validations[i];
    const Answer& answer = state_.answers[i];
    const auto index = static_cast<std::uint32_t>(i);
    if (answer.value.is_outcome()) {
      say_error(invocation, Part::Validation, index, rule.expression, answer.value);
      continue;
    }
    if (messages_spent) {
      Outcome outcome = outcome_of(invocation, Part::Validation);
      outcome.index = index;
      outcome.expression = rule.expression.text;
      outcome.offset = rule.expression.offset;
      outcome.pointer = rule.expression.pointer;
      outcome.verdict = invocation.is_match_unknown ? Verdict::Unknown : Verdict::Error;
      outcome.reason = "Invalid";
      outcome.message = arena().concat({"failed messageExpression: ", kOutOfBudget});
      outcome.is_ignored = policy.ignores_failures;
      outcome.actions = outcome.is_ignored ? Actions{} : outcome.actions;
      denied(invocation, outcome);
      say(outcome);
      continue;
    }
    if (answer.value.is_true()) {
      state_.passed.push_back({.policy = policy.object, .pointer = rule.expression.pointer});
      continue;
    }
    Outcome outcome = outcome_of(invocation, Part::Validation);
    outcome.index = index;
    outcome.expression = rule.expression.text;
    outcome.offset = rule.expression.offset;
    outcome.pointer = rule.expression.pointer;
    outcome.verdict = invocation.is_match_unknown ? Verdict::Unknown : Verdict::Fail;
    outcome.reason = rule.reason.empty() ? "Invalid" : rule.reason;
    outcome.message = failure_message(rule, &state_.answers[count + i]);
    denied(invocation, outcome);
    say(outcome);
  }
  // 4. Audit annotations, with a budget of their own.
  if (!policy.audit.empty()) {
    audit(invocation, view);
  }
}

void Admission::audit(const Invocation& invocation, const ObjectView& view) {
  const Policy& policy = *invocation.policy;
  const policy_cel::InputValues inputs = with_params(view.without_authorizer, invocation);
  state_.evaluation.open(inputs, policy.scope, cel::kCostPerBindingMax);
  for (std::size_t i = 0; i < policy.audit.size(); ++i) {
    const AuditRule& rule = policy.audit[i];
    const Answer answer = state_.evaluation.run(rule.expression.program);
    if (answer.is_out_of_budget || answer.value.is_outcome()) {
      Outcome outcome = outcome_of(invocation, Part::AuditAnnotation);
      outcome.index = static_cast<std::uint32_t>(i);
      outcome.expression = rule.expression.text;
      outcome.offset = rule.expression.offset;
      outcome.pointer = rule.expression.pointer;
      outcome.reason = "Invalid";
      const bool unknown = answer.value.is(ValueKind::Unknown) || is_not_provided(answer.value) ||
                           invocation.is_match_unknown;
      outcome.verdict = unknown ? Verdict::Unknown : Verdict::Error;
      outcome.is_ignored = policy.ignores_failures;
      // Errors of audit annotations refuse, whatever the binding's actions.
      outcome.actions = outcome.is_ignored ? Actions{} : Actions{.deny = true};
      outcome.message =
          answer.is_out_of_budget ? kOutOfBudget
          : answer.value.is_error()
              ? arena().concat({"expression '", rule.expression.text,
                                "' resulted in error: ", answer.value.as_error().message})
              : arena().concat(
                    {"expression '", rule.expression.text, "' depends on what is not known"});
      denied(invocation, outcome);
      say(outcome);
      if (answer.is_out_of_budget) {
        return;
      }
      continue;
    }
    if (!answer.value.is(ValueKind::String)) {
      continue;  // null: nothing is published
    }
    std::string_view value = trim_space(answer.value.text());
    if (value.empty()) {
      continue;
    }
    value = value.substr(0, kAuditValueBytesMax);
    const std::string_view key = arena().concat({policy.name, "/", rule.key});
    const auto known = std::ranges::find(state_.annotations, key, &AuditAnnotation::key);
    if (known == state_.annotations.end()) {
      state_.annotations.push_back({.key = key, .value = value});
    } else if (known->value != value) {
      // auditAnnotationCollector: distinct values of several bindings and parameters are joined.
      known->value = arena().concat({known->value, ", ", value});
    }
  }
}

void Admission::validate() {
  if (is_denied_ || state_.candidates.empty()) {
    return;
  }
  bool any = false;
  for (const std::uint32_t candidate : state_.candidates) {
    any = any || table_.policies[candidate].kind == PolicyKind::Validating;
  }
  if (!any) {
    return;
  }
  // The object as it is after the kind's strategy has prepared it, and the old one as it is stored.
  if (options_.defaults == Defaults::Apply) {
    review_.object = with_defaults(object_, kube::DefaultStage::Prepared);
    review_.old_object = with_defaults(review_.old_object, kube::DefaultStage::Prepared);
  } else {
    review_.object = object_;
  }
  forget_views();
  for (const std::uint32_t candidate : state_.candidates) {
    const Policy& policy = table_.policies[candidate];
    if (policy.kind != PolicyKind::Validating) {
      continue;
    }
    state_.invocations.clear();
    collect(policy);
    for (const Invocation& invocation : state_.invocations) {
      validate(invocation);
    }
  }
}

}  // namespace tally::admission_policy
