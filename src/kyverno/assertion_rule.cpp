// validate.assert: Kyverno 1.18 pkg/engine/handlers/validation/validate_assert.go. Kyverno 1.19
// keeps the field without any effect; a policy that carries one is judged here as it was before.
#include <fmt/format.h>

#include "kyverno/internal/judgement.hpp"

namespace tally::kyverno::internal {

using document::Node;

namespace {

// `$name` of the rule's context, loaded when it is first asked for.
class ContextVariables final : public jmespath::Variables {
 public:
  ContextVariables(Context& context, const Node* entries) : context_(context), entries_(entries) {}

  [[nodiscard]] Answer resolve(std::string_view name) const override {
    for (std::size_t i = 0; entries_ != nullptr && i < entries_->size(); ++i) {
      if (text_at(entries_->items()[i], "name") != name) {
        continue;
      }
      Outcome<Node> value = context_.query(name);
      if (!value) {
        is_world_missing_ = is_world_missing_ || value.error().is_world_missing;
        return std::unexpected(std::move(value.error().message));
      }
      return *value;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool is_world_missing() const noexcept { return is_world_missing_; }

 private:
  Context& context_;
  const Node* entries_;
  mutable bool is_world_missing_ = false;
};

}  // namespace

// What upstream holds as structs of Go (admissionInfo, operation) can be compared here like
// everything else. An object that is not there is an empty map, not null.
Node Judgement::assertion_input() {
  const kube::Review& review = *request_.review;
  const auto texts = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> of) {
    ObjectParts parts;
    for (const auto& [key, text] : of) {
      parts.set(key, text_node(text));
    }
    return parts.make(arena_);
  };
  const auto list = [&](std::span<const std::string_view> of) {
    std::vector<Node> nodes;
    for (const std::string_view text : of) {
      nodes.push_back(text_node(text));
    }
    return Node::make_array(arena_, nodes, 0);
  };
  const Node empty = ObjectParts{}.make(arena_);
  ObjectParts user;
  user.set("username", text_node(review.user_info.username));
  user.set("UID", text_node(review.user_info.uid));
  user.set("groups", review.user_info.groups);
  user.set("extra", review.user_info.extra);
  ObjectParts info;
  info.set("roles", list(request_.roles));
  info.set("clusterRoles", list(request_.cluster_roles));
  info.set("admissionUserInfo", user.make(arena_));

  ObjectParts input;
  input.set("object", object_.is_null() ? empty : jmespath::go_integers(object_, arena_));
  input.set("oldObject",
            old_object_.is_null() ? empty : jmespath::go_integers(old_object_, arena_));
  input.set("admissionInfo", info.make(arena_));
  input.set("operation", text_node(operation_));
  input.set("namespaceLabels",
            request_.namespace_labels.is_null() ? empty : request_.namespace_labels);
  input.set("admissionOperation", Node::make_bool(request_.is_admission, 0));
  input.set("requestResource", texts({{"group", review.resource.group},
                                      {"version", review.resource.version},
                                      {"resource", review.resource.resource}}));
  input.set("resourceKind", texts({{"group", review.kind.group},
                                   {"version", review.kind.version},
                                   {"kind", review.kind.kind},
                                   {"subResource", review.subresource}}));
  return input.make(arena_);
}

Judgement::Said Judgement::validate_assertion(const Rule& rule,
                                              std::vector<Assertion::Mismatch>* further) {
  if (!rule.assertion) {
    return error("failed to apply assertion", {.message = "the assertion does not compile"});
  }
  need_rule_context(rule);
  const ContextVariables variables(context_, rule.context);
  Assertion::Outcome outcome =
      rule.assertion->check(assertion_input(), arena_, variables,
                            request_.world == nullptr ? nullptr : request_.world->functions());
  if (!outcome) {
    return error("failed to apply assertion", {.message = std::move(outcome).error(),
                                               .is_world_missing = variables.is_world_missing()});
  }
  if (outcome->empty()) {
    return {.verdict = Verdict::Pass,
            .message = arena_.concat(
                {"Validation rule '", policy_.records[rule.record].name, "' passed."})};
  }
  // The pointer leads into the object when the error does.
  for (Assertion::Mismatch& mismatch : *outcome) {
    constexpr std::string_view kObject = "/object";
    const bool is_inside = mismatch.pointer.starts_with("/object/");
    mismatch.pointer = is_inside ? mismatch.pointer.substr(kObject.size()) : std::string_view{};
  }
  if (further != nullptr) {
    further->assign(outcome->begin() + 1, outcome->end());
  }
  return {.verdict = Verdict::Fail,
          .message = outcome->front().message,
          .pointer = outcome->front().pointer};
}

}  // namespace tally::kyverno::internal
