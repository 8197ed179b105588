#include "kyverno/internal/cel_rule.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cel/authorizer.hpp"
#include "cel/cost_limits.hpp"
#include "kyverno/internal/nodes.hpp"
#include "policy_cel/review_values.hpp"

namespace tally::kyverno::internal {

using cel::Value;
using document::Node;
using policy_cel::Answer;
using policy_cel::Input;
using policy_cel::InputValues;
using policy_cel::kNoProgram;
using policy_cel::Returns;
using policy_cel::Surroundings;

namespace {

constexpr std::size_t kMessageBytesMax = std::size_t{5} * 1024;
constexpr std::string_view kOutOfBudget =
    "validation failed due to running out of cost budget, no further validation rules will be run";

class Loading {
 public:
  Loading(policy_cel::Expressions& expressions, const kube::Object& policy,
          std::vector<LoadProblem>& problems)
      : expressions_(expressions), policy_(policy), problems_(problems) {}

  policy_cel::ProgramId compile(const Node& node, const std::string& pointer, Returns returns,
                                policy_cel::ScopeId scope, Surroundings around,
                                std::string* error) {
    auto compiled = expressions_.compile(trim(node.text()), returns, scope, around);
    if (compiled) {
      return *compiled;
    }
    if (error != nullptr) {
      *error = compiled.error().message;
    }
    problems_.push_back({.kind = LoadProblem::Kind::DoesNotCompile,
                         .object = &policy_,
                         .pointer = pointer,
                         .offset = node.offset(),
                         .message = compiled.error().message,
                         .is_refused = true});
    return kNoProgram;
  }

  void conditions(CelRule& rule, const Node* list, const std::string& pointer, bool has_params) {
    if (list == nullptr) {
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& written = list->items()[i];
      CelRule::Condition condition{.name = text_at(written, "name"),
                                   .expression = text_at(written, "expression"),
                                   .program = kNoProgram,
                                   .error = {}};
      if (const Node* expression = written.find("expression"); expression != nullptr) {
        condition.program = compile(
            *expression, fmt::format("{}/{}/expression", pointer, i), Returns::Bool,
            policy_cel::kNoScope,
            {.variables = false, .params = has_params, .authorizer = true, .patch_types = false},
            &condition.error);
      } else {
        condition.error = "expression is required";
      }
      rule.conditions.push_back(std::move(condition));
    }
  }

  policy_cel::ScopeId scope(const Node& variables, const std::string& pointer, bool has_params) {
    std::vector<policy_cel::VariableText> texts;
    for (const Node& variable : variables.items()) {
      texts.push_back({text_at(variable, "name"), trim(text_at(variable, "expression"))});
    }
    std::vector<policy_cel::Expressions::VariableError> errors;
    const policy_cel::ScopeId id = expressions_.open_scope(texts, has_params, errors);
    for (const auto& error : errors) {
      problems_.push_back({.kind = LoadProblem::Kind::DoesNotCompile,
                           .object = &policy_,
                           .pointer = fmt::format("{}/{}/expression", pointer, error.index),
                           .offset = variables.items()[error.index].offset(),
                           .message = error.error.message,
                           .is_refused = true});
    }
    return id;
  }

 private:
  policy_cel::Expressions& expressions_;
  const kube::Object& policy_;
  std::vector<LoadProblem>& problems_;
};

Value& slot(InputValues& inputs, Input input) {
  return inputs.values[static_cast<unsigned>(input)];
}

bool is_unknown(const Value& value) {
  return value.is(cel::ValueKind::Unknown) ||
         (value.is_error() && value.as_error().code == cel::ErrorCode::NotProvided);
}

enum class Held : std::uint8_t { Yes, No, Failed, Unknown };

struct Conditions {
  Held held = Held::Yes;
  std::string_view message;
};

class Judging {
 public:
  Judging(const CelRule& rule, const policy_cel::Expressions& expressions,
          policy_cel::Evaluation& evaluation, const CelInput& input, Arena& arena)
      : rule_(rule),
        expressions_(expressions),
        evaluation_(evaluation),
        input_(input),
        arena_(arena) {
    evaluation_.begin(expressions_, nullptr);
    review_ = *input.review;
    review_.object = input.object;
    review_.old_object = input.old_object;
    fill();
  }

  Conditions conditions() {
    Conditions out;
    if (rule_.conditions.empty()) {
      return out;
    }
    evaluation_.open(inputs_, policy_cel::kNoScope, cel::kCostOfMatchConditionsMax);
    for (const CelRule::Condition& condition : rule_.conditions) {
      if (condition.program == kNoProgram) {
        note(out, Held::Failed, condition.error);
        continue;
      }
      const Answer answer = evaluation_.run(condition.program);
      if (answer.is_out_of_budget) {
        note(out, Held::Failed, kOutOfBudget);
        break;
      }
      if (answer.value.is_outcome()) {
        note(out, is_unknown(answer.value) ? Held::Unknown : Held::Failed,
             problem_of(condition.expression, answer.value));
      } else if (!answer.value.is_true()) {
        return {Held::No, {}};
      }
    }
    return out;
  }

