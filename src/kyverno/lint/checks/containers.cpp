// Check: a rule that looks at the containers of pods looks at all three lists.
//   a pattern with spec.containers, a variable or a CEL expression that reads spec.containers or
//   images.containers, in a policy that names initContainers or ephemeralContainers nowhere
// Fields that the other lists cannot have are no reason: probes and lifecycle (neither), ports and
// resources (not ephemeral containers).
// https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kyverno/internal/match.hpp"
#include "kyverno/lint/internal/policy_view.hpp"

namespace tally::kyverno::lint {

using document::Node;

namespace {

constexpr finding::Check kRecord{
    .engine = kEngine,
    .policy = {},
    .id = "containers-not-covered",
    .title = "Some containers are not covered",
    .description =
        "The rule judges `containers` and never `initContainers` or `ephemeralContainers`. These "
        "run "
        "with the same rights on the same node: what is forbidden in one list is done in the "
        "other. "
        "Fields that the other lists cannot have are not counted.",
    .remedy =
        "Repeat the pattern under `=(initContainers)` and `=(ephemeralContainers)`, or read all "
        "three lists in the expression.",
    .severity = finding::Severity::Medium,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kRecord};

struct Asked {
  bool init = true;
  bool ephemeral = true;
};

// Which of the other lists can have these fields at all.
Asked lists_with(const Node& containers) {
  constexpr std::array<std::string_view, 4> kNeither{"livenessProbe", "readinessProbe",
                                                     "startupProbe", "lifecycle"};
  constexpr std::array<std::string_view, 2> kNotEphemeral{"ports", "resources"};
  Asked asked{.init = false, .ephemeral = false};
  const std::span<const Node> items =
      containers.is_array() ? containers.items() : std::span<const Node>(&containers, 1);
  for (const Node& item : items) {
    for (const document::Member member : item.members()) {
      const std::string_view key = bare_key(member.key);
      if (key == "name" || std::ranges::find(kNeither, key) != kNeither.end()) {
        continue;
      }
      asked.init = true;
      asked.ephemeral =
          asked.ephemeral || std::ranges::find(kNotEphemeral, key) == kNotEphemeral.end();
    }
  }
  return asked;
}

// What the policy says of the other lists, anywhere.
struct Mentioned {
  bool init = false;
  bool ephemeral = false;
};

void say(const PolicyView& policy, const RuleView* rule, Place place, const Asked& asked,
         const Mentioned& mentioned, Report& report) {
  const bool no_init = asked.init && !mentioned.init;
  const bool no_ephemeral = asked.ephemeral && !mentioned.ephemeral;
  if (no_init || no_ephemeral) {
    report.add(
        kRecord, policy, rule, std::move(place),
        fmt::format("`containers` are judged, {}{}{} are not", no_init ? "`initContainers`" : "",
                    no_init && no_ephemeral ? " and " : "",
                    no_ephemeral ? "`ephemeralContainers`" : ""),
        no_init ? finding::Severity::Medium : finding::Severity::Low);
  }
}

bool reads_containers(std::string_view text) {
  return has_word(text, "spec.containers") || has_word(text, "images.containers");
}

bool is_about_probes(std::string_view text) {
  return text.find("Probe") != std::string_view::npos || has_word(text, "lifecycle");
}

void judge_rule(const PolicyView& policy, const RuleView& rule, const Mentioned& mentioned,
                Report& report) {
  // Ephemeral containers are added to pods, never to templates.
  const bool has_pods = std::ranges::any_of(rule.kinds, [](std::string_view text) {
    const auto selector = internal::KindSelector::parse(text);
    return selector.kind == "Pod" || selector.kind == "*";
  });
  for (const PatternView& pattern : patterns_of(rule)) {
    std::optional<Place> place;
    Asked asked{.init = false, .ephemeral = false};
    std::string pointer = pattern.pointer;
    walk(*pattern.node, pointer,
         [&](const Node& value, const std::string& at, std::string_view key, std::uint32_t offset) {
           if (bare_key(key) != "containers") {
             return true;
           }
           const std::string_view above = std::string_view(at).substr(0, at.rfind('/'));
           if (bare_key(above.substr(above.rfind('/') + 1)) == "spec") {
             place = {.pointer = at, .offset = offset};
             asked = lists_with(value);
           }
           return false;
         });
    if (place) {
      asked.ephemeral = asked.ephemeral && has_pods;
      say(policy, &rule, std::move(*place), asked, mentioned, report);
      return;
    }
  }
  if (is_about_probes(texts_below(*rule.node))) {
    return;
  }
  std::optional<Place> place;
  std::string pointer = rule.pointer + "/validate";
  walk(*rule.validate, pointer,
       [&](const Node& value, const std::string& at, std::string_view, std::uint32_t offset) {
         if (at.ends_with("/message") || at.ends_with("/cel")) {
           return false;
         }
         if (!place && value.is_string() && value.text().find("spec.") != std::string_view::npos &&
             has_word(value.text(), "spec.containers")) {
           place = {.pointer = at, .offset = offset};
         }
         return !place;
       });
  if (place) {
    say(policy, &rule, std::move(*place), {.init = true, .ephemeral = has_pods}, mentioned, report);
  }
}

void run(const PolicyView& policy, Report& report) {
  const bool is_mutation = policy.object->ref.kind.find("Mutating") != std::string_view::npos ||
                           policy.object->ref.kind.find("Generating") != std::string_view::npos ||
                           policy.object->ref.kind.find("Deleting") != std::string_view::npos;
  if (policy.spec == nullptr || is_mutation) {
    return;
  }
  const std::string texts = texts_below(*policy.spec);
  const Mentioned mentioned{.init = has_word(texts, "initContainers"),
                            .ephemeral = has_word(texts, "ephemeralContainers")};
  if (mentioned.init && mentioned.ephemeral) {
    return;
  }
  for (const RuleView& rule : policy.rules) {
    if (rule.validate != nullptr && is_about_pods(rule)) {
      judge_rule(policy, rule, mentioned, report);
    }
  }
  const RuleView* said = nullptr;
  bool is_said = false;
  for (const ExpressionView& expression : policy.expressions) {
    std::string text(expression.text);
    std::erase(text, '?');
    if ((is_said && said == expression.rule) || !reads_containers(text) || is_about_probes(texts) ||
        expression.place.pointer.find("matchConditions") != std::string::npos) {
      continue;
    }
    is_said = true;
    said = expression.rule;
    // Ephemeral containers have neither.
    const bool is_of_resources =
        text.find(".resources") != std::string::npos || text.find(".ports") != std::string::npos;
    say(policy, expression.rule, expression.place, {.init = true, .ephemeral = !is_of_resources},
        mentioned, report);
  }
}

}  // namespace

extern const LintCheck kContainers;
constinit const LintCheck kContainers{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
