// GeneratingPolicy and DeletingPolicy: pkg/cel/policies/{gpol,dpol}.
#include "kyverno_cel/internal/judgement.hpp"
#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using document::Node;

bool Judgement::generate_from_template(const GenerationStep& step, Response& response,
                                       std::size_t index) {
  constexpr std::string_view kPrefix =
      "failed to evaluate policy: failed to render generation template";
  auto made =
      step.made_from.render(arena(), [&](policy_cel::ProgramId program) { return value(program); });
  const auto fail = [&](std::string_view prefix, std::string_view problem, bool is_unknown) {
    response = say(is_unknown ? Verdict::Unknown : Verdict::Error, about().name,
                   arena().concat({prefix, ": ", problem}));
    response.index = static_cast<std::uint32_t>(index);
    response.pointer = step.expression.pointer;
    response.offset = step.expression.offset;
    return false;
  };
  if (!made) {
    return fail(kPrefix, made.error().message, made.error().is_unknown);
  }
  const std::string_view own = about().name_space;
  for (const Node& object : *made) {
    std::string_view name_space = text_at(object, {"metadata", "namespace"});
    if (!own.empty() && name_space.empty()) {
      name_space = own;
    }
    if (!own.empty() && name_space != own) {
      return fail(
          "failed to evaluate policy",
          arena().concat({"cross-namespace generation denied: a policy in namespace \"", own,
                          "\" cannot generate resources into namespace \"", name_space, "\""}),
          false);
    }
    std::string problem;
    if (!state_.world.generate(arena(), name_space, object, problem)) {
      return fail("failed to evaluate policy: failed to generate resources", problem, false);
    }
  }
  return true;
}

Response Judgement::generate(const Variant& variant, View& view) {
  constexpr std::string_view kPrefix = "failed to evaluate policy";
  const std::string_view rule = about().name;
  View own = view;
  open(own, variant);
  Response response;
  if (excuse(variant, own, Variables::Hidden, kPrefix, response)) {
    response.rule = response.exceptions.empty() ? rule : response.rule;
    return response;
  }
  const Conditions conditions = check(variant.conditions, Variables::Hidden);
  if (conditions.have_failed) {
    return failed(rule, kPrefix, conditions);
  }
  if (!conditions.are_met) {
    return {};
  }
  for (std::size_t i = 0; i < variant.generations.size(); ++i) {
    const GenerationStep& step = variant.generations[i];
    if (step.is_template()) {
      if (!generate_from_template(step, response, i)) {
        return response;
      }
      continue;
    }
    // What it says does not matter, only what it hands over.
    const Value found = value(step.expression.program);
    if (found.is_outcome()) {
      return failed(rule, kPrefix, step.expression, i, found);
    }
  }
  const Expression* blamed = nullptr;
  Value problem;
  if (!annotate(variant, problem, blamed)) {
    return failed(rule, kPrefix, *blamed, 0, problem);
  }
  response = say(Verdict::Pass, rule, "policy evaluated successfully");
  response.properties = kept_properties();
  response.generated = arena().copy(std::span<const Node>{state_.world.generated()});
  if (!state_.exceptions.empty()) {
    response.exceptions = arena().copy(std::span<const kube::Object* const>{state_.exceptions});
  }
  return response;
}

// Pass: the object would be deleted.
Response Judgement::decide_deletion(const Variant& variant, View& view) {
  const std::string_view rule = about().name;
  const bool is_payload = state_.request.mode == Mode::Json;
  View own = view;
  open(own, variant);
  state_.exceptions.clear();
  for (const ExceptionUse& use : variant.exceptions) {
    const Conditions holds = check(use.conditions, Variables::Seen);
    if (holds.have_failed) {
      return failed(rule, "exception", holds);
    }
    if (holds.are_met) {
      state_.exceptions.push_back(use.exception->object);
    }
  }
  const auto spared = [&] {
    return say(Verdict::Fail, rule, is_payload ? "json did not match" : "resource did not match");
  };
  if (!state_.exceptions.empty()) {
    Response response = spared();
    response.exceptions = arena().copy(std::span<const kube::Object* const>{state_.exceptions});
    return response;
  }
  const Conditions conditions = check(variant.conditions, Variables::Seen);
  if (conditions.have_failed) {
    Response response = failed(rule, "conditions", conditions);
    response.message = conditions.message;
    return response;
  }
  return conditions.are_met
             ? say(Verdict::Pass, rule, is_payload ? "json matched" : "resource matched")
             : spared();
}

}  // namespace tally::kyverno_cel
