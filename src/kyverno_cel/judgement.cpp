// What is common to the kinds: pkg/cel/policies/*/engine/engine.go and compiler/policy.go of
// Kyverno 1.19.
#include "kyverno_cel/internal/judgement.hpp"

#include <algorithm>
#include <array>

#include "kyverno_cel/internal/nodes.hpp"
#include "kyverno_cel/internal/payload.hpp"
#include "policy_cel/review_values.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using cel::ValueKind;
using document::Node;
using policy_cel::Input;

namespace {

// Upstream has no budget. Ours is one that no sane policy reaches, so that none hangs.
constexpr std::uint64_t kCostMax = 20 * cel::kCostPerCallMax;

constexpr cel::Type kExceptionsStruct{.kind = cel::TypeKind::Struct,
                                      .name = policy_cel::kExceptionsType};

// exceptions.allowedImages and exceptions.allowedValues.
class Allowances final : public cel::HostMap {
 public:
  Allowances() = default;
  Allowances(const Node* images, const Node* values) : images_(images), values_(values) {}
  [[nodiscard]] std::size_t size() const override { return 2; }
  [[nodiscard]] Value key_at(Arena&, std::size_t i) const override {
    return Value::string(i == 0 ? "allowedImages" : "allowedValues");
  }
  [[nodiscard]] Value value_at(Arena&, std::size_t i) const override {
    const Node* list = i == 0 ? images_ : values_;
    return list == nullptr ? Value::list(std::span<const Value>{}) : Value::from_node(*list);
  }
  [[nodiscard]] bool find(Arena& arena, const Value& key, Value& out) const override {
    for (std::size_t i = 0; i < size(); ++i) {
      if (key.is(ValueKind::String) && key.text() == key_at(arena, i).text()) {
        out = value_at(arena, i);
        return true;
      }
    }
    return false;
  }
  // A Go struct: has() is false for what is empty.
  [[nodiscard]] bool has(Arena&, std::string_view field) const override {
    return field == "allowedImages" || field == "allowedValues";
  }
  [[nodiscard]] const cel::Type* type() const override { return &kExceptionsStruct; }

 private:
  const Node* images_ = nullptr;
  const Node* values_ = nullptr;
};

const Allowances kNoAllowances;
constexpr cel::EvalError kNoVariables{.code = cel::ErrorCode::NoSuchAttribute,
                                      .offset = 0,
                                      .message = "no such attribute(s): variables"};

bool is_unknown(const Value& value) noexcept {
  return value.is(ValueKind::Unknown) ||
         (value.is_error() && value.as_error().code == cel::ErrorCode::NotProvided);
}

std::string_view text_of(const Value& value) noexcept {
  return value.is_error() ? value.as_error().message
                          : std::string_view{"the expression depends on what is not known"};
}

int rank(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::None:
      return 0;
    case Verdict::Skip:
      return 1;
    case Verdict::Pass:
      return 2;
    case Verdict::Unknown:
      return 3;
    case Verdict::Fail:
      return 4;
    case Verdict::Error:
      return 5;
  }
  return 0;
}

}  // namespace

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

// --- the open request

void PolicySet::open(const Request& request, Scratch& scratch) const {
  Scratch::State& state = scratch.state();
  state.table = table_.get();
  state.request = request;
  state.evaluation.begin(table_->expressions, &state.world, request.watcher,
                         {.cost_per_call_max = kCostMax});
  state.next_number = 1;
  state.world.forget_images();
  state.has_tried_images = false;
  state.view = {};
  change_object(request.mode == Mode::Kubernetes
                    ? request.review.object
                    : complete_payload(state.evaluation.arena(), request.payload, request.mode),
                scratch);
  if (request.mode != Mode::Kubernetes) {
    return;
  }
  Arena& arena = state.evaluation.arena();
  const kube::Review& review = state.request.review;
  auto& values = state.view.inputs.values;
  const bool is_bare = request.are_namespaces_complete &&
                       (request.snapshot == nullptr ||
                        request.snapshot->find("", "Namespace", "", review.name_space) == nullptr);
  values[static_cast<std::size_t>(Input::NamespaceObject)] =
      is_bare ? Value::null() : policy_cel::namespace_value(arena, review, request.snapshot);
}

