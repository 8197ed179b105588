// Check: a policy that refuses pods leaves the platform's own namespaces alone, or says that it
// does not. Kyverno's default resource filters do so for it; they are an option of the
// installation.
#include <algorithm>
#include <array>

#include "kyverno/internal/match.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::text_at;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "platform-namespaces",
    .title = "Enforced in the platform's own namespaces",
    .description =
        "The policy refuses pods of every namespace, those of kube-system among them, and "
        "relies on the filters of the installation to leave the platform alone. Where they "
        "are changed, a node that is replaced does not come up again.",
    .remedy =
        "Exclude kube-system and the namespace of the policy engine, by name or by "
        "namespaceSelector.",
    .severity = finding::Severity::Info,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

bool is_enforce(std::string_view text) { return text == "Enforce" || text == "enforce"; }

bool is_limited(const FilterView& filter) {
  if (filter.resources == nullptr) {
    return false;
  }
  return std::ranges::any_of(
      std::array<std::string_view, 4>{"namespaces", "namespaceSelector", "names", "selector"},
      [&](std::string_view field) {
        const Node* value = filter.resources->find(field);
        return value != nullptr && value->size() > 0;
      });
}

void run(const PolicyView& policy, Report& report) {
  if (policy.spec == nullptr || policy.object->ref.kind != "ClusterPolicy" ||
      texts_below(*policy.spec).find("kube-") != std::string::npos) {
    return;
  }
  for (const RuleView& rule : policy.rules) {
    if (rule.validate == nullptr || !is_about_pods(rule)) {
      continue;
    }
    std::string_view action = text_at(*rule.validate, "failureAction");
    if (action.empty()) {
      action = text_at(*policy.spec, "validationFailureAction");
    }
    const auto names_namespaces = [](const FilterView& filter) { return is_limited(filter); };
    if (!is_enforce(action) || std::ranges::all_of(rule.match, names_namespaces) ||
        std::ranges::any_of(rule.exclude, names_namespaces)) {
      continue;
    }
    report.add(kRecord, policy, &rule, member_place(*rule.node, rule.pointer, "match"),
               "pods of kube-system and of the policy engine would be refused, too");
    return;  // once for a policy
  }
}

}  // namespace

extern const LintCheck kPlatform;
constinit const LintCheck kPlatform{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
