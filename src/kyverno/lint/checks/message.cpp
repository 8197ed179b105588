// Check: whoever is refused reads why.
#include <array>

#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::text_at;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "message-missing",
    .title = "No message",
    .description =
        "A refusal without a message names the rule and the path only. The person who is "
        "refused has to find the policy to know what to do.",
    .remedy = "Say what is required and how to meet it, in `message` or `messageExpression`.",
    .severity = finding::Severity::Low,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

void judge_list(const PolicyView& policy, const RuleView* rule, const Node* list,
                const std::string& pointer, Report& report) {
  if (list == nullptr || !list->is_array()) {
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Node& one = list->items()[i];
    if (one.is_object() && text_at(one, "message").empty() &&
        text_at(one, "messageExpression").empty()) {
      report.add(kRecord, policy, rule,
                 {.pointer = pointer + "/" + std::to_string(i), .offset = one.offset()},
                 "the expression has neither `message` nor `messageExpression`");
    }
  }
}

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    if (rule.validate == nullptr || !text_at(*rule.validate, "message").empty()) {
      continue;
    }
    if (const Node* cel = rule.validate->find("cel"); cel != nullptr) {
      judge_list(policy, &rule, cel->find("expressions"),
                 rule.pointer + "/validate/cel/expressions", report);
      continue;
    }
    // These write their own.
    if (rule.validate->find("podSecurity") != nullptr ||
        rule.validate->find("manifests") != nullptr) {
      continue;
    }
    report.add(kRecord, policy, &rule, member_place(*rule.node, rule.pointer, "validate"),
               "`validate` has no `message`");
  }
  if (policy.spec != nullptr &&
      (policy.dialect == Dialect::Native || policy.dialect == Dialect::Cel)) {
    judge_list(policy, nullptr, policy.spec->find("validations"), "/spec/validations", report);
  }
}

}  // namespace

extern const LintCheck kMessage;
constinit const LintCheck kMessage{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
