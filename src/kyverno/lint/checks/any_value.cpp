// Checks of patterns that say less than they seem to.
//   any-value       `X | *`, `!a | !b`, =(key): "*": no value fails
//   absent-passes   a comparison that an absent field passes, since null is the quantity and the
//                   duration 0 (Kyverno 1.19.1, pkg/engine/pattern/pattern.go); asked of our own
//                   engine, so that both cannot differ
//   only-presence   key: "*": the empty value passes, too
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "kyverno/lint/internal/policy_view.hpp"
#include "pattern/anchor.hpp"
#include "pattern/scalar_pattern.hpp"

namespace tally::kyverno::lint {

using document::Node;

namespace {

constexpr finding::Check kAnyValueRecord{
    .engine = kEngine,
    .policy = {},
    .id = "any-value-passes",
    .title = "Pattern that any value satisfies",
    .description =
        "No value of the field fails: one of the alternatives is `*`, or two of them each exclude "
        "one value only, or a field that may be absent may hold anything. The rule looks like a "
        "requirement and is none.",
    .remedy =
        "Write what is wanted: join exclusions by `&` (`!a & !b`), drop the alternative `*`, or "
        "drop the line.",
    .severity = finding::Severity::Medium,
    .controls = {},
    .references = {}};
constexpr finding::Check kAbsentRecord{.engine = kEngine,
                                       .policy = {},
                                       .id = "absent-passes",
                                       .title = "Comparison that an absent field passes",
                                       .description =
                                           "An absent field counts as the quantity and the "
                                           "duration 0. `memory: \"<=1Gi\"` is passed by a "
                                           "container that has limits, but none for memory.",
                                       .remedy = "Demand the field as well: `\"?* & <=1Gi\"`.",
                                       .severity = finding::Severity::Medium,
                                       .controls = {},
                                       .references = {}};
constexpr finding::Check kPresenceRecord{
    .engine = kEngine,
    .policy = {},
    .id = "only-presence",
    .title = "Pattern that asks for presence only",
    .description = "`*` is satisfied by the empty text. Only the key has to be there.",
    .remedy = "If a value is wanted, write `\"?*\"`.",
    .severity = finding::Severity::Info,
    .controls = {},
    .references = {}};
constexpr std::array kRecords{&kAnyValueRecord, &kAbsentRecord, &kPresenceRecord};

std::vector<std::string_view> alternatives_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t bar = text.find('|');
    out.push_back(trim(text.substr(0, bar)));
    if (bar == std::string_view::npos) {
      return out;
    }
    text.remove_prefix(bar + 1);
  }
}

// Two exclusions of different single values: what one refuses the other accepts.
bool is_always_true(const std::vector<std::string_view>& alternatives) {
  std::string_view excluded;
  for (const std::string_view one : alternatives) {
    if (!one.starts_with('!') || one.find_first_of("*?&<>") != std::string_view::npos) {
      continue;
    }
    if (!excluded.empty() && excluded != one) {
      return true;
    }
    excluded = one;
  }
  return false;
}

bool absent_passes(const Node& pattern) {
  Arena texts;
  pattern::Budget budget{.left = 10'000};
  return pattern::match_scalar(Node{}, pattern, budget) == pattern::Match::Yes;
}

class PatternReader {
 public:
  PatternReader(const PolicyView& policy, const RuleView& rule, Report& report)
      : policy_(policy), rule_(rule), report_(report) {}

  void read(const Node& node, std::string& pointer, bool is_optional, std::size_t depth) {
    if (depth > kDepthMax) {
      return;
    }
    const std::size_t size = pointer.size();
    for (const document::Member member : node.members()) {
      append_step(pointer, member.key);
      const auto anchor = pattern::parse_anchor(member.key);
      if (member.value.is_string()) {
        read_text(member, anchor, pointer, is_optional);
      } else {
        read(member.value, pointer, is_optional || anchor.has_value(), depth + 1);
      }
      pointer.resize(size);
    }
    if (node.is_array()) {
      for (std::size_t i = 0; i < node.size(); ++i) {
        append_step(pointer, std::to_string(i));
        read(node.items()[i], pointer, is_optional, depth + 1);
        pointer.resize(size);
      }
    }
  }

 private:
  void say(const finding::Check& check, const document::Member& member, const std::string& pointer,
           std::string message, finding::Severity severity) {
    report_.add(check, policy_, &rule_, {.pointer = pointer, .offset = member.value.offset()},
                std::move(message), severity);
  }

  void read_text(const document::Member& member, const std::optional<pattern::Anchor>& anchor,
                 const std::string& pointer, bool is_optional) {
    const std::string_view text = trim(member.value.text());
    if (text.find("{{") != std::string_view::npos || text.find("$(") != std::string_view::npos) {
      return;
    }
    const auto kind = anchor ? std::optional(anchor->kind) : std::nullopt;
    if (kind && kind != pattern::AnchorKind::Equality) {
      return;  // what is chosen by, or must be absent
    }
    const std::string shown = excerpt(text);
    const auto alternatives = alternatives_of(text);
    if (alternatives.size() > 1 && std::ranges::find(alternatives, "*") != alternatives.end()) {
      say(kAnyValueRecord, member, pointer,
          fmt::format("\"{}\" is satisfied by any value: one of its alternatives is \"*\"", shown),
          kAnyValueRecord.severity);
      return;
    }
    if (alternatives.size() > 1 && is_always_true(alternatives)) {
      say(kAnyValueRecord, member, pointer,
          fmt::format(
              "\"{}\" is satisfied by any value: what one exclusion refuses the other accepts; "
              "join them by \"&\"",
              shown),
          kAnyValueRecord.severity);
      return;
    }
    if (kind == pattern::AnchorKind::Equality) {
      if (text == "*" && anchor->key != "name") {
        say(kAnyValueRecord, member, pointer,
            fmt::format("`{}` may be absent, and if it is there any value satisfies \"*\"",
                        anchor->key),
            finding::Severity::Low);
      } else if (text == "?*") {
        say(kAnyValueRecord, member, pointer,
            fmt::format(
                "`{}` may be absent, and if it is there any value but the empty one satisfies "
                "\"?*\"",
                anchor->key),
            finding::Severity::Info);
      }
      return;
    }
    if (text == "*") {
      // A name and an image are demanded by the API server anyway; `name: "*"` is a habit.
      if (member.key != "name" && member.key != "image" && !is_optional) {
        say(kPresenceRecord, member, pointer,
            fmt::format("\"*\" asks that `{}` is there; an empty value will do",
                        excerpt(member.key)),
            kPresenceRecord.severity);
      }
      return;
    }
    if (text.find_first_of("<>!-") != std::string_view::npos && absent_passes(member.value)) {
      say(kAbsentRecord, member, pointer,
          fmt::format("\"{}\" is passed when `{}` is absent: that counts as 0", shown,
                      excerpt(member.key)),
          is_optional ? finding::Severity::Low : kAbsentRecord.severity);
    }
  }

  const PolicyView& policy_;
  const RuleView& rule_;
  Report& report_;
};

void run(const PolicyView& policy, Report& report) {
  for (const RuleView& rule : policy.rules) {
    for (const PatternView& pattern : patterns_of(rule)) {
      std::string pointer = pattern.pointer;
      PatternReader(policy, rule, report).read(*pattern.node, pointer, false, 0);
    }
  }
}

}  // namespace

extern const LintCheck kAnyValue;
constinit const LintCheck kAnyValue{.records = kRecords, .run = run};

}  // namespace tally::kyverno::lint
