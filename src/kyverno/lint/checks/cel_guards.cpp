// Check: a field that may be absent is asked for before it is read.
//   x.y.field, where field is one that the API leaves optional, unless some expression of the
//   policy holds has(x.y.field), 'field' in x.y or reads it by `.?`
// Only what is cheap to see: chains of names from a variable. CEL specification, "Field selection":
// an absent field is an error, and has(a.b.c) is one, too, when a.b is absent.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "cel-unguarded-field",
    .title = "Optional field is read without asking for it",
    .description =
        "Reading a field that is absent is an error, and an error is decided by "
        "`failurePolicy`: the object is refused with a message nobody understands, or let "
        "in without being judged.",
    .remedy = "Ask with `has()` first, or read by `.?field.orValue(default)`.",
    .severity = finding::Severity::Low,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

constexpr std::array<std::string_view, 14> kOptional{
    "securityContext", "initContainers", "ephemeralContainers",
    "labels",          "annotations",    "limits",
    "requests",        "volumes",        "nodeSelector",
    "tolerations",     "affinity",       "capabilities",
    "seccompProfile",  "hostNetwork"};

bool is_chain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '?';
}

// Chains of the text that read an optional field: "object.metadata.labels".
void collect(std::string_view text, std::set<std::string, std::less<>>& out) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_chain(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_chain(text[end])) {
      ++end;
    }
    const std::string_view chain = text.substr(at, end - at);
    const bool is_of_value =
        at > 0 && (text[at - 1] == ')' || text[at - 1] == ']' || text[at - 1] == '\'');
    const bool is_asked = at >= 4 && text.substr(at - 4, 4) == "has(";
    // A chain with `?` is optional from there on.
    for (std::size_t dot = chain.find('.'); !is_of_value && dot != std::string_view::npos;
         dot = chain.find('.', dot + 1)) {
      if (chain.substr(dot + 1).starts_with('?')) {
        break;
      }
      const std::size_t stop = std::min(chain.find('.', dot + 1), chain.size());
      const std::string_view field = chain.substr(dot + 1, stop - dot - 1);
      const bool is_last = stop == chain.size();
      if (std::ranges::find(kOptional, field) != kOptional.end() && !(is_asked && is_last) &&
          dot > 0) {
        out.emplace(chain.substr(0, stop));
      }
    }
    at = end;
  }
}

// Chains that some expression reads by `?`, without the marks: what follows is behind that guard.
std::set<std::string, std::less<>> optional_chains(std::string_view all) {
  std::set<std::string, std::less<>> out;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && is_chain(all[end])) {
      ++end;
    }
    std::string chain(all.substr(at, end - at));
    if (std::erase(chain, '?') > 0) {
      out.insert(std::move(chain));
    }
    at = end + 1;
  }
  return out;
}

bool is_below(std::string_view chain, const std::set<std::string, std::less<>>& optional) {
  return std::ranges::any_of(optional, [&](const std::string& other) {
    return other.starts_with(chain) && (other.size() == chain.size() || other[chain.size()] == '.');
  });
}

bool is_guarded(std::string_view chain, std::string_view all) {
  const std::size_t dot = chain.rfind('.');
  const std::string_view above = chain.substr(0, dot);
  const std::string_view field = chain.substr(dot + 1);
  return all.find(fmt::format("has({})", chain)) != std::string_view::npos ||
         all.find(fmt::format("'{}'in{}", field, above)) != std::string_view::npos ||
         all.find(fmt::format("{}.?{}", above, field)) != std::string_view::npos;
}

void run(const PolicyView& policy, Report& report) {
  std::string all;
  for (const ExpressionView& expression : policy.expressions) {
    all += squeezed(expression.text) + "\n";
  }
  const auto optional = optional_chains(all);
  for (const ExpressionView& expression : policy.expressions) {
    std::set<std::string, std::less<>> chains;
    collect(squeezed(expression.text), chains);
    for (const std::string& chain : chains) {
      if (!chain.starts_with("variables.") && !chain.starts_with("params.") &&
          !is_guarded(chain, all) && !is_below(chain, optional)) {
        report.add(kRecord, policy, expression.rule, expression.place,
                   fmt::format("`{}` is read without asking whether it is there", chain));
      }
    }
  }
}

}  // namespace

extern const LintCheck kCelGuards;
constinit const LintCheck kCelGuards{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
