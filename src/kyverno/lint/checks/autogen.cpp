// Check: rules for pods are carried over to the controllers of pods, or their author knows why not.
// It is all or nothing for a policy (src/kyverno/autogen.cpp, after Kyverno 1.19.1 pkg/autogen/v1).
#include "kyverno/internal/autogen.hpp"

#include <fmt/format.h>

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
    .id = "autogen-off",
    .title = "No rules for pod controllers",
    .description =
        "Kyverno makes rules for Deployments and the other controllers of a rule for Pods, unless "
        "any "
        "rule of the policy matches by name, selector or annotations, matches Pods among other "
        "kinds, "
        "generates, or mutates by JSON patch. One such rule switches it off for all of them, and a "
        "bad "
        "Deployment is accepted although its pods are refused later.",
    .remedy =
        "Move the rule that is named into a policy of its own, or set "
        "pod-policies.kyverno.io/autogen-controllers: none if this is meant.",
    .severity = finding::Severity::Medium,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

bool is_filled(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value != nullptr && (value->size() > 0 || !value->text().empty());
}

// Why no rules are made as long as this one is there; "" if it is no hindrance.
std::string hindrance(const RuleView& rule) {
  if (is_filled(*rule.node, "generate")) {
    return "generates";
  }
  if (const Node* mutate = rule.node->find("mutate"); mutate != nullptr) {
    const Node* foreach = mutate->find("foreach");
    if (is_filled(*mutate, "patchesJson6902") ||
        (foreach != nullptr && std::ranges::any_of(foreach->items(), [](const Node& one) {
           return is_filled(one, "patchesJson6902");
         }))) {
      return "mutates by JSON patch";
    }
  }
  for (const auto* filters : {&rule.match, &rule.exclude}) {
    const std::string_view block = filters == &rule.match ? "match" : "exclude";
    for (const FilterView& filter : *filters) {
      if (filter.resources == nullptr) {
        continue;
      }
      for (const std::string_view field : {"name", "names", "selector", "annotations"}) {
        if (is_filled(*filter.resources, field)) {
          return fmt::format("has `{}` in its `{}`", field, block);
        }
      }
      const Node* kinds = filter.resources->find("kinds");
      if (kinds != nullptr && kinds->size() > 1 &&
          std::ranges::any_of(kinds->items(), [](const Node& kind) {
            return internal::KindSelector::parse(kind.text()).kind == "Pod";
          })) {
        return fmt::format("names Pod among other kinds in its `{}`", block);
      }
    }
  }
  return {};
}

bool is_for_pods_only(const RuleView& rule) {
  return !rule.kinds.empty() && std::ranges::all_of(rule.kinds, [](std::string_view text) {
    const auto selector = internal::KindSelector::parse(text);
    return selector.kind == "Pod" && selector.subresource.empty();
  });
}

void run(const PolicyView& policy, Report& report) {
  if (policy.dialect != Dialect::Classic || policy.spec == nullptr) {
    return;
  }
  // Whoever writes the annotation has decided.
  const auto decided = policy.object->annotation("pod-policies.kyverno.io/autogen-controllers");
  if (decided) {
    return;
  }
  Arena arena;
  if (!internal::generate_rules(arena, policy.object->root).kinds.empty()) {
    return;
  }
  for (const RuleView& rule : policy.rules) {
    if (!is_for_pods_only(rule) || rule.validate == nullptr || !is_filled(*rule.node, "validate")) {
      continue;
    }
    const Place place = member_place(*rule.node, rule.pointer, "match");
    if (const std::string own = hindrance(rule); !own.empty()) {
      report.add(kRecord, policy, &rule, place,
                 fmt::format("Deployments and other controllers are not judged: the rule {}", own),
                 finding::Severity::Info);
      continue;
    }
    for (const RuleView& other : policy.rules) {
      if (const std::string reason = hindrance(other); !reason.empty()) {
        report.add(
            kRecord, policy, &rule, place,
            fmt::format("Deployments and other controllers are not judged, because rule `{}` {}",
                        other.name, reason));
        break;
      }
    }
  }
}

}  // namespace

extern const LintCheck kAutogen;
constinit const LintCheck kAutogen{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
