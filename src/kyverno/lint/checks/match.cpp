// Checks of match: kinds that do not exist, filters that no object can pass, rules whose exclude
// takes away all that match gives, operations that a background scan never brings.
// How a filter is held against an object: src/kyverno/match.cpp.
#include "kyverno/internal/match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "kube/api_kinds.hpp"
#include "kube/removed_apis.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::KindSelector;

namespace {

constexpr finding::Check kUnknownRecord{
    .engine = kEngine,
    .policy = {},
    .id = "match-unknown-kind",
    .title = "Kind that does not exist",
    .description =
        "No API server serves this kind, version or subresource, so that the rule never "
        "applies. Kinds are written as in `kind:`, in the singular and with their capitals. "
        "A kind that only a CustomResourceDefinition could bring is not reported.",
    .remedy = "Correct the kind, or remove the entry.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr finding::Check kNeverRecord{
    .engine = kEngine,
    .policy = {},
    .id = "match-never",
    .title = "Match that no object can pass",
    .description =
        "The conditions of one filter exclude each other: a namespace asked of kinds that "
        "have none, a namespaceSelector on Namespaces, kinds that differ in `all`.",
    .remedy = "Split the filter, or drop the condition that cannot hold.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr finding::Check kExcludedRecord{
    .engine = kEngine,
    .policy = {},
    .id = "match-excluded",
    .title = "Exclude takes away everything",
    .description =
        "Whatever a filter of `match` lets in, `exclude` takes out: the rule never applies.",
    .remedy = "Narrow `exclude`.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr finding::Check kOperationsRecord{
    .engine = kEngine,
    .policy = {},
    .id = "background-operations",
    .title = "Operations that no background scan brings",
    .description =
        "A background scan shows objects as if they were created. A filter with operations "
        "other than CREATE is never passed there; with `admission: false` it is never "
        "passed at all.",
    .remedy = "Set `background: false`, or add CREATE.",
    .severity = finding::Severity::Info,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kUnknownRecord, &kNeverRecord, &kExcludedRecord, &kOperationsRecord};

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

const Node* filled(const Node* map, std::string_view key) {
  const Node* value = map == nullptr ? nullptr : map->find(key);
  return value != nullptr && value->size() > 0 ? value : nullptr;
}

// Rows that the selector may mean; wildcards in the kind are not asked.
template <class Visit>
void each_kind(const PolicyView& policy, const KindSelector& selector, const Visit& visit) {
  const auto ask = [&](const kube::ApiKind& kind) {
    if (wildcard_match(selector.group, kind.group) &&
        wildcard_match(selector.version, kind.version) &&
        wildcard_match(selector.kind, kind.kind)) {
      visit(kind);
    }
  };
  for (const kube::ApiKind& kind : kube::api_kinds()) {
    ask(kind);
  }
  if (policy.kinds != nullptr) {
    for (const kube::ApiKind& kind : policy.kinds->kinds()) {
      ask(kind);
    }
  }
}

bool is_list_with(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == word) {
      return true;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// The built-in kind that was probably meant: its plural, its short name, other capitals.
std::string_view meant(std::string_view kind) {
  const std::string wanted = lower(kind);
  for (const kube::ApiKind& known : kube::api_kinds()) {
    if (known.kind != kind && (lower(known.kind) == wanted || known.plural == wanted ||
                               is_list_with(known.short_names, wanted))) {
      return known.kind;
    }
  }
  return {};
}

struct KindProblem {
  std::string message{};
  bool is_removed = false;  // old clusters serve it
};

// Why the entry matches nothing; no message if it may match.
KindProblem kind_problem(const PolicyView& policy, std::string_view text) {
  const KindSelector selector = KindSelector::parse(text);
  if (text.find("{{") != std::string_view::npos || has_wildcard(selector.kind)) {
    return {};
  }
  if (selector.kind.empty()) {
    return {fmt::format("\"{}\" names no kind", excerpt(text))};
  }
  bool is_known = false;
  bool has_subresource = false;
  each_kind(policy, selector, [&](const kube::ApiKind& kind) {
    is_known = true;
    has_subresource = has_subresource || has_wildcard(selector.subresource) ||
                      is_list_with(kind.subresources, selector.subresource);
  });
  if (is_known) {
    return selector.subresource.empty() || has_subresource
               ? KindProblem{}
               : KindProblem{fmt::format("`{}` has no subresource `{}`", selector.kind,
                                         excerpt(selector.subresource))};
  }
  for (const kube::RemovedApi& removed : kube::removed_apis()) {
    if (wildcard_match(selector.group, removed.group) &&
        wildcard_match(selector.version, removed.version) && selector.kind == removed.kind) {
      return {
          fmt::format("Kubernetes has not served `{}` since {}", excerpt(text), removed.removed_in),
          true};
    }
  }
  const std::string_view other = meant(selector.kind);
  const std::string hint =
      other.empty() ? std::string() : fmt::format("; `{}` was probably meant", other);
  if (has_wildcard(selector.group)) {
    return other.empty()
               ? KindProblem{}
               : KindProblem{fmt::format("there is no kind `{}`{}", excerpt(selector.kind), hint)};
  }
  if (!kube::is_builtin_group(selector.group)) {
    return {};
  }
  if (const kube::ApiKind* served = kube::find_kind_any_version(selector.group, selector.kind);
      served != nullptr) {
    return {fmt::format("`{}` is not served in version {}, but in {}", selector.kind,
                        excerpt(selector.version), served->version),
            true};
  }
  return {fmt::format("the API group \"{}\" has no kind `{}`{}", excerpt(selector.group),
                      excerpt(selector.kind), hint)};
}

void judge_kinds(const PolicyView& policy, const RuleView& rule, const FilterView& filter,
                 Report& report) {
  const Node* kinds = filled(filter.resources, "kinds");
  if (kinds == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < kinds->size(); ++i) {
    const Node& kind = kinds->items()[i];
    KindProblem problem = kind_problem(policy, kind.text());
    if (!problem.message.empty()) {
      // Beside kinds that are served, one that is not is there for old clusters.
      report.add(kUnknownRecord, policy, &rule,
                 {.pointer = fmt::format("{}/resources/kinds/{}", filter.pointer, i),
                  .offset = kind.offset()},
                 std::move(problem.message),
                 problem.is_removed && kinds->size() > 1 ? finding::Severity::Low
                                                         : kUnknownRecord.severity);
    }
  }
}

// All kinds of the filter are known, and none of them is namespaced.
bool is_cluster_wide(const PolicyView& policy, const Node& kinds, bool& has_namespace_kind) {
  for (const Node& text : kinds.items()) {
    const KindSelector selector = KindSelector::parse(text.text());
    if (has_wildcard(selector.kind)) {
      return false;
    }
    has_namespace_kind = has_namespace_kind || selector.kind == "Namespace";
    bool is_known = false;
    bool is_namespaced = false;
    each_kind(policy, selector, [&](const kube::ApiKind& kind) {
      is_known = true;
      is_namespaced = is_namespaced || kind.scope == kube::Scope::Namespaced;
    });
    if (!is_known || is_namespaced) {
      return false;
    }
  }
  return true;
}

void judge_filter(const PolicyView& policy, const RuleView& rule, const FilterView& filter,
                  Report& report) {
  judge_kinds(policy, rule, filter, report);
  const Node* kinds = filled(filter.resources, "kinds");
  const auto never = [&](std::string_view field, std::string message) {
    report.add(kNeverRecord, policy, &rule,
               member_place(*filter.resources, filter.pointer + "/resources", field),
               std::move(message));
  };
  if (kinds == nullptr) {
    return;
  }
  bool has_namespace_kind = false;
  if (!is_cluster_wide(policy, *kinds, has_namespace_kind)) {
    return;
  }
  if (policy.object->ref.kind == "Policy" || policy.object->ref.kind == "CleanupPolicy") {
    never("kinds", "a policy of a namespace never sees kinds that have no namespace");
    return;
  }
  const Node* namespaces = filled(filter.resources, "namespaces");
  if (namespaces != nullptr && !has_namespace_kind &&
      std::ranges::none_of(namespaces->items(),
                           [](const Node& one) { return one.text() == "*"; })) {
    never("namespaces", "namespaces are asked of kinds that have none");
  }
  if (filled(filter.resources, "namespaceSelector") != nullptr && has_namespace_kind &&
      kinds->size() == 1) {
    never("namespaceSelector",
          "a namespaceSelector never matches a Namespace itself; use `selector` for its labels");
  }
}

void judge_all(const PolicyView& policy, const RuleView& rule, Report& report) {
  if (!rule.is_match_all) {
    return;
  }
  std::optional<std::string_view> kind;
  for (const FilterView& filter : rule.match) {
    const Node* kinds = filled(filter.resources, "kinds");
    if (kinds == nullptr || kinds->size() != 1) {
      continue;
    }
    const KindSelector selector = KindSelector::parse(kinds->items().front().text());
    if (has_wildcard(selector.kind)) {
      continue;
    }
    if (kind && *kind != selector.kind) {
      report.add(kNeverRecord, policy, &rule,
                 {.pointer = filter.pointer, .offset = filter.node->offset()},
                 fmt::format("under `all` an object would have to be a {} and a {}; use `any`",
                             excerpt(*kind), excerpt(selector.kind)));
      return;
    }
    kind = selector.kind;
  }
}

// Everything that `inner` lists is matched by something that `outer` lists.
bool covers_list(const Node* outer, const Node* inner) {
  if (outer == nullptr) {
    return true;
  }
  return inner != nullptr && std::ranges::all_of(inner->items(), [&](const Node& one) {
           return std::ranges::any_of(outer->items(), [&](const Node& pattern) {
             return pattern.text() == one.text() ||
                    (!has_wildcard(one.text()) && wildcard_match(pattern.text(), one.text())) ||
                    pattern.text() == "*";
           });
         });
}

bool covers(const FilterView& outer, const FilterView& inner) {
  bool asks = false;
  for (const std::string_view field : {"subjects", "roles", "clusterRoles"}) {
    if (filled(outer.node, field) != nullptr) {
      return false;
    }
  }
  if (outer.resources == nullptr) {
    return false;
  }
  for (const std::string_view field : {"kinds", "namespaces", "names", "operations"}) {
    const Node* list = filled(outer.resources, field);
    asks = asks || list != nullptr;
    if (!covers_list(list, filled(inner.resources, field))) {
      return false;
    }
  }
  for (const document::Member member : outer.resources->members()) {
    constexpr std::array<std::string_view, 4> kLists{"kinds", "namespaces", "names", "operations"};
    if (std::ranges::find(kLists, member.key) != kLists.end()) {
      continue;
    }
    const Node* own = inner.resources == nullptr ? nullptr : inner.resources->find(member.key);
    if (own == nullptr || !document::equal(*own, member.value)) {
      return false;
    }
  }
  return asks;
}

void judge_exclude(const PolicyView& policy, const RuleView& rule, Report& report) {
  if (rule.match.empty() || (rule.is_exclude_all && rule.exclude.size() > 1)) {
    return;
  }
  const auto is_excluded = [&](const FilterView& filter) {
    return std::ranges::any_of(rule.exclude,
                               [&](const FilterView& outer) { return covers(outer, filter); });
  };
  const bool is_all = rule.is_match_all ? std::ranges::any_of(rule.match, is_excluded)
                                        : std::ranges::all_of(rule.match, is_excluded);
  if (is_all) {
    report.add(kExcludedRecord, policy, &rule, member_place(*rule.node, rule.pointer, "exclude"),
               "`exclude` takes out everything that `match` lets in: the rule never applies");
  }
}

void judge_operations(const PolicyView& policy, const RuleView& rule, const FilterView& filter,
                      Report& report) {
  const Node* operations = filled(filter.resources, "operations");
  const Node* background = policy.spec->find("background");
  const bool is_background_wanted = background != nullptr && background->boolean();
  if (operations == nullptr || policy.dialect != Dialect::Classic ||
      (!is_background_wanted && policy.is_admission) ||
      std::ranges::any_of(operations->items(),
                          [](const Node& one) { return one.text() == "CREATE"; })) {
    return;
  }
  const Place place = member_place(*filter.resources, filter.pointer + "/resources", "operations");
  if (policy.is_admission) {
    report.add(kOperationsRecord, policy, &rule, place,
               "a background scan comes as CREATE, which this filter does not let in");
  } else {
    report.add(
        kOperationsRecord, policy, &rule, place,
        "without admission there are background scans only, and they come as CREATE: the rule "
        "never applies",
        finding::Severity::High);
  }
}

// matchConstraints.resourceRules of the CEL kinds.
void judge_resource_rules(const PolicyView& policy, Report& report) {
  const Node* rules = internal::at(*policy.spec, {"matchConstraints", "resourceRules"});
  if (rules == nullptr || !rules->is_array()) {
    return;
  }
  for (std::size_t i = 0; i < rules->size(); ++i) {
    const Node& rule = rules->items()[i];
    const Node* groups = filled(&rule, "apiGroups");
    const Node* resources = filled(&rule, "resources");
    if (groups == nullptr || resources == nullptr ||
        !std::ranges::all_of(groups->items(), [](const Node& group) {
          return group.text() != "*" && kube::is_builtin_group(group.text());
        })) {
      continue;
    }
    for (std::size_t k = 0; k < resources->size(); ++k) {
      const std::string_view text = resources->items()[k].text();
      const std::string_view plural = text.substr(0, text.find('/'));
      const bool is_known = has_wildcard(plural) ||
                            std::ranges::any_of(kube::api_kinds(), [&](const kube::ApiKind& kind) {
                              return kind.plural == plural &&
                                     std::ranges::any_of(groups->items(), [&](const Node& group) {
                                       return group.text() == kind.group;
                                     });
                            });
      const bool is_removed =
          std::ranges::any_of(kube::removed_apis(), [&](const kube::RemovedApi& removed) {
            return kube::guess_plural(removed.kind) == plural;
          });
      if (!is_known && is_removed) {
        report.add(
            kUnknownRecord, policy, nullptr,
            {.pointer = fmt::format("/spec/matchConstraints/resourceRules/{}/resources/{}", i, k),
             .offset = resources->items()[k].offset()},
            fmt::format("Kubernetes does not serve `{}` any more", excerpt(text)),
            finding::Severity::Low);
      } else if (!is_known) {
        report.add(
            kUnknownRecord, policy, nullptr,
            {.pointer = fmt::format("/spec/matchConstraints/resourceRules/{}/resources/{}", i, k),
             .offset = resources->items()[k].offset()},
            fmt::format("no group of this rule has a resource `{}`; resources are written in "
                        "the plural and in small letters",
                        excerpt(text)));
      }
    }
  }
}

void run(const PolicyView& policy, Report& report) {
  if (policy.spec == nullptr) {
    return;
  }
  for (const RuleView& rule : policy.rules) {
    for (const FilterView& filter : rule.match) {
      judge_filter(policy, rule, filter, report);
      judge_operations(policy, rule, filter, report);
    }
    for (const FilterView& filter : rule.exclude) {
      judge_kinds(policy, rule, filter, report);
    }
    judge_all(policy, rule, report);
    judge_exclude(policy, rule, report);
  }
  if (policy.rules.empty()) {
    judge_resource_rules(policy, report);
  }
}

}  // namespace

extern const LintCheck kMatch;
constinit const LintCheck kMatch{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
