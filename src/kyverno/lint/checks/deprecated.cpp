// Checks: what upstream has deprecated (Kyverno 1.19.1: api/kyverno/v1/spec_types.go,
// pkg/deprecations, pkg/engine/variables/operator). All of it is applied here unchanged.
#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"
#include "pattern/condition.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::text_at;

namespace {

constexpr finding::Check kFieldRecord{
    .engine = kEngine,
    .policy = {},
    .id = "deprecated-field",
    .title = "Deprecated field",
    .description = "Kyverno has deprecated this field or form. It is applied here all the same.",
    .remedy = "Use what the finding names.",
    .severity = finding::Severity::Low,
    .controls = {},
    .references = {}};
constexpr finding::Check kOperatorRecord{
    .engine = kEngine,
    .policy = {},
    .id = "deprecated-operator",
    .title = "Deprecated operator",
    .description =
        "`In`, `NotIn` and the Duration operators are deprecated in Kyverno: what `In` means "
        "for lists was never clear, and the plain comparisons read durations.",
    .remedy = "Use what the finding names.",
    .severity = finding::Severity::Low,
    .controls = {},
    .references = {}};
constexpr finding::Check kKindRecord{
    .engine = kEngine,
    .policy = {},
    .id = "deprecated-kind",
    .title = "Kind that upstream will remove",
    .description =
        "Kyverno has deprecated the kinds of kyverno.io and will remove them. They run here "
        "unchanged.",
    .remedy =
        "Nothing has to be done for this program. For Kyverno itself, move to the kinds of "
        "policies.kyverno.io.",
    .severity = finding::Severity::Info,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kFieldRecord, &kOperatorRecord, &kKindRecord};

struct Old {
  std::string_view field;
  std::string_view instead;
};
constexpr auto kOfSpec = std::to_array<Old>({
    {"validationFailureAction", "`failureAction` under `validate` of each rule"},
    {"validationFailureActionOverrides", "`failureActionOverrides` under `validate` of each rule"},
    {"failurePolicy", "`webhookConfiguration.failurePolicy`"},
    {"webhookTimeoutSeconds", "`webhookConfiguration.timeoutSeconds`"},
    {"schemaValidation", "nothing: it has no effect"},
    {"mutateExistingOnPolicyUpdate", "`mutateExistingOnPolicyUpdate` under `mutate` of each rule"},
    {"generateExistingOnPolicyUpdate", "`generateExisting` under `generate` of each rule"},
    {"generateExisting", "`generateExisting` under `generate` of each rule"},
});

constexpr auto kOfImages = std::to_array<Old>({
    {"image", "`imageReferences`"},
    {"key", "`attestors` with `keys`"},
    {"roots", "`attestors` with `keyless`"},
    {"subject", "`attestors` with `keyless`"},
    {"issuer", "`attestors` with `keyless`"},
    {"additionalExtensions", "`attestors` with `keyless`"},
    {"annotations", "`annotations` of each attestor"},
});

void judge_block(const PolicyView& policy, const RuleView& rule, std::string_view field,
                 Report& report) {
  const Node* block = rule.node->find(field);
  const std::string pointer = fmt::format("{}/{}", rule.pointer, field);
  if (block != nullptr && block->find("resources") != nullptr) {
    report.add(kFieldRecord, policy, &rule, member_place(*block, pointer, "resources"),
               fmt::format("`{}.resources` is the old form; use `any` or `all`", field));
  }
  for (const FilterView& filter : field == "match" ? rule.match : rule.exclude) {
    if (filter.resources != nullptr && !text_at(*filter.resources, "name").empty()) {
      report.add(kFieldRecord, policy, &rule,
                 member_place(*filter.resources, filter.pointer + "/resources", "name"),
                 "`name` is deprecated; use `names`");
    }
  }
}

std::string instead_of(std::string_view op) {
  const auto parsed = pattern::parse_operator(op);
  if (!parsed || !pattern::is_deprecated(*parsed)) {
    return {};
  }
  const std::string_view name = pattern::operator_name(*parsed);
  if (name == "In") {
    return "`AnyIn` or `AllIn`";
  }
  if (name == "NotIn") {
    return "`AnyNotIn` or `AllNotIn`";
  }
  return fmt::format("`{}`", name.substr(std::string_view("Duration").size()));
}

void judge_rule(const PolicyView& policy, const RuleView& rule, Report& report) {
  judge_block(policy, rule, "match", report);
  judge_block(policy, rule, "exclude", report);
  if (const Node* images = rule.node->find("verifyImages");
      images != nullptr && images->is_array()) {
    for (std::size_t i = 0; i < images->size(); ++i) {
      for (const Old& old : kOfImages) {
        if (images->items()[i].find(old.field) != nullptr) {
          report.add(kFieldRecord, policy, &rule,
                     member_place(images->items()[i],
                                  fmt::format("{}/verifyImages/{}", rule.pointer, i), old.field),
                     fmt::format("`{}` is deprecated; use {}", old.field, old.instead));
        }
      }
    }
  }
  if (const Node* validate = rule.node->find("validate");
      validate != nullptr && validate->find("assert") != nullptr) {
    report.add(kFieldRecord, policy, &rule,
               member_place(*validate, rule.pointer + "/validate", "assert"),
               "`assert` has no effect since Kyverno 1.19; use `validate.cel` or a "
               "ValidatingPolicy");
  }
  std::string pointer = rule.pointer;
  walk(*rule.node, pointer,
       [&](const Node& value, const std::string& at, std::string_view key, std::uint32_t offset) {
         if (key == "pattern" || key == "anyPattern" || key == "data" || key == "cel" ||
             key == "assert") {
           return false;
         }
         if ((key == "preconditions" || key == "conditions") && value.is_array() &&
             value.size() > 0 && text_at(value.items().front(), "operator") != "" &&
             at.find("/verifyImages/") == std::string::npos) {
           report.add(
               kFieldRecord, policy, &rule, {.pointer = at, .offset = offset},
               fmt::format("a plain list under `{}` is the old form; use `all` or `any`", key));
         }
         if (key == "operator" && value.is_string()) {
           if (const std::string instead = instead_of(value.text()); !instead.empty()) {
             report.add(kOperatorRecord, policy, &rule, {.pointer = at, .offset = value.offset()},
                        fmt::format("`{}` is deprecated; use {}", excerpt(value.text()), instead));
           }
         }
         return true;
       });
}

void run(const PolicyView& policy, Report& report) {
  if (policy.dialect != Dialect::Classic && policy.dialect != Dialect::Cleanup) {
    return;
  }
  constexpr std::array<Old, 4> kKinds{{
      {"ClusterPolicy",
       "ValidatingPolicy, MutatingPolicy, GeneratingPolicy or ImageValidatingPolicy"},
      {"Policy", "NamespacedValidatingPolicy and the other namespaced kinds"},
      {"ClusterCleanupPolicy", "DeletingPolicy"},
      {"CleanupPolicy", "NamespacedDeletingPolicy"},
  }};
  for (const Old& kind : kKinds) {
    if (policy.object->ref.kind == kind.field) {
      report.add(
          kKindRecord, policy, nullptr, member_place(policy.object->root, "", "kind"),
          fmt::format("upstream has deprecated {}; its successor is {}", kind.field, kind.instead));
    }
  }
  if (policy.spec == nullptr) {
    return;
  }
  if (policy.dialect == Dialect::Classic) {
    for (const Old& old : kOfSpec) {
      if (policy.spec->find(old.field) != nullptr) {
        report.add(kFieldRecord, policy, nullptr, member_place(*policy.spec, "/spec", old.field),
                   fmt::format("`{}` is deprecated; use {}", old.field, old.instead));
      }
    }
  }
  for (const RuleView& rule : policy.rules) {
    judge_rule(policy, rule, report);
  }
}

}  // namespace

extern const LintCheck kDeprecated;
constinit const LintCheck kDeprecated{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
