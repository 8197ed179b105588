// MutatingAdmissionPolicy: k8s.io/apiserver v0.36 pkg/admission/plugin/policy/mutating
// (dispatcher.go, reinvocationcontext.go, patch/).
#include <algorithm>

#include "admission_policy/internal/admission.hpp"
#include "kube/objects.hpp"
#include "kube/structure.hpp"
#include "policy_cel/apply_configuration.hpp"
#include "policy_cel/json_patch.hpp"

namespace tally::admission_policy {

using cel::Value;
using cel::ValueKind;
using document::Node;

namespace {

constexpr std::size_t kOperationsMax = 100'000;
constexpr std::size_t kNameDepthMax = 200;

bool is_same_invocation(const Invocation& a, const Invocation& b) noexcept {
  return a.policy == b.policy && a.binding == b.binding && a.param == b.param;
}

// dynamic.ObjectVal.CheckTypeNamesMatchFieldPathNames: Object.spec{...} stands under `spec`.
void check_names(Arena& arena, const Value& value, const std::string& path, std::string& problems,
                 std::size_t depth) {
  if (depth > kNameDepthMax) {
    return;
  }
  if (value.is(ValueKind::Map)) {
    const cel::HostMap* host = value.host_map();
    const bool is_object =
        host != nullptr && host->type() != nullptr &&
        (host->type()->name == "Object" || host->type()->name.starts_with("Object."));
    if (is_object && host->type()->name != path) {
      problems += (problems.empty() ? "" : "\n") + std::string("unexpected type name \"") +
                  std::string(host->type()->name) + "\", expected \"" + path +
                  "\", which matches field name path from root Object type";
    }
    for (std::size_t i = 0; i < cel::map_size(value); ++i) {
      const Value key = cel::map_key_at(arena, value, i);
      const std::string below =
          is_object && key.is(ValueKind::String) ? path + "." + std::string(key.text()) : path;
      check_names(arena, cel::map_value_at(arena, value, i), below, problems, depth + 1);
    }
  } else if (value.is(ValueKind::List)) {
    for (std::size_t i = 0; i < cel::list_size(value); ++i) {
      check_names(arena, cel::list_at(arena, value, i), path, problems, depth + 1);
    }
  }
}

std::string_view type_name_of(const Value& value) {
  const cel::HostMap* host = value.host_map();
  return host == nullptr || host->type() == nullptr ? std::string_view{} : host->type()->name;
}

}  // namespace

bool Admission::apply(const Invocation& invocation, const MutationStep& step, const Node& object,
                      const Value& value, Node& patched, std::string& problem) {
  if (step.kind == MutationStep::Kind::ApplyConfiguration) {
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
    const kube::GroupVersionKind& kind = invocation.matched.kind;
    const kube::ApiKind* row = kube::find_kind(kind.group, kind.version, kind.kind);
    if (row == nullptr && table_.context.kinds != nullptr) {
      row = table_.context.kinds->find(kind.group, kind.version, kind.kind);
    }
    auto merged = policy_cel::apply_configuration(
        arena(), object, configuration,
        row == nullptr ? policy_cel::SchemaType{} : policy_cel::SchemaType{*row});
    if (!merged) {
      problem = "error applying patch: " + merged.error();
      return false;
    }
    patched = *merged;
    return true;
  }
  const std::size_t count = cel::list_size(value);
  if (count > kOperationsMax) {
    problem = "JSON Patch: more than " + std::to_string(kOperationsMax) + " operations";
    return false;
  }
  std::vector<policy_cel::PatchOperation> operations;
  operations.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Value entry = cel::list_at(arena(), value, i);
    policy_cel::PatchOperation operation;
    for (std::size_t j = 0; j < cel::map_size(entry); ++j) {
      const Value key = cel::map_key_at(arena(), entry, j);
      const Value field = cel::map_value_at(arena(), entry, j);
      if (key.text() == "value") {
        std::string names;
        if (const std::string_view root = type_name_of(field); root.starts_with("Object")) {
          check_names(arena(), field, std::string(root), names, 0);
        }
        if (!names.empty()) {
          problem = "type mismatch: " + names;
          return false;
        }
        if (!cel::to_node(arena(), field, {.offset = object.offset()}, operation.value)) {
          problem = "JSONPath valueExpression evaluated to a type that could not marshal to JSON";
          return false;
        }
      } else if (field.is(ValueKind::String)) {
        (key.text() == "op"     ? operation.op
         : key.text() == "path" ? operation.path
                                : operation.from) = field.text();
      }
    }
    operations.push_back(operation);
  }
  auto result = policy_cel::apply_json_patch(arena(), object, operations);
  if (!result) {
    if (result.error().is_failed_test) {
      patched = object;  // a failed test: the patch is not applied, and that is no error
      return true;
    }
    problem = "JSON Patch: " + result.error().message;
    return false;
  }
  patched = *result;
  return true;
}

