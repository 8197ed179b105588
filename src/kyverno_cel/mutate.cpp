// MutatingPolicy: pkg/cel/policies/mpol/compiler/{policy,applyconfig,json}.go.
#include "kyverno_cel/internal/judgement.hpp"
#include "kyverno_cel/internal/nodes.hpp"
#include "policy_cel/apply_configuration.hpp"
#include "policy_cel/json_patch.hpp"

namespace tally::kyverno_cel {

using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

constexpr std::size_t kOperationsMax = 100'000;
constexpr std::size_t kNameDepthMax = 200;

// dynamic.ObjectVal.CheckTypeNamesMatchFieldPathNames: Object.spec{...} stands under `spec`.
void check_names(Arena& arena, const Value& value, const std::string& path, std::string& problems,
                 std::size_t depth) {
  if (depth > kNameDepthMax) {
    return;
  }
  if (value.is(ValueKind::List)) {
    for (std::size_t i = 0; i < cel::list_size(value); ++i) {
      check_names(arena, cel::list_at(arena, value, i), path, problems, depth + 1);
    }
    return;
  }
  if (!value.is(ValueKind::Map)) {
    return;
  }
  const cel::HostMap* host = value.host_map();
  const std::string_view name =
      host == nullptr || host->type() == nullptr ? std::string_view{} : host->type()->name;
  const bool is_object = name == "Object" || name.starts_with("Object.");
  if (is_object && name != path) {
    problems += (problems.empty() ? "" : "\n") + ("unexpected type name \"" + std::string(name)) +
                "\", expected \"" + path +
                "\", which matches field name path from root Object type";
  }
  for (std::size_t i = 0; i < cel::map_size(value); ++i) {
    const Value key = cel::map_key_at(arena, value, i);
    const std::string below =
        is_object && key.is(ValueKind::String) ? path + "." + std::string(key.text()) : path;
    check_names(arena, cel::map_value_at(arena, value, i), below, problems, depth + 1);
  }
}

bool read_operation(Arena& arena, const Value& entry, std::uint32_t offset,
                    policy_cel::PatchOperation& operation, std::string& problem) {
  for (std::size_t i = 0; i < cel::map_size(entry); ++i) {
    const Value key = cel::map_key_at(arena, entry, i);
    const Value field = cel::map_value_at(arena, entry, i);
    if (key.text() != "value") {
      if (field.is(ValueKind::String)) {
        (key.text() == "op"     ? operation.op
         : key.text() == "path" ? operation.path
                                : operation.from) = field.text();
      }
      continue;
    }
    const cel::HostMap* host = field.is(ValueKind::Map) ? field.host_map() : nullptr;
    if (host != nullptr && host->type() != nullptr && host->type()->name.starts_with("Object")) {
      std::string names;
      check_names(arena, field, std::string(host->type()->name), names, 0);
      if (!names.empty()) {
        problem = "type mismatch: " + names;
        return false;
      }
    }
    if (!cel::to_node(arena, field, {.offset = offset}, operation.value)) {
      problem = "JSONPath valueExpression evaluated to a type that could not marshal to JSON";
      return false;
    }
  }
  return true;
}

}  // namespace

bool Judgement::apply(const MutationStep& step, const View& view, const Value& value, Node& patched,
                      std::string& problem) {
  const Node& object = view.review.object;
  if (step.kind == MutationStep::Kind::JsonPatch) {
    const std::size_t count = cel::list_size(value);
    if (count > kOperationsMax) {
      problem = "JSON Patch: more than " + std::to_string(kOperationsMax) + " operations";
      return false;
    }
    std::vector<policy_cel::PatchOperation> operations(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (!read_operation(arena(), cel::list_at(arena(), value, i), object.offset(), operations[i],
                          problem)) {
        return false;
      }
    }
    auto result = policy_cel::apply_json_patch(arena(), object, operations);
    if (result) {
      patched = *result;
      return true;
    }
    if (result.error().is_failed_test) {
      patched = object;  // a failed test: the patch is not applied, and that is no error
      return true;
    }
    problem = "JSON Patch: " + result.error().message;
    return false;
  }
  std::string names;
  check_names(arena(), value, "Object", names, 0);
  if (!names.empty()) {
    problem = "type mismatch: " + names;
    return false;
  }
  Node configuration;
  if (!cel::to_node(arena(), value, {.offset = object.offset()}, configuration)) {
    problem = "invalid return type: a value that has no JSON form";
    return false;
  }
  const kube::GroupVersionKind& kind = view.review.kind;
  const kube::ApiKind* row = kube::find_kind(kind.group, kind.version, kind.kind);
  if (row == nullptr && table_.kinds != nullptr) {
    row = table_.kinds->find(kind.group, kind.version, kind.kind);
  }
  auto merged = policy_cel::apply_configuration(
      arena(), object, configuration,
      row == nullptr ? policy_cel::SchemaType{} : policy_cel::SchemaType{*row},
      policy_.applies_by_server ? policy_cel::Atomics::Replaced : policy_cel::Atomics::Refused,
      policy_cel::Original::AsWritten);
  if (!merged) {
    problem = "error applying patch: " + merged.error();
    return false;
  }
  patched = *merged;
  return true;
}