void PolicySet::change_object(const Node& object, Scratch& scratch) const {
  Scratch::State& state = scratch.state();
  Arena& arena = state.evaluation.arena();
  View& view = state.view;
  auto& values = view.inputs.values;
  view.inputs.object = state.next_number++;
  const Node& kept = *arena.create<Node>(object);
  values[static_cast<std::size_t>(Input::Object)] = Value::from_node(kept);
  values[static_cast<std::size_t>(Input::Exceptions)] =
      Value::map(static_cast<const cel::HostMap*>(&kNoAllowances));
  if (state.request.mode != Mode::Kubernetes) {
    return;
  }
  kube::Review& review = state.request.review;
  review.object = object;
  view.review = review;
  values[static_cast<std::size_t>(Input::OldObject)] =
      Value::from_node(*arena.create<Node>(review.old_object));
  const policy_cel::EmptyUser empty = state.request.is_user_unknown_when_empty
                                          ? policy_cel::EmptyUser::IsUnknown
                                          : policy_cel::EmptyUser::IsEmpty;
  const policy_cel::Matched matched{
      .verdict = kube::Match::Yes, .resource = review.resource, .kind = review.kind};
  values[static_cast<std::size_t>(Input::Request)] =
      policy_cel::request_value(arena, *arena.create<kube::Review>(review), matched, empty,
                                policy_cel::RequestShape::WithObjects);
}

void PolicySet::find(Scratch& scratch, std::vector<std::uint32_t>& out) const {
  const Request& request = scratch.state().request;
  if (request.mode == Mode::Kubernetes) {
    return table_->index.find(request.review.resource.resource, request.review.operation, out);
  }
  for (const std::uint32_t policy : table_->index.payloads()) {
    const Policy& about = table_->policies[policy];
    if (about.mode == request.mode ||
        (about.kind == PolicyKind::Deleting && request.mode == Mode::Json)) {
      out.push_back(policy);
    }
  }
}

Response PolicySet::judge(std::uint32_t policy, Scratch& scratch) const {
  return Judgement(*table_, scratch.state(), table_->loaded[policy]).judge();
}

Response PolicySet::judge_target(std::uint32_t policy, const kube::Object& target,
                                 Scratch& scratch) const {
  return Judgement(*table_, scratch.state(), table_->loaded[policy]).judge_target(target);
}

// --- one policy

Judgement::Judgement(const PolicySet::Table& table, Scratch::State& state,
                     const LoadedPolicy& policy)
    : table_(table), state_(state), policy_(policy) {
  state_.world.enter({.outer = state_.request.host,
                      .kinds = table_.kinds,
                      .policy_namespace = about().name_space,
                      .allows_http = state_.request.allows_http_in_namespaces});
}

policy_cel::MatchContext Judgement::match_context() const {
  return {.snapshot = state_.request.snapshot,
          .kinds = table_.kinds,
          .are_namespaces_complete = state_.request.are_namespaces_complete,
          .is_kyverno = true,
          .is_any_operation = false};
}

Value Judgement::value(policy_cel::ProgramId program) {
  const policy_cel::Answer answer = state_.evaluation.run(program);
  return answer.is_out_of_budget ? cel::make_error(arena(), cel::ErrorCode::CostLimit,
                                                   "operation cancelled: cost limit")
                                 : answer.value;
}

// Answers are shared with other policies where nothing of this one is seen.
void Judgement::open(View& view, const Variant& variant) {
  const bool is_alone = !about().name_space.empty() || about().kind == PolicyKind::Generating ||
                        about().kind == PolicyKind::ImageValidating;
  view.inputs.context = is_alone ? state_.next_number++ : 0;
  state_.evaluation.open(view.inputs, variant.scope, UINT64_MAX);
}

Response Judgement::say(Verdict verdict, std::string_view rule, std::string_view message) {
  Response response;
  response.verdict = verdict;
  response.rule = rule;
  response.message = message;
  return response;
}

