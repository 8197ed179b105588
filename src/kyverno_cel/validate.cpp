// ValidatingPolicy: pkg/cel/policies/vpol/compiler/policy.go; over HTTP and Envoy requests:
// github.com/kyverno/kyverno-authz, pkg/engine/compiler/policy.go.
#include "cel/kyverno_answers.hpp"
#include "kyverno_cel/internal/judgement.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using cel::ValueKind;

std::string_view Judgement::message_of(const ValidationRule& rule, std::size_t index) {
  std::string_view message = rule.message;
  if (rule.message_program != policy_cel::kNoProgram) {
    const Value said = value(rule.message_program);
    if (said.is(ValueKind::String)) {
      message = said.text();
    } else if (said.is_error()) {
      message =
          arena().concat({"failed to evaluate message expression: ", said.as_error().message});
    } else {
      message = "failed to convert message expression to string";
    }
  }
  return message.empty()
             ? arena().concat({"CEL expression validation failed at index ", std::to_string(index)})
             : message;
}

// The first that is false decides; what fails before it is an error.
Response Judgement::run_validations(const Variant& variant) {
  const bool of_images = about().kind == PolicyKind::ImageValidating;
  const std::string_view rule = of_images ? about().name : std::string_view{};
  const auto errors = [&](const Expression& expression, std::size_t index, const Value& found) {
    Response response =
        of_images ? failed("evaluation", "failed to evaluate policy", expression, index, found)
                  : failed(rule, "error", expression, index, found);
    return response;
  };
  const Expression* blamed = nullptr;
  Value problem;
  for (std::size_t i = 0; i < variant.validations.size(); ++i) {
    const ValidationRule& validation = variant.validations[i];
    const Value result = value(validation.expression.program);
    if (result.is_true()) {
      continue;
    }
    if (result.is_outcome()) {
      return errors(validation.expression, i, result);
    }
    const std::string_view message = message_of(validation, i);
    if (!annotate(variant, problem, blamed)) {
      return errors(*blamed, i, problem);
    }
    Response response = say(Verdict::Fail, rule, message);
    response.index = static_cast<std::uint32_t>(i);
    response.pointer = validation.expression.pointer;
    response.offset = validation.expression.offset;
    response.properties = kept_properties();
    return response;
  }
  if (!annotate(variant, problem, blamed)) {
    return failed("evaluation", of_images ? "failed to evaluate policy" : "failed to load context",
                  *blamed, 0, problem);
  }
  Response response = say(Verdict::Pass, rule, "success");
  response.properties = kept_properties();
  return response;
}

Response Judgement::validate(const Variant& variant, View& view) {
  constexpr std::string_view kPrefix = "failed to load context";
  View own = view;
  open(own, variant);
  Response response;
  // 1. Exceptions.
  if (excuse(variant, own, Variables::Hidden, kPrefix, response)) {
    return response;
  }
  // 2. Match conditions.
  const Conditions conditions = check(variant.conditions, Variables::Hidden);
  if (conditions.have_failed && (!about().ignores_failures || conditions.is_unknown)) {
    return failed("evaluation", kPrefix, conditions);
  }
  if (!conditions.are_met) {
    return say(Verdict::Skip, "", "skip");
  }
  // 3. Validations.
  response = run_validations(variant);
  if (!state_.exceptions.empty()) {
    response.exceptions = arena().copy(std::span<const kube::Object* const>{state_.exceptions});
  }
  return response;
}

Response Judgement::authorize(const Variant& variant, View& view) {
  View own = view;
  open(own, variant);
  const std::string_view rule = about().name;
  const auto skip = [&] { return say(Verdict::Skip, rule, "request does not match"); };
  const auto failure = [&](const Expression& expression, std::size_t index, const Value& found) {
    Response response = failed(rule, "error", expression, index, found);
    response.message = found.is_error() ? found.as_error().message : response.message;
    return about().ignores_failures && response.verdict == Verdict::Error ? skip() : response;
  };
  const Conditions conditions = check(variant.conditions, Variables::Hidden);
  if (conditions.have_failed) {
    return about().ignores_failures && !conditions.is_unknown
               ? skip()
               : failed(rule, "match conditions", conditions);
  }
  if (!conditions.are_met) {
    return skip();
  }
  state_.exceptions.clear();
  for (const ExceptionUse& use : variant.exceptions) {
    const Conditions holds = check(use.conditions, Variables::Seen);
    if (holds.have_failed) {
      return about().ignores_failures && !holds.is_unknown ? skip()
                                                           : failed(rule, "exception", holds);
    }
    if (holds.are_met) {
      state_.exceptions.push_back(use.exception->object);
      return excused();
    }
  }
  // The first that answers decides.
  for (std::size_t i = 0; i < variant.validations.size(); ++i) {
    const Expression& expression = variant.validations[i].expression;
    const Value result = value(expression.program);
    if (result.is_outcome()) {
      return failure(expression, i, result);
    }
    const cel::AuthorizationAnswer* answer = cel::authorization_answer(result);
    if (answer == nullptr) {
      continue;  // null
    }
    const bool of_envoy = state_.request.mode == Mode::Envoy;
    Response response =
        answer->is_allowed
            ? say(Verdict::Pass, rule, "request allowed")
            : say(Verdict::Fail, rule,
                  of_envoy ? arena().concat(
                                 {"request denied with status code ", std::to_string(answer->code)})
                           : arena().concat({"request denied, reason: ", answer->reason}));
    response.index = static_cast<std::uint32_t>(i);
    response.pointer = expression.pointer;
    response.offset = expression.offset;
    response.answer = {
        .is_given = true, .code = answer->code, .reason = answer->reason, .body = answer->body};
    return response;
  }
  return skip();
}

}  // namespace tally::kyverno_cel
