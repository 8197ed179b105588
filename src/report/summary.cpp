#include "report/internal/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "report/internal/text.hpp"

namespace tally::report {

namespace {

using finding::Assessment;
using finding::Finding;

// Which of the groups a rule speaks of: a bit each, so that counting distinct objects costs next to
// nothing.
struct GroupSet {
  std::vector<bool> holds;
  std::uint64_t count = 0;

  void add(std::size_t group) {
    if (group >= holds.size()) {
      holds.resize(group + 1);
    }
    count += holds[group] ? 0U : 1U;
    holds[group] = true;
  }
  void clear() {
    holds.clear();
    count = 0;
  }
};

struct Effects {
  std::unordered_map<const finding::Check*, std::size_t> rule_at;
  std::unordered_map<const void*, std::size_t> group_at;
  std::unordered_map<std::string_view, std::size_t> namespace_at;
  // Findings come object by object: mostly the group is that of the finding before.
  const void* last_group = nullptr;
  std::size_t last_group_at = 0;
  // Per rule: all objects, and those with a finding of the worst severity.
  std::vector<GroupSet> objects;
  std::vector<GroupSet> urgent_objects;
};

// Findings without a subject are grouped by their file.
const void* group_key(const Finding& finding) {
  return finding.subject != nullptr ? static_cast<const void*>(finding.subject)
                                    : static_cast<const void*>(finding.location.source);
}

std::size_t add_to_group(Summary& summary, Effects& effects, const Finding& finding,
                         bool counting) {
  const void* key = group_key(finding);
  if (key != effects.last_group || summary.groups.empty()) {
    const auto [entry, added] = effects.group_at.try_emplace(key, summary.groups.size());
    if (added) {
      summary.groups.push_back({.subject = finding.subject, .verdict = nullptr, .findings = {}});
    }
    effects.last_group = key;
    effects.last_group_at = entry->second;
  }
  Group& group = summary.groups[effects.last_group_at];
  group.findings.push_back(&finding);
  if (counting) {
    ++group.counting;
    group.worst = std::min(group.worst, effective_severity(finding));
  }
  return effects.last_group_at;
}

void add_to_rule(Summary& summary, Effects& effects, const Finding& finding, std::size_t group) {
  const auto [entry, added] = effects.rule_at.try_emplace(finding.check, summary.rules.size());
  if (added) {
    summary.rules.push_back({.check = &check_of(finding)});
    effects.objects.emplace_back();
    effects.urgent_objects.emplace_back();
  }
  RuleEffect& rule = summary.rules[entry->second];
  const auto severity = effective_severity(finding);
  if (rule.first == nullptr || severity < rule.severity) {
    rule.severity = severity;
    rule.first = &finding;
    effects.urgent_objects[entry->second].clear();
  }
  if (severity == rule.severity) {
    effects.urgent_objects[entry->second].add(group);
  }
  ++rule.findings;
  effects.objects[entry->second].add(group);
}

void add_to_namespace(Summary& summary, Effects& effects, const Finding& finding) {
  std::string_view name;
  if (finding.subject != nullptr) {
    const auto& ref = finding.subject->ref;
    name = ref.group.empty() && ref.kind == "Namespace" ? ref.name : ref.name_space;
  }
  const auto [entry, added] = effects.namespace_at.try_emplace(name, summary.namespaces.size());
  if (added) {
    summary.namespaces.push_back({.name = name});
  }
  NamespaceEffect& effect = summary.namespaces[entry->second];
  ++effect.findings;
  ++effect.by_severity[index_of(effective_severity(finding))];
}

void rank(Summary& summary) {
  // The severity of the finding says what fails the run; that of the rule, how bad it is wherever
  // it is found: a privileged container comes before a missing seccomp profile, though both are
  // high in a restricted namespace.
  std::ranges::sort(summary.rules, [](const RuleEffect& a, const RuleEffect& b) {
    return std::tuple(a.severity, a.check->severity, b.urgent_objects, a.first) <
           std::tuple(b.severity, b.check->severity, a.urgent_objects, b.first);
  });
  std::ranges::sort(summary.namespaces, [](const NamespaceEffect& a, const NamespaceEffect& b) {
    // More of the worst severity first: arrays compare from critical to info.
    return std::tie(b.by_severity, a.name) < std::tie(a.by_severity, b.name);
  });
}

}  // namespace

Summary summarize(const Assessment& assessment, const WriteOptions& options) {
  Summary summary;
  Effects effects;
  for (const Finding& finding : assessment.findings) {
    const bool counting = counts(finding);
    const std::size_t group = add_to_group(summary, effects, finding, counting);
    if (finding.exception != nullptr) {
      ++summary.excepted;
    } else {
      ++summary.by_verdict[static_cast<std::size_t>(finding.verdict)];
    }
    if (!counting) {
      continue;
    }
    ++summary.findings;
    ++summary.by_severity[index_of(effective_severity(finding))];
    add_to_rule(summary, effects, finding, group);
    add_to_namespace(summary, effects, finding);
  }
  for (std::size_t i = 0; i < summary.rules.size(); ++i) {
    summary.rules[i].objects = effects.objects[i].count;
    summary.rules[i].urgent_objects = effects.urgent_objects[i].count;
  }
  rank(summary);
  for (const auto& verdict : assessment.workloads) {
    summary.workloads_failing += verdict.allowed ? 0U : 1U;
    const auto group = effects.group_at.find(verdict.subject);
    if (group != effects.group_at.end()) {
      summary.groups[group->second].verdict = &verdict;
    }
  }
  for (const auto& rule : assessment.rules) {
    summary.passes += rule.pass;
  }
  summary.exit_code = exit_code(assessment, options.fail_on);
  return summary;
}

std::vector<const Finding*> worst_first(const Assessment& assessment) {
  std::vector<const Finding*> findings;
  for (const Finding& finding : assessment.findings) {
    if (counts(finding)) {
      findings.push_back(&finding);
    }
  }
  std::ranges::sort(findings, {}, [](const Finding* finding) {
    return std::pair(effective_severity(*finding), finding);
  });
  return findings;
}

std::string severity_text(const std::array<std::uint64_t, 5>& by_severity) {
  std::string text;
  for (const auto severity : kSeverities) {
    if (const auto count = by_severity[index_of(severity)]; count != 0) {
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(count), to_text(severity));
    }
  }
  return text.empty() ? "no findings" : text;
}