Response Judgement::mutate(const Variant& variant, View& view, bool is_target) {
  constexpr std::string_view kPrefix = "failed to evaluate policy";
  if (!view.review.object.is_object()) {
    return {};  // there is no object to change in a DELETE
  }
  View own = view;
  open(own, variant);
  Response response;
  if (excuse(variant, own, Variables::Hidden, kPrefix, response)) {
    return response;
  }
  const Conditions conditions =
      check(is_target ? variant.target_conditions : variant.conditions, Variables::Seen);
  if (conditions.have_failed) {
    return failed("evaluation", kPrefix, conditions);
  }
  if (!conditions.are_met) {
    return say(Verdict::Skip, "", "skip");
  }
  const Node before = own.review.object;
  own.inputs.variables_since = own.inputs.object;
  // A policy with targets changes them, not the object that triggers it.
  const std::size_t steps = about().has_targets && !is_target ? 0 : variant.mutations.size();
  for (std::size_t i = 0; i < steps; ++i) {
    const MutationStep& step = variant.mutations[i];
    const Value found = value(step.expression.program);
    if (found.is_outcome()) {
      return failed("evaluation", kPrefix, step.expression, i, found);
    }
    Node patched;
    std::string problem;
    if (!apply(step, own, found, patched, problem)) {
      return failed("evaluation", kPrefix, step.expression, i,
                    cel::make_error(arena(), cel::ErrorCode::Custom, problem));
    }
    // The next one sees the object as it is now; `request` and variables that were read stay as
    // they were (policy.go, appendVariables: lazy.MapValue).
    own.review.object = patched;
    own.inputs.object = state_.next_number++;
    own.inputs.values[static_cast<std::size_t>(policy_cel::Input::Object)] =
        Value::from_node(*arena().create<Node>(patched));
    state_.evaluation.open(own.inputs, variant.scope, UINT64_MAX);
  }
  const Expression* blamed = nullptr;
  Value problem;
  if (!annotate(variant, problem, blamed)) {
    return failed("evaluation", kPrefix, *blamed, 0, problem);
  }
  response = say(Verdict::Pass, "", "success");
  response.properties = kept_properties();
  response.object = own.review.object;
  response.is_changed = steps != 0 && !document::equal(before, own.review.object);
  if (!state_.exceptions.empty()) {
    response.exceptions = arena().copy(std::span<const kube::Object* const>{state_.exceptions});
  }
  return response;
}

// Is this object one that the policy's targetMatchConstraints select, for the request that is open?
bool Judgement::is_selected(const Variant& variant, const kube::Object& target) {
  if (policy_.target_expression.program != policy_cel::kNoProgram) {
    open(state_.view, variant);
    Node found;
    const Value value_found = value(policy_.target_expression.program);
    if (!value_found.is(ValueKind::Map) || !cel::to_node(arena(), value_found, {}, found)) {
      return false;
    }
    const Node* items = found.find("items");
    const std::span<const Node> objects =
        items != nullptr && items->is_array() ? items->items() : std::span<const Node>{&found, 1};
    for (const Node& object : objects) {
      const std::string_view kind = text_at(object, {"kind"});
      if (text_at(object, {"metadata", "name"}) == target.ref.name &&
          text_at(object, {"metadata", "namespace"}) == target.ref.name_space &&
          (kind.empty() || kind == target.ref.kind)) {
        return true;
      }
    }
    return false;
  }
  policy_cel::MatchContext context = match_context();
  context.is_any_operation = true;
  const kube::Review review =
      kube::Review::from_file_object(target, state_.view.review.name_space, arena());
  const policy_cel::MatchResources& match =
      policy_.has_target_rules ? policy_.target_match : variant.match;
  return match.match(review, context).verdict == kube::Match::Yes;
}

Response Judgement::judge_target(const kube::Object& target) {
  const Variant& own = policy_.variants.front();
  if (about().kind != PolicyKind::Mutating || !about().mutates_existing ||
      state_.request.mode != Mode::Kubernetes) {
    return {};
  }
  // The trigger must be the policy's business.
  if (!own.has_constraints ||
      own.match.match(state_.view.review, match_context()).verdict != kube::Match::Yes) {
    return {};
  }
  open(state_.view, own);
  if (!check(own.conditions, Variables::Seen).are_met || !is_selected(own, target)) {
    return {};
  }
  kube::Review review =
      kube::Review::from_file_object(target, state_.view.review.name_space, arena());
  View view = view_of(review, false);
  return mutate(own, view, true);
}

}  // namespace tally::kyverno_cel
