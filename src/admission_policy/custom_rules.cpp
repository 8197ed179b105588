// Checking objects: apiextensions-apiserver v0.36 pkg/apiserver/schema/cel/validation.go.
#include "admission_policy/custom_rules.hpp"

#include <algorithm>
#include <optional>

#include "admission_policy/internal/custom_rules_table.hpp"
#include "admission_policy/internal/scratch_state.hpp"
#include "document/json_writer.hpp"
#include "policy_cel/schema_type.hpp"
#include "policy_cel/schema_values.hpp"

namespace tally::admission_policy {

using cel::Value;
using cel::ValueKind;
using document::Node;
using policy_cel::SchemaPlace;

CustomRules::CustomRules() : table_(std::make_unique<Table>()) {}
CustomRules::CustomRules(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
CustomRules::~CustomRules() = default;
CustomRules::CustomRules(CustomRules&&) noexcept = default;
CustomRules& CustomRules::operator=(CustomRules&&) noexcept = default;

namespace {

constexpr std::size_t kMessageBytesMax = 5 * 1024;

// One object being checked.
class RuleCheck {
 public:
  RuleCheck(const KindRules& rules, Scratch::State& state) : rules_(rules), state_(state) {}

  void run(const Node& object, const Node* old) {
    const kube::CustomSchema& schema = *rules_.kind->schema;
    visit(object, old, {.schema = &schema, .node = &schema.root(), .is_resource_root = true}, false,
          0);
  }
  [[nodiscard]] std::string message() const {
    if (errors_.size() == 1) {
      return errors_.front();
    }
    std::string out = "[";
    for (const std::string& error : errors_) {
      out += (out.size() > 1 ? ", " : "") + error;
    }
    return out + "]";
  }

 private:
  Arena& arena() { return state_.rule_evaluator.arena(); }

  void visit(const Node& node, const Node* old, const SchemaPlace& place, bool parent_unchanged,
             std::size_t depth) {
    const std::size_t position =
        static_cast<std::size_t>(place.node - place.schema->nodes().data());
    if (depth > kSchemaDepthMax || node.is_null() || is_spent_ ||
        !rules_.has_rules_below[position]) {
      return;
    }
    if (old != nullptr && old->is_null()) {
      old = nullptr;
    }
    // Ratcheting: what has not changed is not refused anew.
    const bool unchanged = old != nullptr ? document::equal(node, *old) : parent_unchanged;
    if (const auto found = rules_.rules.find(place.node); found != rules_.rules.end()) {
      evaluate(found->second, node, old, place, unchanged);
    }
    const std::size_t path_size = path_.size();
    const std::size_t pointer_size = pointer_.size();
    const auto child = [&](const Node& value, const Node* old_value, kube::SchemaIndex index,
                           const std::string& step, std::string_view key) {
      const kube::SchemaNode& schema = place.schema->node(index);
      path_ += step;
      pointer_ += '/';
      for (const char c : key) {
        pointer_ += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      }
      visit(value, old_value,
            {.schema = place.schema, .node = &schema, .is_resource_root = schema.is_embedded},
            unchanged, depth + 1);
      path_.resize(path_size);
      pointer_.resize(pointer_size);
    };
    if (node.is_array() && place.node->items != kube::kNoSchema) {
      for (std::size_t i = 0; i < node.size(); ++i) {
        child(node.items()[i], correlated(*place.node, node.items()[i], old), place.node->items,
              "[" + std::to_string(i) + "]", std::to_string(i));
      }
    } else if (node.is_object()) {
      for (const document::Member member : node.members()) {
        const std::string name(member.key);
        const Node* old_value = old == nullptr ? nullptr : old->find(member.key);
        if (place.node->additional != kube::kNoSchema) {
          child(member.value, old_value, place.node->additional, "[" + name + "]", name);
          continue;
        }
        for (const auto& property : place.schema->properties(*place.node)) {
          if (property.name == member.key) {
            child(member.value, old_value, property.schema, (path_.empty() ? "" : ".") + name,
                  name);
            break;
          }
        }
      }
    }
  }

  // makeMapList: only elements of lists with keys know their old selves.
  static const Node* correlated(const kube::SchemaNode& list, const Node& item, const Node* old) {
    if (old == nullptr || list.list != kube::ListKind::Map || !item.is_object()) {
      return nullptr;
    }
    for (const Node& other : old->items()) {
      const bool same = std::ranges::all_of(list.list_map_keys, [&](const Node& key) {
        const Node* a = item.find(key.text());
        const Node* b = other.find(key.text());
        return a == b || (a != nullptr && b != nullptr && document::equal(*a, *b));
      });
      if (same) {
        return &other;
      }
    }
    return nullptr;
  }

  static std::string_view type_word(const kube::SchemaNode& node) {
    switch (node.type) {
      case kube::SchemaType::Object:
        return "object";
      case kube::SchemaType::Array:
        return "array";
      case kube::SchemaType::String:
        return "string";
      case kube::SchemaType::Integer:
        return "integer";
      case kube::SchemaType::Number:
        return "number";
      case kube::SchemaType::Boolean:
        return "boolean";
      case kube::SchemaType::Any:
      case kube::SchemaType::IntOrString:
        break;
    }
    return "";
  }

  void say(const CompiledRule& rule, Verdict verdict, std::string_view message,
           const std::string& error, std::string_view reason, std::uint32_t at) {
    std::string path = path_;
    std::string pointer = pointer_;
    if (verdict == Verdict::Fail) {
      pointer += rule.field_pointer;
    }
    state_.outcomes.push_back({.kind = PolicyKind::CustomResource,
                               .policy = rules_.definition,
                               .policy_name = rules_.definition == nullptr
                                                  ? rules_.kind->kind
                                                  : rules_.definition->ref.name,
                               .binding = nullptr,
                               .binding_name = {},
                               .param = nullptr,
                               .part = Part::Rule,
                               .index = rule.index,
                               .expression = rule.rule,
                               .offset = rule.offset,
                               .pointer = rule.pointer,
                               .at = at,
                               .verdict = verdict,
                               .actions = {.deny = true},
                               .is_ignored = false,
                               .message = arena().copy(message),
                               .reason = reason,
                               .object_pointer = arena().copy(pointer)});
    errors_.push_back(error);
  }

  void say_invalid(const CompiledRule& rule, const SchemaPlace& place, const std::string& message,
                   std::uint32_t at = 0) {
    const std::string where = path_.empty() ? "<nil>" : path_;
    say(rule, Verdict::Error, message,
        where + ": Invalid value: \"" + std::string(type_word(*place.node)) + "\": " + message,
        "FieldValueInvalid", at);
  }

  // The budget of the whole object; false when it is spent.
  bool pay(const CompiledRule& rule, const SchemaPlace& place) {
    const std::uint64_t cost = state_.rule_evaluator.cost();
    if (cost > budget_) {
      say_invalid(rule, place,
                  "validation failed due to running out of cost budget, no further validation "
                  "rules will be run");
      is_spent_ = true;
      return false;
    }
    budget_ -= cost;
    return true;
  }

  std::optional<std::string> computed_message(const CompiledRule& rule,
                                              std::span<const Value> variables) {
    if (!rule.message_program) {
      return std::nullopt;
    }
    const Value value = state_.rule_evaluator.evaluate(*rule.message_program, variables,
                                                       {.cost_max = cel::kCostPerCallMax});
    budget_ -= std::min(budget_, state_.rule_evaluator.cost());
    if (!value.is(ValueKind::String)) {
      return std::nullopt;
    }
    const std::string_view text = trimmed(value.text());
    if (text.empty() || text.size() > kMessageBytesMax ||
        text.find('\n') != std::string_view::npos) {
      return std::nullopt;
    }
    return std::string(text);
  }

  void evaluate(const std::vector<CompiledRule>& rules, const Node& node, const Node* old,
                const SchemaPlace& place, bool unchanged) {
    const Value self = policy_cel::schema_value(arena(), node, place);
    const Value old_self =
        old == nullptr ? Value::null() : policy_cel::schema_value(arena(), *old, place);
    for (const CompiledRule& rule : rules) {
      if (is_spent_) {
        return;
      }
      if (rule.uses_old && old == nullptr && !rule.is_optional_old) {
        continue;  // transition rules need something to compare with
      }
      const Value optional =
          old == nullptr ? Value::optional(nullptr) : cel::make_optional(arena(), old_self);
      const Value variables[2] = {self, rule.is_optional_old ? optional : old_self};
      const Value value = state_.rule_evaluator.evaluate(rule.program, variables,
                                                         {.cost_max = cel::kCostPerCallMax});
      if (!pay(rule, place)) {
        return;
      }
      if (value.is_true()) {
        continue;
      }
      if (value.is_outcome()) {
        say_error(rule, place, value);
        continue;
      }
      if (!rule.uses_old && unchanged) {
        continue;
      }
      std::string message =
          computed_message(rule, variables)
              .value_or(rule.message.empty() ? "failed rule: " + std::string(trimmed(rule.rule))
                                             : std::string(trimmed(rule.message)));
      say_failure(rule, node, place, message);
    }
  }

  void say_error(const CompiledRule& rule, const SchemaPlace& place, const Value& value) {
    const std::string text(value.is_error() ? value.as_error().message : "unknown");
    const std::uint32_t at = value.is_error() ? value.as_error().offset : 0;
    if (text.starts_with("no such overload")) {
      say_invalid(rule, place,
                  "'" + text +
                      "': call arguments did not match a supported operator, function or macro "
                      "signature for rule: " +
                      std::string(rule.text()),
                  at);
    } else if (value.is_error() && value.as_error().code == cel::ErrorCode::CostLimit) {
      say_invalid(rule, place,
                  "'" + text +
                      "': no further validation rules will be run due to call cost exceeds limit "
                      "for rule: " +
                      std::string(rule.text()),
                  at);
      is_spent_ = true;
    } else {
      say_invalid(rule, place, text + " evaluating rule: " + std::string(rule.text()), at);
    }
  }

  // fieldErrorForReason
  void say_failure(const CompiledRule& rule, const Node& node, const SchemaPlace& place,
                   const std::string& message) {
    std::string where = path_;
    if (!rule.field_path.empty()) {
      where += (where.empty() ? "" : ".") + rule.field_path;
    }
    if (where.empty()) {
      where = "<nil>";
    }
    std::string found;  // the value, of scalars
    if (place.node->type != kube::SchemaType::Object &&
        place.node->type != kube::SchemaType::Array) {
      document::append_json(found, node);
      found = ": " + found;
    }
    const std::string_view reason =
        rule.reason.empty() ? std::string_view{"FieldValueInvalid"} : rule.reason;
    const std::string error = reason == "FieldValueForbidden"  ? ": Forbidden: " + message
                              : reason == "FieldValueRequired" ? ": Required value: " + message
                              : reason == "FieldValueDuplicate"
                                  ? ": Duplicate value" + found
                                  : ": Invalid value" + found + ": " + message;
    say(rule, Verdict::Fail, message, where + error, reason, 0);
  }

  const KindRules& rules_;
  Scratch::State& state_;
  std::string path_;
  std::string pointer_;
  std::uint64_t budget_ = cel::kCostPerBindingMax;
  bool is_spent_ = false;
  std::vector<std::string> errors_;
};

}  // namespace

RuleVerdicts CustomRules::check(const kube::Review& review, Scratch& scratch) const {
  if (table_->kinds.empty() || !review.object.is_object() || !review.subresource.empty() ||
      (review.operation != kube::Operation::Create &&
       review.operation != kube::Operation::Update)) {
    return {};
  }
  const auto found = table_->by_identity.find(
      identity_of(review.kind.group, review.kind.version, review.kind.kind));
  if (found == table_->by_identity.end()) {
    return {};
  }
  Scratch::State& state = scratch.state();
  state.outcomes.clear();
  state.rule_evaluator.reset();
  Arena& arena = state.rule_evaluator.arena();
  const kube::CustomSchema& schema = *found->second->kind->schema;
  const Node object = policy_cel::with_schema_defaults(arena, review.object, schema);
  const bool has_old = review.operation == kube::Operation::Update && review.old_object.is_object();
  const Node old =
      has_old ? policy_cel::with_schema_defaults(arena, review.old_object, schema) : Node{};
  RuleCheck check(*found->second, state);
  check.run(object, has_old ? &old : nullptr);
  if (state.outcomes.empty()) {
    return {};
  }
  // errors.NewInvalid
  std::string text(review.kind.kind);
  text += review.kind.group.empty() ? "" : "." + std::string(review.kind.group);
  text += " \"" + std::string(review.name) + "\" is invalid: " + check.message();
  return {.outcomes = state.outcomes, .message = arena.copy(text)};
}

}  // namespace tally::admission_policy