  CelVerdict judge() {
    const Conditions conditions_met = conditions();
    switch (conditions_met.held) {
      case Held::No:
        return {Verdict::Skip, "cel preconditions not met"};
      case Held::Failed:
        return {Verdict::Fail, conditions_met.message};
      case Held::Unknown:
        return {Verdict::Unknown, conditions_met.message};
      case Held::Yes:
        break;
    }
    if (rule_.param_kind.is_null()) {
      return validate();
    }
    return with_params();
  }

 private:
  // Several problems stand in brackets, each once (apimachinery v0.36 pkg/util/errors Aggregate).
  void note(Conditions& out, Held held, std::string_view message) {
    out.held = out.held == Held::Failed ? Held::Failed : held;
    if (std::ranges::find(problems_, message) != problems_.end()) {
      return;
    }
    problems_.push_back(arena_.copy(message));
    out.message = problems_.size() == 1
                      ? problems_.front()
                      : arena_.copy(fmt::format("[{}]", fmt::join(problems_, ", ")));
  }

  // k8s.io/apiserver v0.36 pkg/admission/plugin/cel/activation.go.
  std::string_view problem_of(std::string_view expression, const Value& value) {
    return arena_.concat({"expression '", expression, "' resulted in error: ", text_of(value)});
  }

  std::string_view text_of(const Value& value) {
    return value.is_error() ? value.as_error().message
                            : std::string_view("it depends on what is not known");
  }

  void fill() {
    slot(inputs_, Input::Object) = Value::from_node(review_.object);
    slot(inputs_, Input::OldObject) = Value::from_node(review_.old_object);
    if (expressions_.uses(Input::Request)) {
      slot(inputs_, Input::Request) = policy_cel::request_value(
          arena_, review_,
          {.verdict = kube::Match::Yes, .resource = review_.resource, .kind = review_.kind},
          policy_cel::EmptyUser::IsEmpty);
    }
    slot(inputs_, Input::NamespaceObject) = Value::null();
    if (!review_.name_space.empty() && review_.kind.kind != "Namespace") {
      ObjectParts metadata;
      metadata.set("name", text_node(review_.name_space));
      if (!input_.namespace_labels.is_null()) {
        metadata.set("labels", input_.namespace_labels);
      }
      ObjectParts parts;
      parts.set("metadata", metadata.make(arena_));
      // A value refers to its node, which must stay.
      slot(inputs_, Input::NamespaceObject) =
          Value::from_node(*arena_.create<Node>(parts.make(arena_)));
    }
    slot(inputs_, Input::Params) = Value::null();
    if (expressions_.uses(Input::Authorizer) || expressions_.uses(Input::RequestResource)) {
      slot(inputs_, Input::Authorizer) = cel::make_authorizer(arena_);
      slot(inputs_, Input::RequestResource) =
          cel::make_request_resource(arena_, {.group = review_.resource.group,
                                              .resource = review_.resource.resource,
                                              .subresource = review_.subresource,
                                              .name_space = review_.name_space,
                                              .name = review_.name});
    }
  }

  // One parameter object after the other; the first that refuses speaks.
  CelVerdict with_params() {
    const std::string_view version = text_at(rule_.param_kind, "apiVersion");
    const std::string_view kind = text_at(rule_.param_kind, "kind");
    const std::string_view name = text_at(rule_.param_ref, "name");
    std::string_view name_space = text_at(rule_.param_ref, "namespace");
    if (name_space.empty()) {
      name_space = review_.name_space;
    }
    // A namespaced policy reads its own namespace only.
    if (!input_.policy_namespace.empty() && name_space != input_.policy_namespace) {
      return {Verdict::Error,
              arena_.concat({"error in parameterized resource: a policy of namespace ",
                             input_.policy_namespace, " does not read namespace ", name_space})};
    }
    if (input_.world == nullptr || !input_.world->provides(Capability::Objects)) {
      return {Verdict::Unknown, "its parameters are not in the input"};
    }
    std::vector<Node> params;
    if (!name.empty()) {
      const World::Answer found = input_.world->get(arena_, version, kind, name_space, name);
      if (!found) {
        return {Verdict::Error,
                arena_.concat({"error in parameterized resource: ", found.error()})};
      }
      if (!found->is_null()) {
        params.push_back(*found);
      }
    } else {
      const Node* selector = rule_.param_ref.find("selector");
      const World::Answer found = input_.world->list(arena_, version, kind, name_space,
                                                     selector == nullptr ? Node{} : *selector);
      if (!found) {
        return {Verdict::Error,
                arena_.concat({"error in parameterized resource: ", found.error()})};
      }
      params.assign(found->items().begin(), found->items().end());
    }
    if (params.empty() && text_at(rule_.param_ref, "parameterNotFoundAction") != "Allow") {
      return {Verdict::Error, "error in parameterized resource: no params found"};
    }
    for (const Node& param : params) {
      slot(inputs_, Input::Params) = Value::from_node(param);
      inputs_.params = &param;
      const CelVerdict verdict = validate();
      if (verdict.verdict != Verdict::Pass) {
        return verdict;
      }
    }
    return passed();
  }

