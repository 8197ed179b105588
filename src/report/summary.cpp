#include "report/internal/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/parallel.hpp"
#include "report/internal/text.hpp"

namespace tally::report {

namespace {

using finding::Assessment;
using finding::Finding;

// Findings without a subject are grouped by their file.
const void* group_key(const Finding& finding) {
  return finding.subject != nullptr ? static_cast<const void*>(finding.subject)
                                    : static_cast<const void*>(finding.location.source);
}

// What a run of findings adds up to. Runs are summed up by all threads and joined in order.
// Findings of one object stand together (finding::Assessment), so that objects are counted at their
// borders.
class Sums {
 public:
  std::uint64_t findings = 0;
  std::uint64_t objects = 0;
  std::uint64_t excepted = 0;
  std::array<std::uint64_t, 5> by_severity{};
  std::array<std::uint64_t, 5> by_verdict{};
  std::vector<RuleEffect> rules;
  std::vector<NamespaceEffect> namespaces;

  void add(const Finding& finding) {
    if (finding.exception != nullptr) {
      ++excepted;
    } else {
      ++by_verdict[static_cast<std::size_t>(finding.verdict)];
    }
    if (!counts(finding)) {
      return;
    }
    const auto severity = effective_severity(finding);
    objects += findings == 0 || group_key(finding) != last_object_ ? 1U : 0U;
    last_object_ = group_key(finding);
    ++findings;
    ++by_severity[index_of(severity)];
    add_to_rule(finding, severity);
    NamespaceEffect& effect = namespace_of(finding);
    ++effect.findings;
    ++effect.by_severity[index_of(severity)];
  }

  // Adds what a later run came to.
  void join(const Sums& later) {
    findings += later.findings;
    objects += later.objects;
    excepted += later.excepted;
    add_up(by_severity, later.by_severity);
    add_up(by_verdict, later.by_verdict);
    for (const RuleEffect& rule : later.rules) {
      join_rule(rule);
    }
    for (const NamespaceEffect& effect : later.namespaces) {
      NamespaceEffect& mine = namespace_named(effect.name);
      mine.findings += effect.findings;
      add_up(mine.by_severity, effect.by_severity);
    }
  }

 private:
  // Of which object a rule spoke last, and whether with its worst severity.
  struct Last {
    const void* object = nullptr;
    const void* urgent_object = nullptr;
  };

  static void add_up(std::array<std::uint64_t, 5>& to, const std::array<std::uint64_t, 5>& from) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i] += from[i];
    }
  }

  void add_to_rule(const Finding& finding, finding::Severity severity) {
    const auto [entry, added] = rule_at_.try_emplace(finding.check, rules.size());
    if (added) {
      rules.push_back({.check = &check_of(finding)});
      last_.emplace_back();
    }
    RuleEffect& rule = rules[entry->second];
    Last& last = last_[entry->second];
    const void* object = group_key(finding);
    if (rule.first == nullptr || severity < rule.severity) {
      rule.severity = severity;
      rule.first = &finding;
      rule.urgent_objects = 0;
      last.urgent_object = &finding;  // no object
    }
    if (severity == rule.severity && last.urgent_object != object) {
      ++rule.urgent_objects;
      last.urgent_object = object;
    }
    if (rule.findings == 0 || last.object != object) {
      ++rule.objects;
      last.object = object;
    }
    ++rule.findings;
  }

  void join_rule(const RuleEffect& later) {
    const auto [entry, added] = rule_at_.try_emplace(later.check, rules.size());
    if (added) {
      rules.push_back(later);
      last_.emplace_back();
      return;
    }
    RuleEffect& rule = rules[entry->second];
    if (later.severity < rule.severity) {
      rule.severity = later.severity;
      rule.first = later.first;
      rule.urgent_objects = 0;
    }
    rule.urgent_objects += later.severity == rule.severity ? later.urgent_objects : 0;
    rule.objects += later.objects;
    rule.findings += later.findings;
  }

  NamespaceEffect& namespace_named(std::string_view name) {
    const auto [entry, added] = namespace_at_.try_emplace(name, namespaces.size());
    if (added) {
      namespaces.push_back({.name = name});
    }
    return namespaces[entry->second];
  }

  NamespaceEffect& namespace_of(const Finding& finding) {
    // Findings come object by object: mostly the namespace is that of the finding before.
    if (finding.subject == nullptr || finding.subject != last_subject_) {
      std::string_view name;
      if (finding.subject != nullptr) {
        const auto& ref = finding.subject->ref;
        name = ref.group.empty() && ref.kind == "Namespace" ? ref.name : ref.name_space;
      }
      last_namespace_ = static_cast<std::size_t>(&namespace_named(name) - namespaces.data());
      last_subject_ = finding.subject;
    }
    return namespaces[last_namespace_];
  }

  const void* last_object_ = nullptr;
  std::unordered_map<const finding::Check*, std::size_t> rule_at_;
  std::vector<Last> last_;  // per rule
  std::unordered_map<std::string_view, std::size_t> namespace_at_;
  const finding::Subject* last_subject_ = nullptr;
  std::size_t last_namespace_ = 0;
};

