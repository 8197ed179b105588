// Checks of variables: names that nothing defines, `element` outside of foreach, and users that no
// background scan has (Kyverno 1.19.1, pkg/validation/policy/background.go and validate.go).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "kyverno/internal/nodes.hpp"
#include "kyverno/internal/variable_scan.hpp"
#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

using document::Node;
using internal::text_at;

namespace {

constexpr finding::Check kUnresolvedRecord{
    .engine = kEngine,
    .policy = {},
    .id = "variable-unresolved",
    .title = "Variable that can never be resolved",
    .description =
        "The variable begins with a name that neither Kyverno nor an entry of `context` "
        "defines, or it is `element` outside of foreach. A rule with a variable that has no "
        "value answers with an error.",
    .remedy =
        "Correct the name, define it under `context`, or escape what is meant literally: `\\{{`.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr finding::Check kUserRecord{
    .engine = kEngine,
    .policy = {},
    .id = "background-user",
    .title = "User asked for in the background",
    .description =
        "Background scans have no user. Kyverno refuses a policy that filters by user or "
        "reads the user while `background` is not false, which is the default.",
    .remedy = "Set `spec.background: false`.",
    .severity = finding::Severity::High,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kUnresolvedRecord, &kUserRecord};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// The name at which the expression begins, through calls: "element" of "length(element.x)". Empty
// if it begins with something else: `@`, a literal, a list.
std::string_view first_name(std::string_view expression) {
  std::size_t at = 0;
  while (at < expression.size()) {
    while (at < expression.size() &&
           std::string_view(" \n\t!([").find(expression[at]) != std::string_view::npos) {
      ++at;
    }
    if (at == expression.size() || !is_name_start(expression[at])) {
      return {};
    }
    std::size_t end = at;
    while (end < expression.size() && is_name(expression[end])) {
      ++end;
    }
    if (end == expression.size() || expression[end] != '(') {
      return expression.substr(at, end - at);
    }
    at = end + 1;
  }
  return {};
}

bool begins_with_number(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) {
    return false;
  }
  return std::ranges::all_of(name.substr(prefix.size()),
                             [](char c) { return c >= '0' && c <= '9'; });
}

bool is_of_element(std::string_view name) {
  return begins_with_number(name, "element") || begins_with_number(name, "elementIndex");
}

bool is_given(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{
      "request",      "images", "image", "target", "serviceAccountName", "serviceAccountNamespace",
      "globalContext"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// Names that entries of any context below define.
std::set<std::string, std::less<>> defined_below(const Node& node) {
  std::set<std::string, std::less<>> out;
  std::string pointer;
  walk(node, pointer,
       [&](const Node& value, const std::string&, std::string_view key, std::uint32_t) {
         if (key == "context" && value.is_array()) {
           for (const Node& entry : value.items()) {
             const std::string_view name = text_at(entry, "name");
             out.emplace(name.substr(0, name.find('.')));
           }
         }
         return true;
       });
  return out;
}

// The word as the beginning of a path, not a field of something.
bool reads(std::string_view expression, std::string_view word) {
  for (std::size_t at = expression.find(word); at != std::string_view::npos;
       at = expression.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || (expression[at - 1] != '.' && !is_name(expression[at - 1]))) &&
        (end == expression.size() || !is_name(expression[end]))) {
      return true;
    }
  }
  return false;
}

bool reads_user(std::string_view expression) {
  return reads(expression, "request.userInfo") || reads(expression, "request.roles") ||
         reads(expression, "request.clusterRoles") || reads(expression, "serviceAccountName") ||
         reads(expression, "serviceAccountNamespace");
}

class RuleReader {
 public:
  RuleReader(const PolicyView& policy, const RuleView& rule, Report& report)
      : policy_(policy), rule_(rule), report_(report), defined_(defined_below(*rule.node)) {
    // A policy with a rule that changes existing objects may ask for users: background.go returns.
    for (const RuleView& other : policy.rules) {
      const Node* targets = internal::at(*other.node, {"mutate", "targets"});
      may_read_user_ = may_read_user_ || (targets != nullptr && targets->size() > 0);
    }
  }

  void read() {
    std::string pointer = rule_.pointer;
    walk(*rule_.node, pointer,
         [&](const Node& value, const std::string& at, std::string_view key, std::uint32_t offset) {
           // Attestations bring names of their own.
           if (key == "verifyImages" || key == "manifests" || key == "cel") {
             return false;
           }
           read_text(key, at, offset);
           if (value.is_string()) {
             read_text(value.text(), at, value.offset());
           }
           return true;
         });
  }

 private:
  void read_text(std::string_view text, const std::string& pointer, std::uint32_t offset) {
    for (auto found = internal::find_variable(text, 0); found;
         found = internal::find_variable(text, found->end)) {
      const std::string_view expression =
          internal::variable_text(text.substr(found->begin + 2, found->end - found->begin - 4))
              .expression;
      judge(expression, {.pointer = pointer, .offset = offset});
    }
  }

  void judge(std::string_view expression, Place place) {
    const std::string_view name = first_name(expression);
    const bool is_cleanup = policy_.dialect == Dialect::Cleanup;
    if (!name.empty() && is_of_element(name) && defined_.find(name) == defined_.end()) {
      if (place.pointer.find("/foreach/") == std::string::npos) {
        report_.add(kUnresolvedRecord, policy_, &rule_, place,
                    fmt::format("`{}` is there inside of foreach only", name));
      }
    } else if (!name.empty() && !is_given(name) && defined_.find(name) == defined_.end()) {
      std::vector<std::string_view> names(defined_.begin(), defined_.end());
      names.insert(names.end(), {"request", "images", "target", "serviceAccountName"});
      const auto near = nearest(name, names);
      report_.add(kUnresolvedRecord, policy_, &rule_, place,
                  fmt::format("no entry of `context` defines `{}`{}", excerpt(name),
                              near ? fmt::format("; `{}` was probably meant", *near) : ""));
    }
    if (policy_.is_background && !may_read_user_ && !is_cleanup && reads_user(expression)) {
      report_.add(kUserRecord, policy_, &rule_, std::move(place),
                  fmt::format("`{}` has no value in background scans; Kyverno refuses the policy "
                              "unless `background` is false",
                              excerpt(expression)));
    }
  }

  const PolicyView& policy_;
  const RuleView& rule_;
  Report& report_;
  std::set<std::string, std::less<>> defined_;
  bool may_read_user_ = false;
};

void judge_filters(const PolicyView& policy, const RuleView& rule,
                   const std::vector<FilterView>& filters, Report& report) {
  for (const FilterView& filter : filters) {
    for (const std::string_view field : {"subjects", "roles", "clusterRoles"}) {
      if (const Node* list = filter.node->find(field); list != nullptr && list->size() > 0) {
        report.add(kUserRecord, policy, &rule, member_place(*filter.node, filter.pointer, field),
                   fmt::format("`{}` asks for a user, whom background scans do not have; Kyverno "
                               "refuses the policy unless `background` is false",
                               field));
      }
    }
  }
}

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    RuleReader(policy, rule, report).read();
    if (policy.is_background && policy.dialect == Dialect::Classic) {
      judge_filters(policy, rule, rule.match, report);
      judge_filters(policy, rule, rule.exclude, report);
    }
  }
}

}  // namespace

extern const LintCheck kVariables;
constinit const LintCheck kVariables{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
