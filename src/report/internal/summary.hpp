#pragma once
// Summary: the totals that every writer shows, computed once and in one way.
//
// "What first" names the rule with the greatest effect. Ranking: the worst severity first (error
// and unknown as high, as the exit code sees them); among those the rule that fails in most
// objects; then in most places; then the one whose worst finding stands first.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "finding/assessment.hpp"
#include "report/report.hpp"

namespace tally::report {

inline constexpr std::array kSeverities = {finding::Severity::Critical, finding::Severity::High,
                                           finding::Severity::Medium, finding::Severity::Low,
                                           finding::Severity::Info};
[[nodiscard]] constexpr std::size_t index_of(finding::Severity severity) noexcept {
  return static_cast<std::size_t>(severity);
}

// What one rule did to the input.
struct RuleEffect {
  const finding::Check* check = nullptr;
  finding::Severity severity = finding::Severity::Info;  // the worst of its findings
  std::uint64_t findings = 0;
  std::uint64_t objects = 0;
  std::uint64_t urgent_objects = 0;         // those with a finding of the worst severity
  const finding::Finding* first = nullptr;  // the first of the worst severity
};

// All findings of one object (or of one file, when subject is null), in order.
struct Group {
  const finding::Subject* subject = nullptr;
  const finding::WorkloadVerdict* verdict = nullptr;
  std::vector<const finding::Finding*> findings;
  finding::Severity worst = finding::Severity::Info;  // of those that count
  std::uint64_t counting = 0;
};

struct NamespaceEffect {
  std::string_view name;  // empty: cluster-scoped objects and files
  std::array<std::uint64_t, 5> by_severity{};
  std::uint64_t findings = 0;
};

struct Summary {
  std::uint64_t findings = 0;  // that count
  std::uint64_t objects = 0;   // with findings that count; files count as objects
  std::array<std::uint64_t, 5> by_severity{};
  std::array<std::uint64_t, 5>
      by_verdict{};  // of all listed findings without excepted ones, by Verdict
  std::uint64_t excepted = 0;
  std::uint64_t passes = 0;             // from the rule counts: passes are listed only on demand
  std::uint64_t workloads_failing = 0;  // whose Pod Security verdict is not allowed
  std::vector<RuleEffect> rules;        // with findings that count, "what first" order
  std::vector<NamespaceEffect>
      namespaces;  // with findings that count; worst first, then most, then by name
  int exit_code = 0;
};
[[nodiscard]] Summary summarize(const finding::Assessment& assessment, const WriteOptions& options);

// In order of the first finding.
[[nodiscard]] std::vector<Group> groups_of(const finding::Assessment& assessment);

// The findings that count, worst first, otherwise in order. (No std::stable_sort anywhere in this
// library: clang refuses the deprecated buffer that libstdc++ 12 takes for it. Places in one vector
// break the ties.)
[[nodiscard]] std::vector<const finding::Finding*> worst_first(
    const finding::Assessment& assessment);

// "3 critical, 17 high, 40 medium"; "no findings".
[[nodiscard]] std::string severity_text(const std::array<std::uint64_t, 5>& by_severity);

// The sentence after "What first: ". Unescaped.
[[nodiscard]] std::string what_first(const finding::Assessment& assessment, const Summary& summary);

// One line on what the exit code means: "1: findings at or above high".
[[nodiscard]] std::string exit_text(const finding::Assessment& assessment, const Summary& summary,
                                    const WriteOptions& options);

// "41 workloads, 96 objects in 12 files (812.4 KB)".
[[nodiscard]] std::string judged_text(const finding::Assessment& assessment);

// 0 to 100, rounded down so that "100 %" means all; 0 of 0 is no share.
struct Share {
  bool known = false;
  unsigned percent = 0;
};
[[nodiscard]] Share share(const finding::Figure& figure) noexcept;

// `kubectl label --overwrite namespace payments a=b c=d`, quoted for a POSIX shell; empty when
// there is nothing to apply or the name is not one that Kubernetes accepts.
[[nodiscard]] std::string label_command(const finding::NamespaceSummary& name_space);

}  // namespace tally::report