std::string what_first(const Assessment& assessment, const Summary& summary) {
  if (!assessment.errors.empty() && summary.rules.empty()) {
    const Error& error = assessment.errors.front();
    return fmt::format("make the input readable: {}", error.to_string());
  }
  if (assessment.totals.objects == 0) {
    return "give an input with Kubernetes objects: nothing was judged.";
  }
  if (summary.rules.empty()) {
    const auto waiting = std::ranges::count(
        assessment.skipped, finding::Skipped::Kind::NotJudgedYet, &finding::Skipped::kind);
    return waiting == 0
               ? "nothing to do: no rule failed."
               : fmt::format("no rule failed; {} not judged yet: see what is listed as such.",
                             count_text(static_cast<std::uint64_t>(waiting), "object"));
  }
  const RuleEffect& rule = summary.rules.front();
  const auto place = place_text(rule.first->location);
  const auto subject = subject_path(rule.first->subject);
  std::string text = fmt::format("{} ({}) in {}", rule.check->id, to_text(rule.severity),
                                 count_text(rule.urgent_objects, "object"));
  if (!subject.empty() || !place.empty()) {
    text += fmt::format(", {}{}{}{}", rule.urgent_objects == 1 ? "" : "beginning with ", subject,
                        subject.empty() || place.empty() ? "" : " at ", place);
  }
  const auto remedy = rule.first->remedy_text();
  return text + (remedy.empty() ? "." : fmt::format(". {}", remedy));
}

std::string exit_text(const Assessment& assessment, const Summary& summary,
                      const WriteOptions& options) {
  switch (summary.exit_code) {
    case 2:
      return assessment.errors.empty()
                 ? "2: nothing was judged"
                 : fmt::format("2: {} in the input", count_text(assessment.errors.size(), "error"));
    case 1:
      return fmt::format("1: findings at or above {}", to_text(*options.fail_on));
    default:
      return options.fail_on == nullptr
                 ? "0: findings never fail this run"
                 : fmt::format("0: no finding at or above {}", to_text(*options.fail_on));
  }
}

std::string judged_text(const Assessment& assessment) {
  const auto& totals = assessment.totals;
  return fmt::format("{}, {} in {} ({})", count_text(totals.workloads, "workload"),
                     count_text(totals.objects, "object"),
                     count_text(assessment.inputs.size(), "file"), bytes_text(totals.bytes));
}

Share share(const finding::Figure& figure) noexcept {
  if (figure.denominator == 0) {
    return {};
  }
  const auto part =
      static_cast<long double>(figure.numerator) / static_cast<long double>(figure.denominator);
  return {.known = true, .percent = static_cast<unsigned>(std::min<long double>(part * 100, 100))};
}

namespace {

bool is_shell_safe(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"-_./=:@%+,"}.contains(c);
}

// POSIX shell quoting: single quotes protect everything but themselves.
std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_shell_safe)) {
    return std::string(text);
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? std::string_view{"'\\''"} : std::string_view{&c, 1};
  }
  return quoted + "'";
}

}  // namespace

std::string label_command(const finding::NamespaceSummary& name_space) {
  // RFC 1123 label: what cannot be a namespace is never offered for pasting into a shell.
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name_space.labels_to_apply.empty() || name_space.name.empty() ||
      name_space.name.starts_with('-') || !std::ranges::all_of(name_space.name, allowed)) {
    return {};
  }
  std::string command = "kubectl label --overwrite namespace " + shell_word(name_space.name);
  for (const auto& [key, value] : name_space.labels_to_apply) {
    command += ' ' + shell_word(fmt::format("{}={}", key, value));
  }
  return command;
}

}  // namespace tally::report