  CelVerdict passed() {
    return {Verdict::Pass, arena_.concat({"Validation rule '", input_.rule_name, "' passed."})};
  }

  CelVerdict validate() {
    evaluation_.open(inputs_, rule_.scope, cel::kCostPerBindingMax);
    for (const CelRule::Validation& validation : rule_.validations) {
      if (validation.program == kNoProgram) {
        return {Verdict::Fail, arena_.copy(validation.error)};
      }
      const Answer answer = evaluation_.run(validation.program);
      if (answer.is_out_of_budget) {
        return {Verdict::Fail, kOutOfBudget};
      }
      if (answer.value.is_outcome()) {
        return {is_unknown(answer.value) ? Verdict::Unknown : Verdict::Fail,
                problem_of(validation.expression, answer.value)};
      }
      if (!answer.value.is_true()) {
        return {Verdict::Fail, message_of(validation)};
      }
    }
    return passed();
  }

  std::string_view message_of(const CelRule::Validation& validation) {
    std::string_view message;
    if (validation.message_program != kNoProgram) {
      const Answer answer = evaluation_.run(validation.message_program);
      if (!answer.is_out_of_budget && answer.value.is(cel::ValueKind::String)) {
        message = trim(answer.value.text());
        if (message.size() > kMessageBytesMax || message.find('\n') != std::string_view::npos) {
          message = {};
        }
      }
    }
    if (message.empty()) {
      message = trim(validation.message);
    }
    return message.empty() ? arena_.concat({"failed expression: ", trim(validation.expression)})
                           : arena_.copy(message);
  }

  const CelRule& rule_;
  const policy_cel::Expressions& expressions_;
  policy_cel::Evaluation& evaluation_;
  const CelInput& input_;
  Arena& arena_;
  kube::Review review_;
  InputValues inputs_;
  std::vector<std::string_view> problems_;  // of the conditions
};

}  // namespace

CelRule CelRule::load(policy_cel::Expressions& expressions, const Node& rule,
                      const std::string& pointer, const kube::Object& policy,
                      std::vector<LoadProblem>& problems) {
  CelRule out;
  Loading loading(expressions, policy, problems);
  const Node& written = *at(rule, {"validate", "cel"});
  const std::string here = pointer + "/validate/cel";
  if (const Node* kind = written.find("paramKind"); kind != nullptr) {
    out.param_kind = *kind;
  }
  if (const Node* reference = written.find("paramRef"); reference != nullptr) {
    out.param_ref = *reference;
  }
  const bool has_params = !out.param_kind.is_null();
  loading.conditions(out, rule.find("celPreconditions"), pointer + "/celPreconditions", has_params);
  const Node* variables = written.find("variables");
  const bool has_variables = variables != nullptr && variables->size() > 0;
  if (has_variables) {
    out.scope = loading.scope(*variables, here + "/variables", has_params);
  }
  const Surroundings around{
      .variables = has_variables, .params = has_params, .authorizer = true, .patch_types = false};
  const std::string_view message = text_at(*rule.find("validate"), "message");
  if (const Node* list = written.find("expressions"); list != nullptr) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Node& item = list->items()[i];
      Validation validation;
      validation.message = text_at(item, "message");
      if (validation.message.empty()) {
        validation.message = message;
      }
      validation.reason = text_at(item, "reason");
      const std::string place = fmt::format("{}/expressions/{}", here, i);
      if (const Node* expression = item.find("expression"); expression != nullptr) {
        validation.expression = expression->text();
        validation.program = loading.compile(*expression, place + "/expression", Returns::Bool,
                                             out.scope, around, &validation.error);
      } else {
        validation.error = "expression is required";
      }
      if (const Node* expression = item.find("messageExpression");
          expression != nullptr && !expression->text().empty()) {
        Surroundings plain = around;
        plain.authorizer = false;
        validation.message_program =
            loading.compile(*expression, place + "/messageExpression", Returns::StringOrNull,
                            out.scope, plain, nullptr);
      }
      out.validations.push_back(std::move(validation));
    }
  }
  return out;
}

CelRule CelRule::load_conditions(policy_cel::Expressions& expressions, const Node& conditions,
                                 const std::string& pointer, const kube::Object& policy,
                                 std::vector<LoadProblem>& problems) {
  CelRule out;
  Loading(expressions, policy, problems).conditions(out, &conditions, pointer, false);
  return out;
}

CelVerdict judge_cel(const CelRule& rule, const policy_cel::Expressions& expressions,
                     policy_cel::Evaluation& evaluation, const CelInput& input, Arena& arena) {
  return Judging(rule, expressions, evaluation, input, arena).judge();
}

bool conditions_hold(const CelRule& rule, const policy_cel::Expressions& expressions,
                     policy_cel::Evaluation& evaluation, const CelInput& input, Arena& arena) {
  return Judging(rule, expressions, evaluation, input, arena).conditions().held == Held::Yes;
}

}  // namespace tally::kyverno::internal