// Where the runs begin, and the end: never between two findings of one object.
std::vector<std::size_t> runs_of(const std::vector<Finding>& findings, unsigned threads) {
  constexpr std::size_t kRunMin = 2048;
  const std::size_t runs =
      std::clamp<std::size_t>(findings.size() / kRunMin, 1, std::size_t{4} * threads);
  std::vector<std::size_t> begins = {0};
  for (std::size_t run = 1; run < runs; ++run) {
    std::size_t at = std::max(begins.back(), findings.size() * run / runs);
    while (at > 0 && at < findings.size() &&
           group_key(findings[at]) == group_key(findings[at - 1])) {
      ++at;
    }
    begins.push_back(at);
  }
  begins.push_back(findings.size());
  return begins;
}

Sums sum_up(const std::vector<Finding>& findings, unsigned threads) {
  const auto begins = runs_of(findings, std::max(1U, threads));
  std::vector<Sums> sums(begins.size() - 1);
  parallel_for(sums.size(), std::max(1U, threads), [&](std::size_t run, unsigned) {
    for (std::size_t i = begins[run]; i < begins[run + 1]; ++i) {
      sums[run].add(findings[i]);
    }
  });
  for (std::size_t run = 1; run < sums.size(); ++run) {
    sums.front().join(sums[run]);
  }
  return std::move(sums.front());
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
  Sums sums = sum_up(assessment.findings, options.threads);
  summary.findings = sums.findings;
  summary.objects = sums.objects;
  summary.excepted = sums.excepted;
  summary.by_severity = sums.by_severity;
  summary.by_verdict = sums.by_verdict;
  summary.rules = std::move(sums.rules);
  summary.namespaces = std::move(sums.namespaces);
  rank(summary);
  for (const auto& verdict : assessment.workloads) {
    summary.workloads_failing += verdict.allowed ? 0U : 1U;
  }
  for (const auto& rule : assessment.rules) {
    summary.passes += rule.pass;
  }
  summary.exit_code = exit_code(assessment, options.fail_on);
  return summary;
}

std::vector<Group> groups_of(const Assessment& assessment) {
  std::vector<Group> groups;
  std::unordered_map<const void*, std::size_t> group_at;
  for (const Finding& finding : assessment.findings) {
    const auto [entry, added] = group_at.try_emplace(group_key(finding), groups.size());
    if (added) {
      groups.push_back({.subject = finding.subject, .verdict = nullptr, .findings = {}});
    }
    Group& group = groups[entry->second];
    group.findings.push_back(&finding);
    if (counts(finding)) {
      ++group.counting;
      group.worst = std::min(group.worst, effective_severity(finding));
    }
  }
  for (const auto& verdict : assessment.workloads) {
    if (const auto group = group_at.find(verdict.subject); group != group_at.end()) {
      groups[group->second].verdict = &verdict;
    }
  }
  return groups;
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