Response Judgement::failed(std::string_view rule, std::string_view prefix,
                           const Expression& expression, std::size_t index, const Value& value) {
  Response response = say(is_unknown(value) ? Verdict::Unknown : Verdict::Error, rule,
                          arena().concat({prefix, ": ", text_of(value)}));
  response.index = static_cast<std::uint32_t>(index);
  response.pointer = expression.pointer;
  response.offset = expression.offset;
  response.at = value.is_error() ? value.as_error().offset : 0;
  return response;
}

Response Judgement::failed(std::string_view rule, std::string_view prefix,
                           const Conditions& conditions) {
  Response response = say(conditions.is_unknown ? Verdict::Unknown : Verdict::Error, rule,
                          arena().concat({prefix, ": ", conditions.message}));
  response.index = conditions.index;
  response.at = conditions.at;
  if (conditions.blamed != nullptr) {
    response.pointer = conditions.blamed->pointer;
    response.offset = conditions.blamed->offset;
  }
  return response;
}

// match(): one that is false decides; errors only if none is.
Judgement::Conditions Judgement::check(std::span<const Expression> conditions,
                                       Variables variables) {
  Conditions found;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const Expression& condition = conditions[i];
    const bool is_hidden = variables == Variables::Hidden &&
                           table_.expressions[condition.program].uses(Input::Variables);
    const Value result = is_hidden ? Value::error(&kNoVariables) : value(condition.program);
    if (result.is_true()) {
      continue;
    }
    if (!result.is_outcome()) {
      return {};
    }
    found.message = found.have_failed ? arena().concat({found.message, "; ", text_of(result)})
                                      : text_of(result);
    found.is_unknown = found.is_unknown || is_unknown(result);
    if (!found.have_failed) {
      found.blamed = &condition;
      found.index = static_cast<std::uint32_t>(i);
      found.at = result.is_error() ? result.as_error().offset : 0;
    }
    found.have_failed = true;
  }
  found.are_met = !found.have_failed;
  return found;
}

Response Judgement::excused() {
  // The one of the highest priority says what is reported; of equal ones the first.
  state_.text.clear();
  const PolicyException* selected = nullptr;
  for (const PolicyException& exception : table_.exceptions) {
    if (std::ranges::find(state_.exceptions, exception.object) == state_.exceptions.end()) {
      continue;
    }
    state_.text += (state_.text.empty() ? "" : ", ") + std::string(exception.key);
    if (selected == nullptr ||
        (exception.priority > 0 && exception.priority > selected->priority)) {
      selected = &exception;
    }
  }
  const bool passes =
      selected != nullptr && selected->reports_pass && about().kind != PolicyKind::ImageValidating;
  Response response =
      say(passes ? Verdict::Pass : Verdict::Skip, "exception",
          arena().concat({"rule is ", passes ? "passed" : "skipped",
                          " due to policy exception: ", arena().copy(state_.text)}));
  response.exceptions = arena().copy(std::span<const kube::Object* const>{state_.exceptions});
  return response;
}

// The expressions that follow see the limits that partial exceptions widen.
void Judgement::allow(View& view) {
  if (state_.allowed_images.empty() && state_.allowed_values.empty()) {
    return;
  }
  const auto* images = arena().create<Node>(Node::make_array(arena(), state_.allowed_images, 0));
  const auto* values = arena().create<Node>(Node::make_array(arena(), state_.allowed_values, 0));
  view.inputs.values[static_cast<std::size_t>(Input::Exceptions)] =
      Value::map(static_cast<const cel::HostMap*>(arena().create<Allowances>(images, values)));
  view.inputs.context = state_.next_number++;
}

bool Judgement::excuse(const Variant& variant, View& view, Variables variables,
                       std::string_view prefix, Response& response) {
  state_.exceptions.clear();
  state_.allowed_images.clear();
  state_.allowed_values.clear();
  bool is_full = false;
  for (const ExceptionUse& use : variant.exceptions) {
    const Conditions conditions = check(use.conditions, variables);
    if (conditions.have_failed) {
      // What is granted is not taken back; and where failures are ignored, it does not hold.
      const bool ignores = about().kind == PolicyKind::Validating && about().ignores_failures;
      if (is_full || (ignores && !conditions.is_unknown)) {
        continue;
      }
      response = failed("evaluation", prefix, conditions);
      return true;
    }
    if (!conditions.are_met) {
      continue;
    }
    const PolicyException& exception = *use.exception;
    if (about().kind == PolicyKind::ImageValidating && !exception.is_full()) {
      continue;
    }
    state_.exceptions.push_back(exception.object);
    if (exception.is_full()) {
      is_full = true;
    } else if (!is_full) {
      state_.allowed_images.insert(state_.allowed_images.end(), exception.images.begin(),
                                   exception.images.end());
      state_.allowed_values.insert(state_.allowed_values.end(), exception.values.begin(),
                                   exception.values.end());
    }
  }
  if (is_full) {
    response = excused();
    return true;
  }
  allow(view);
  return false;
}

