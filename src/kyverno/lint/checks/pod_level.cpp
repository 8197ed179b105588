// Check: what may be set once for the pod is not demanded of every container.
//   a field of securityContext that both levels have, required of the containers by a pattern (no
//   anchor makes it optional) or an expression, while nothing of the rule reads the pod's
// https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "kyverno/lint/internal/policy_view.hpp"
#include "pattern/anchor.hpp"

namespace tally::kyverno::lint {

using document::Node;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "pod-level-not-honoured",
    .title = "Setting of the pod is not honoured",
    .description =
        "The kubelet takes `runAsUser`, `runAsNonRoot`, `seccompProfile` and others from the pod's "
        "`securityContext` when a container sets none. A rule that demands them of every container "
        "refuses pods that are safe.",
    .remedy =
        "Use `anyPattern`: the field on the pod with `=(securityContext)` on the containers, or "
        "the field on every container.",
    .severity = finding::Severity::Medium,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

constexpr std::array<std::string_view, 7> kFields{
    "runAsUser",       "runAsNonRoot",   "runAsGroup",    "seccompProfile",
    "appArmorProfile", "seLinuxOptions", "windowsOptions"};

bool is_field(std::string_view key) { return std::ranges::find(kFields, key) != kFields.end(); }

const Node* member(const Node& map, std::string_view bare, bool& is_optional) {
  for (const document::Member one : map.members()) {
    const auto anchor = pattern::parse_anchor(one.key);
    if ((anchor ? anchor->key : one.key) == bare) {
      is_optional = is_optional || anchor.has_value();
      return &one.value;
    }
  }
  return nullptr;
}

struct Demands {
  std::map<std::string_view, Place> of_containers{};
  std::vector<std::string_view> of_pod{};
};

void read_spec(const Node& spec, const std::string& pointer, Demands& demands) {
  bool unused = false;
  if (const Node* context = member(spec, "securityContext", unused); context != nullptr) {
    for (const document::Member one : context->members()) {
      demands.of_pod.push_back(bare_key(one.key));
    }
  }
  bool is_optional = false;
  const Node* containers = member(spec, "containers", is_optional);
  if (containers == nullptr || is_optional || containers->size() == 0) {
    return;
  }
  const Node& item = containers->is_array() ? containers->items().front() : *containers;
  const Node* context = member(item, "securityContext", is_optional);
  if (context == nullptr || is_optional) {
    return;
  }
  for (const document::Member one : context->members()) {
    if (is_field(one.key)) {
      std::string place = pointer + (containers->is_array() ? "/containers/0/securityContext"
                                                            : "/containers/securityContext");
      append_step(place, one.key);
      demands.of_containers.try_emplace(one.key, Place{std::move(place), one.key_offset});
    }
  }
}

void judge_patterns(const PolicyView& policy, const RuleView& rule, Report& report) {
  Demands demands;
  for (const PatternView& pattern : patterns_of(rule)) {
    std::string pointer = pattern.pointer;
    walk(*pattern.node, pointer,
         [&](const Node& value, const std::string& at, std::string_view key, std::uint32_t) {
           if (bare_key(key) == "spec") {
             read_spec(value, at, demands);
           }
           return true;
         });
  }
  std::vector<std::string_view> fields;
  const Place* first = nullptr;
  for (const auto& [field, place] : demands.of_containers) {
    if (std::ranges::find(demands.of_pod, field) == demands.of_pod.end()) {
      fields.push_back(field);
      first = first == nullptr || place.offset < first->offset ? &place : first;
    }
  }
  if (first != nullptr) {
    report.add(
        kRecord, policy, &rule, *first,
        fmt::format("`{}` {} demanded of every container; a pod that sets {} once for all in "
                    "spec.securityContext is refused",
                    fmt::join(fields, "`, `"), fields.size() == 1 ? "is" : "are",
                    fields.size() == 1 ? "it" : "them"));
  }
}

// has(c.securityContext.runAsUser) && ..., c.?securityContext.?runAsNonRoot.orValue(false)
bool demands_of_container(std::string_view text, std::string_view field) {
  const std::string chain = fmt::format(".securityContext.{}", field);
  for (std::size_t at = text.find(chain); at != std::string_view::npos;
       at = text.find(chain, at + 1)) {
    const std::size_t end = at + chain.size();
    if (text.substr(end).starts_with(".orValue(false)")) {
      return true;
    }
    const std::size_t has = text.rfind("has(", at);
    if (has != std::string_view::npos &&
        text.substr(has, at - has).find(')') == std::string_view::npos &&
        text.substr(end).starts_with(")&&") && (has == 0 || text[has - 1] != '!')) {
      return true;
    }
  }
  return false;
}

void judge_expressions(const PolicyView& policy, Report& report) {
  std::string all;
  for (const ExpressionView& expression : policy.expressions) {
    all += squeezed(expression.text) + "\n";
  }
  std::erase(all, '?');
  if (all.find("spec.securityContext") != std::string::npos ||
      all.find("podSecurityContext") != std::string::npos) {
    return;
  }
  for (const ExpressionView& expression : policy.expressions) {
    std::string text = squeezed(expression.text);
    std::erase(text, '?');
    for (const std::string_view field : kFields) {
      if (demands_of_container(text, field)) {
        report.add(
            kRecord, policy, expression.rule, expression.place,
            fmt::format("`{}` is demanded of every container; a pod that sets it once for all "
                        "in spec.securityContext is refused",
                        field));
        break;
      }
    }
  }
}

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    if (is_about_pods(rule)) {
      judge_patterns(policy, rule, report);
    }
  }
  judge_expressions(policy, report);
}

}  // namespace

extern const LintCheck kPodLevel;
constinit const LintCheck kPodLevel{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