bool Admission::step(const Invocation& invocation, std::uint32_t index) {
  const Policy& policy = *invocation.policy;
  const MutationStep& mutation = policy.mutations[index];
  ObjectView& view = view_of(invocation.matched);
  const policy_cel::InputValues inputs = with_params(view.inputs, invocation);
  state_.evaluation.open(inputs, policy.scope, cel::kCostPerBindingMax);
  const policy_cel::Answer answer = state_.evaluation.run(mutation.expression.program);
  Outcome outcome = outcome_of(invocation, Part::Mutation);
  outcome.index = index;
  outcome.expression = mutation.expression.text;
  outcome.offset = mutation.expression.offset;
  outcome.pointer = mutation.expression.pointer;
  outcome.reason = "Invalid";
  outcome.verdict = Verdict::Error;
  outcome.is_ignored = policy.ignores_failures;
  if (outcome.is_ignored) {
    outcome.actions = {};
  }
  std::string problem;
  Node patched;
  if (answer.is_out_of_budget) {
    problem =
        "validation failed due to running out of cost budget, no further validation rules will be "
        "run";
  } else if (answer.value.is_outcome()) {
    const bool is_error = answer.value.is_error();
    if (!is_error || answer.value.as_error().code == cel::ErrorCode::NotProvided) {
      outcome.verdict = Verdict::Unknown;
    }
    outcome.at = is_error ? answer.value.as_error().offset : 0;
    problem = "expression '" + std::string(mutation.expression.text) +
              (is_error ? "' resulted in error: " + std::string(answer.value.as_error().message)
                        : "' depends on what is not known");
  } else if (apply(invocation, mutation, view.object, answer.value, patched, problem)) {
    if (document::equal(patched, view.object)) {
      return true;
    }
    // The server decodes the result strictly into the kind's type: what does not fit is its error,
    // whatever the failure policy.
    const auto object = kube::object_from_node(patched, review_.source);
    kube::StructureScratch scratch;
    if (object) {
      for (const kube::StructureProblem& one : kube::check_structure(*object, arena(), scratch)) {
        if (one.kind == kube::StructureProblemKind::UnknownField ||
            one.kind == kube::StructureProblemKind::WrongType) {
          outcome.is_ignored = false;
          outcome.actions = {.deny = true};
          outcome.reason = "InternalError";
          outcome.object_pointer = one.pointer;
          outcome.message = arena().concat({"Internal error occurred: ", one.message});
          set_denial(outcome.message, "InternalError", 500);
          say(outcome);
          return false;
        }
      }
    }
    is_changed_ = true;
    object_ = patched;
    if (options_.defaults == Defaults::Apply) {
      object_ = with_defaults(patched, kube::DefaultStage::Decoded);
    }
    review_.object = object_;
    forget_views();
    return true;
  }
  if (invocation.is_match_unknown) {
    outcome.verdict = Verdict::Unknown;
  }
  outcome.message = arena().copy(problem);
  if (outcome.verdict == Verdict::Error) {
    denied(invocation, outcome);
  }
  say(outcome);
  return true;  // the next mutation of the policy is tried all the same
}

void Admission::invoke(const Invocation& invocation) {
  ObjectView& view = view_of(invocation.matched);
  ++evaluated_;
  if (!view.is_known || invocation.matched.kind != review_.kind || invocation.is_match_unknown) {
    // Writing back into another version would need the server's conversion; and whether a policy
    // that may not match changes the object is not known.
    Outcome outcome = outcome_of(invocation, Part::Policy);
    outcome.verdict = Verdict::Unknown;
    outcome.message =
        invocation.is_match_unknown
            ? arena().concat({"whether the policy changes the object depends on labels of the "
                              "namespace \"",
                              review_.name_space, "\", which is not in the input"})
            : arena().concat({"the policy names version ", invocation.matched.kind.version, " of ",
                              invocation.matched.kind.kind,
                              ", and how the API server converts the object is not known"});
    return say(outcome);
  }
  if (check_conditions(invocation, view) != Conditions::Met) {
    return;
  }
  const Policy& policy = *invocation.policy;
  for (std::uint32_t i = 0; i < policy.mutations.size(); ++i) {
    if (!step(invocation, i)) {
      return;
    }
  }
  if (policy.is_reinvoked) {
    state_.reinvocable.push_back(invocation);
  }
}

void Admission::collect_mutations() {
  state_.invocations.clear();
  for (const std::uint32_t candidate : state_.candidates) {
    const Policy& policy = table_.policies[candidate];
    if (policy.kind == PolicyKind::Mutating) {
      collect(policy);
    }
  }
}

void Admission::mutate() {
  const bool any = std::ranges::any_of(state_.candidates, [&](std::uint32_t candidate) {
    return table_.policies[candidate].kind == PolicyKind::Mutating;
  });
  // There is no object to change in a DELETE.
  if (!any || review_.operation == kube::Operation::Delete || !review_.object.is_object()) {
    return;
  }
  if (options_.defaults == Defaults::Apply) {
    review_.object = with_defaults(review_.object, kube::DefaultStage::Decoded);
  }
  collect_mutations();
  for (const Invocation& invocation : state_.invocations) {
    invoke(invocation);
    if (code_ == 500) {
      return;
    }
  }
  // Policies that ask for it see the object once more, after all have changed it; matched anew.
  if (is_denied_ || !is_changed_ || state_.reinvocable.empty()) {
    return;
  }
  std::vector<Invocation> again;
  again.swap(state_.reinvocable);
  collect_mutations();
  const std::vector<Invocation> matching(state_.invocations);
  for (const Invocation& invocation : matching) {
    if (std::ranges::any_of(again, [&](const Invocation& earlier) {
          return is_same_invocation(earlier, invocation);
        })) {
      invoke(invocation);
    }
  }
  state_.reinvocable.clear();
}

}  // namespace tally::admission_policy