std::span<const Property> Judgement::kept_properties() {
  return arena().copy(std::span<const Property>{state_.properties});
}

// Fills state_.properties.
bool Judgement::annotate(const Variant& variant, Value& problem, const Expression*& blamed) {
  state_.properties.clear();
  for (const AuditRule& rule : variant.audit) {
    const Value result = value(rule.expression.program);
    if (result.is(ValueKind::String)) {
      if (!result.text().empty()) {
        state_.properties.push_back({.key = rule.key, .value = result.text()});
      }
      continue;
    }
    blamed = &rule.expression;
    if (result.is_error()) {
      problem = cel::make_error(
          arena(), result.as_error().code,
          {"failed to evaluate auditAnnotation '", rule.key, "': ", result.as_error().message});
    } else if (result.is_outcome()) {
      problem = result;
    } else {
      problem = cel::make_error(
          arena(), cel::ErrorCode::Custom,
          {"failed to convert auditAnnotation '", rule.key,
           "' expression: type conversion error from '", cel::type_name(result), "' to 'string'"});
    }
    return false;
  }
  return true;
}

Response Judgement::judge(const Variant& variant, View& view) {
  switch (about().kind) {
    case PolicyKind::Validating:
      return validate(variant, view);
    case PolicyKind::Mutating:
      return mutate(variant, view, false);
    case PolicyKind::Generating:
      return generate(variant, view);
    case PolicyKind::Deleting:
      return decide_deletion(variant, view);
    case PolicyKind::ImageValidating:
      return verify_images(variant, view);
    case PolicyKind::Exception:
      break;
  }
  return {};
}

Response Judgement::judge(const Variant& variant) {
  const kube::Review& review = state_.view.review;
  if (!variant.has_constraints) {
    return {};
  }
  policy_cel::MatchContext context = match_context();
  context.is_any_operation = about().kind == PolicyKind::Deleting;
  const policy_cel::Matched matched = variant.match.match(review, context);
  if (matched.verdict == kube::Match::No) {
    return {};
  }
  Response response =
      variant.is_extraction ? judge_templates(variant) : judge(variant, state_.view);
  response.autogen = variant.autogen;
  const bool matters = rank(response.verdict) > rank(Verdict::Pass) || response.is_changed ||
                       !response.generated.empty();
  if (matched.verdict == kube::Match::Unknown && matters) {
    response = say(Verdict::Unknown, response.rule,
                   arena().concat({"whether the policy applies depends on labels of the namespace "
                                   "\"",
                                   review.name_space, "\", which is not in the input"}));
    response.autogen = variant.autogen;
  }
  return response;
}

Response Judgement::judge() {
  const Mode mode = state_.request.mode;
  const Variant& own = policy_.variants.front();
  if (mode != Mode::Kubernetes) {
    const bool deletes = about().kind == PolicyKind::Deleting && mode == Mode::Json;
    if (about().mode != mode && !deletes) {
      return {};
    }
    return mode == Mode::Json ? judge(own, state_.view) : authorize(own, state_.view);
  }
  if (about().mode == Mode::Json) {
    // An object as a payload: Kyverno's command line does that.
    return {};
  }
  if (about().mode != Mode::Kubernetes) {
    return {};
  }
  // A policy of a namespace speaks about its namespace.
  if (!about().name_space.empty() && about().name_space != state_.view.review.name_space) {
    return {};
  }
  Response worst;
  for (const Variant& variant : policy_.variants) {
    const Response response = judge(variant);
    if (rank(response.verdict) > rank(worst.verdict)) {
      worst = response;
    }
  }
  return worst;
}

}  // namespace tally::kyverno_cel
