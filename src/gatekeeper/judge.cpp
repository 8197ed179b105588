// One constraint about one request: Query of pkg/drivers/k8scel/driver.go over the validator of
// k8s.io/apiserver (pkg/admission/plugin/policy/validating/validator.go).
#include "base/text.hpp"
#include "cel/cost_limits.hpp"
#include "gatekeeper/internal/tables.hpp"
#include "kube/objects.hpp"
#include "policy_cel/review_values.hpp"

namespace tally::gatekeeper {

using cel::Value;
using cel::ValueKind;
using document::Node;
using kube::Match;
using policy_cel::Answer;
using policy_cel::Input;

namespace {

Value& slot(policy_cel::InputValues& inputs, Input input) {
  return inputs.values[static_cast<std::size_t>(input)];
}

bool is_unknown(const Value& value) {
  return value.is(ValueKind::Unknown) ||
         (value.is_error() && value.as_error().code == cel::ErrorCode::NotProvided);
}

class Query {
 public:
  Query(const ConstraintSet::Table& table, const ConstraintSet::Table::Entry& entry,
        const Request& request, Scratch::State& state)
      : table_(table), entry_(entry), request_(request), state_(state) {}

  void run(bool is_match_unknown) {
    is_match_unknown_ = is_match_unknown;
    state_.evaluation.begin(table_.expressions, request_.host);
    fill();
    if (!are_conditions_met()) {
      return;
    }
    const Template& of = *entry_.of;
    state_.evaluation.open(inputs_, of.scope, cel::kCostPerBindingMax);
    state_.answers.clear();
    for (const Validation& validation : of.validations) {
      state_.answers.push_back(state_.evaluation.run(validation.program));
    }
    for (std::size_t i = 0; i < of.validations.size(); ++i) {
      decide(of.validations[i], static_cast<std::uint32_t>(i), state_.answers[i]);
    }
  }

 private:
  [[nodiscard]] Arena& arena() { return state_.evaluation.arena(); }

  void fill() {
    const kube::Review& review = *request_.review;
    inputs_ = {};
    // On DELETE there is no object, as for the API server; `variables.anyObject` has the old one.
    slot(inputs_, Input::Object) = review.operation == kube::Operation::Delete
                                       ? Value::null()
                                       : Value::from_node(review.object);
    slot(inputs_, Input::OldObject) = Value::from_node(review.old_object);
    policy_cel::Matched matched;
    matched.verdict = Match::Yes;
    matched.kind = review.kind;
    matched.resource = review.resource;
    slot(inputs_, Input::Request) = policy_cel::request_value(arena(), review, matched,
                                                              request_.is_user_unknown_when_empty
                                                                  ? policy_cel::EmptyUser::IsUnknown
                                                                  : policy_cel::EmptyUser::IsEmpty);
    slot(inputs_, Input::NamespaceObject) = Value::null();
    slot(inputs_, Input::Params) = Value::from_node(entry_.root);
    inputs_.params = &entry_;
  }

  void add(std::string_view message, std::string_view pointer, std::uint32_t index, bool is_error,
           bool unknown) {
    state_.violations.push_back({.message = message,
                                 .pointer = pointer,
                                 .index = index,
                                 .is_error = is_error,
                                 .is_unknown = unknown || is_match_unknown_});
  }

  bool are_conditions_met() {
    if (entry_.of->conditions.empty()) {
      return true;
    }
    state_.evaluation.open(inputs_, entry_.of->scope, cel::kCostOfMatchConditionsMax);
    bool met = true;
    for (const policy_cel::ProgramId condition : entry_.of->conditions) {
      const Answer answer = state_.evaluation.run(condition);
      if (answer.value.is_false()) {
        state_.violations.clear();
        return false;
      }
      if (answer.is_out_of_budget || answer.value.is_outcome()) {
        met = false;
        if (!entry_.of->ignores_failures || is_unknown(answer.value)) {
          add(answer.value.is_error() ? answer.value.as_error().message
                                      : "a match condition could not be evaluated",
              {}, 0, true, is_unknown(answer.value));
        }
      }
    }
    return met;
  }

  void decide(const Validation& validation, std::uint32_t index, const Answer& answer) {
    if (answer.is_out_of_budget) {
      return add(
          "validation failed due to running out of cost budget, no further validation rules will "
          "be run",
          validation.pointer, index, true, false);
    }
    if (answer.value.is_outcome()) {
      const bool unknown = is_unknown(answer.value);
      if (!entry_.of->ignores_failures || unknown) {
        add(answer.value.is_error()
                ? arena().concat({"expression '", validation.expression,
                                  "' resulted in error: ", answer.value.as_error().message})
                : arena().concat(
                      {"expression '", validation.expression, "' depends on what is not known"}),
            validation.pointer, index, !unknown, unknown);
      }
      return;
    }
    if (!answer.value.is_true()) {
      add(message_of(validation), validation.pointer, index, false, false);
    }
  }

  std::string_view message_of(const Validation& validation) {
    if (validation.message_program != policy_cel::kNoProgram) {
      const Answer answer = state_.evaluation.run(validation.message_program);
      const bool is_text = !answer.is_out_of_budget && answer.value.is(ValueKind::String);
      const std::string_view text = is_text ? trim(answer.value.text()) : std::string_view{};
      if (!text.empty() && text.find('\n') == std::string_view::npos &&
          text.size() <= cel::kMessageExpressionBytesMax) {
        return text;
      }
    }
    const std::string_view written = trim(validation.message);
    return written.empty() ? arena().concat({"failed expression: ", trim(validation.expression)})
                           : written;
  }

  const ConstraintSet::Table& table_;
  const ConstraintSet::Table::Entry& entry_;
  const Request& request_;
  Scratch::State& state_;
  policy_cel::InputValues inputs_;
  bool is_match_unknown_ = false;
};

}  // namespace

Response ConstraintSet::judge(std::uint32_t constraint, const Request& request,
                              Scratch& scratch) const {
  const Table::Entry& entry = table_->entries[constraint];
  Scratch::State& state = scratch.state();
  state.violations.clear();
  const kube::Review& review = *request.review;
  // What is matched is the object, or what it was; one of the two is enough
  // (pkg/target/matcher.go).
  Match matched = Match::No;
  for (const Node* node : {&review.object, &review.old_object}) {
    if (!node->is_object()) {
      continue;
    }
    const auto object = kube::object_from_node(*node, review.source);
    if (!object) {
      continue;
    }
    const Match one = entry.match.matches(*object, request.snapshot);
    matched = one == Match::Yes || matched == Match::Yes ? Match::Yes
              : one == Match::Unknown                    ? Match::Unknown
                                                         : matched;
  }
  if (matched == Match::No) {
    return {.matched = matched, .violations = {}};
  }
  if (!entry.of->has_cel) {
    state.violations.push_back({.message = "Rego: not implemented yet",
                                .pointer = "/spec/targets/0",
                                .index = 0,
                                .is_error = false,
                                .is_unknown = true});
  } else {
    Query(*table_, entry, request, state).run(matched == Match::Unknown);
  }
  return {.matched = matched, .violations = state.violations};
}

}  // namespace tally::gatekeeper
