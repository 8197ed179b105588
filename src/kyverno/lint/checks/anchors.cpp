// Check: anchors stand where they mean something (src/pattern/anchor_problems.hpp has the rules).
#include <fmt/format.h>

#include <array>

#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"
#include "pattern/anchor_problems.hpp"

namespace tally::kyverno::lint {

using document::Node;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "anchor-place",
    .title = "Anchor in the wrong place",
    .description =
        "Kyverno refuses the policy: the anchor has no meaning where it stands, such as "
        "`+()` in a validation or `^()` over something that is no list.",
    .remedy =
        "Use `=()` for a field that may be absent, `()` to choose elements, `^()` over lists, and "
        "`+()` in mutations only.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

void judge(const PolicyView& policy, const RuleView& rule, const Node& node,
           const std::string& pointer, pattern::AnchorUse use, Report& report) {
  for (const pattern::AnchorProblem& problem : pattern::find_anchor_problems(node, use)) {
    report.add(kRecord, policy, &rule,
               {.pointer = pointer + problem.pointer, .offset = problem.offset}, problem.message);
  }
}

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    for (const PatternView& pattern : patterns_of(rule)) {
      judge(policy, rule, *pattern.node, pattern.pointer, pattern::AnchorUse::Validate, report);
    }
    if (const Node* data = internal::at(*rule.node, {"generate", "data"}); data != nullptr) {
      judge(policy, rule, *data, rule.pointer + "/generate/data", pattern::AnchorUse::Generate,
            report);
    }
  }
}

}  // namespace

extern const LintCheck kAnchors;
constinit const LintCheck kAnchors{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
