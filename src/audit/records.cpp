#include "audit/internal/records.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tally::audit {

using finding::Mode;
using finding::Severity;
using finding::Verdict;
using history::DecisionFinding;
using history::PolicyKey;

namespace {

constexpr std::size_t kMessageBytesMax = 400;

std::uint8_t hex_digit(char digit) noexcept {
  return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

// As finding::effective_severity().
Severity effective_severity(const DecisionFinding& finding) noexcept {
  const bool doubtful = finding.verdict == Verdict::Error || finding.verdict == Verdict::Unknown;
  return doubtful ? std::min(finding.severity, Severity::High) : finding.severity;
}

// The beginning of a long text, cut between characters.
std::string beginning(const std::string& text) {
  if (text.size() <= kMessageBytesMax) {
    return text;
  }
  std::size_t end = kMessageBytesMax;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return text.substr(0, end) + "...";
}

std::uint64_t& count_of(Summary& summary, const KeptFinding& finding) noexcept {
  if (finding.is_excepted) {
    return summary.skip;
  }
  if (finding.verdict != Verdict::Fail) {
    return summary.error;
  }
  return finding.mode == Mode::Warn ? summary.warn : summary.fail;
}

void add(std::uint64_t& number, bool is_added, std::uint64_t by = 1) noexcept {
  number = is_added ? number + by : number - by;
}

template <class Map>
void add(Map& map, const std::string& name, bool is_added) {
  const auto at = map.try_emplace(name, 0).first;
  add(at->second, is_added);
  if (at->second == 0) {
    map.erase(at);
  }
}

// How the findings that count differ, by fingerprint.
Records::Outcome compare(std::span<const KeptFinding> before, std::span<const KeptFinding> after) {
  Records::Outcome outcome;
  const auto prints = [](std::span<const KeptFinding> findings) {
    std::vector<std::array<std::uint8_t, 16>> all;
    for (const KeptFinding& finding : findings) {
      if (!finding.is_excepted) {
        all.push_back(finding.print);
      }
    }
    return all;  // findings are sorted by it
  };
  const auto old_prints = prints(before);
  const auto new_prints = prints(after);
  std::vector<std::array<std::uint8_t, 16>> both;
  std::ranges::set_intersection(old_prints, new_prints, std::back_inserter(both));
  outcome.unchanged = static_cast<std::uint32_t>(both.size());
  outcome.opened = static_cast<std::uint32_t>(new_prints.size() - both.size());
  outcome.resolved = static_cast<std::uint32_t>(old_prints.size() - both.size());
  outcome.is_different = !std::ranges::equal(before, after);
  return outcome;
}

}  // namespace

Key to_key(const KeyView& view) {
  return {std::string(view.name_space), std::string(view.group), std::string(view.kind),
          std::string(view.name)};
}
Key to_key(const history::SubjectKey& subject) {
  return {subject.name_space, subject.group, subject.kind, subject.name};
}
history::SubjectKey to_subject(const Key& key) {
  return {key.group, key.kind, key.name_space, key.name};
}

// The empty list and the empty text are number 0, which nobody gives back.
Records::Records() {
  (void)quiet_.own({});
  (void)texts_.own({});
}

void Records::release_text(std::uint32_t text) {
  if (text != 0) {
    texts_.release(text);
  }
}

void Records::release_quiet(std::uint32_t list) {
  if (list != 0) {
    quiet_.release(list);
  }
}

std::uint32_t Records::own_text(const std::string& text) {
  return text.empty() ? 0 : texts_.own(text);
}

KeptFinding Records::keep(const DecisionFinding& finding) {
  KeptFinding kept{.rule = rules_.own({finding.engine, finding.policy, finding.rule}),
                   .container = own_text(finding.container),
                   .pointer = own_text(finding.pointer),
                   .message = own_text(beginning(finding.message)),
                   .verdict = finding.verdict,
                   .severity = effective_severity(finding),
                   .mode = finding.mode,
                   .is_excepted = !finding.exception.empty()};
  for (std::size_t i = 0; i < kept.print.size(); ++i) {
    kept.print[i] = static_cast<std::uint8_t>(hex_digit(finding.fingerprint[2 * i]) << 4U |
                                              hex_digit(finding.fingerprint[2 * i + 1]));
  }
  return kept;
}

void Records::release(const KeptFinding& finding) {
  release_text(finding.container);
  release_text(finding.pointer);
  release_text(finding.message);
}

std::uint32_t Records::rule_of(const finding::Check& check) {
  const auto [at, is_new] = checks_.try_emplace(&check, 0);
  if (is_new) {
    at->second =
        rules_.own({std::string(check.engine), std::string(check.policy), std::string(check.id)});
  }
  return at->second;
}

bool Records::is_asked(std::uint32_t rule, const PolicyKeys& asked) const {
  return asked.empty() ||
         std::ranges::binary_search(asked, PolicyKey{rules_[rule].engine, rules_[rule].policy});
}

std::uint32_t Records::quiet_list(const Record& record, const Judged& judged,
                                  const PolicyKeys& asked) {
  std::vector<std::uint32_t> list;
  if (!asked.empty()) {
    std::ranges::copy_if(quiet_[record.quiet], std::back_inserter(list),
                         [&](std::uint32_t one) { return !is_asked(one >> 1U, asked); });
  }
  for (const Judged::Quiet& quiet : judged.quiet) {
    const std::uint32_t rule = rule_of(*quiet.check);
    list.push_back(rule << 1U | (quiet.is_skip ? 1U : 0U));
  }
  std::ranges::sort(list);
  return list.empty() ? 0 : quiet_.own(std::move(list));
}

Records::Outcome Records::judge(const Key& key, Record& record, const Judged& judged,
                                const PolicyKeys& asked) {
  std::vector<KeptFinding> after;
  std::vector<KeptFinding> dropped;
  for (const KeptFinding& finding : record.findings) {
    (is_asked(finding.rule, asked) ? dropped : after).push_back(finding);
  }
  for (const DecisionFinding& finding : judged.findings) {
    after.push_back(keep(finding));
  }
  std::ranges::sort(after);
  const std::uint32_t quiet = quiet_list(record, judged, asked);
  const Level level = asked.empty() ? judged.level : record.level;
  Outcome outcome = compare(record.findings, after);
  outcome.is_different =
      outcome.is_different || quiet != record.quiet || level != record.level || !record.is_judged;
  if (outcome.is_different) {
    count(key, record, false);
  }
  for (const KeptFinding& finding : dropped) {
    release(finding);
  }
  release_quiet(std::exchange(record.quiet, quiet));
  if (!judged.api_version.empty() && texts_[record.api_version] != judged.api_version) {
    release_text(std::exchange(record.api_version, texts_.own(judged.api_version)));
  }
  record.findings = std::move(after);
  record.findings.shrink_to_fit();
  record.level = level;
  record.is_judged = true;
  if (outcome.is_different) {
    count(key, record, true);
  }
  return outcome;
}

Records::Outcome Records::clear(const Key& key, Record& record) {
  const Outcome outcome = compare(record.findings, {});
  count(key, record, false);
  for (const KeptFinding& finding : record.findings) {
    release(finding);
  }
  record.findings.clear();
  record.level.reset();
  release_text(std::exchange(record.api_version, 0));
  release_quiet(std::exchange(record.quiet, 0));
  record.is_judged = false;
  return outcome;
}

Records::Outcome Records::judge_cluster(const Key& key, std::span<const DecisionFinding> findings) {
  std::vector<KeptFinding> after;
  for (const DecisionFinding& finding : findings) {
    after.push_back(keep(finding));
  }
  std::ranges::sort(after);
  const auto at = cluster_.try_emplace(key).first;
  const Outcome outcome = compare(at->second, after);
  if (outcome.is_different) {
    count_findings(key, at->second, false);
    count_findings(key, after, true);
  }
  for (const KeptFinding& finding : at->second) {
    release(finding);
  }
  at->second = std::move(after);
  if (at->second.empty()) {
    cluster_.erase(at);
  }
  return outcome;
}

void Records::add_policies(std::span<const KeptFinding> findings, std::set<PolicyKey>& to) const {
  for (const KeptFinding& finding : findings) {
    to.insert({rules_[finding.rule].engine, rules_[finding.rule].policy});
  }
}

// ---------------------------------------------------------------- sums

void Records::count_findings(const Key& key, std::span<const KeptFinding> findings, bool is_added) {
  changed_.insert(key.name_space);
  Space& space = spaces_[key.name_space];
  for (const KeptFinding& finding : findings) {
    add(count_of(space.summary, finding), is_added);
    if (finding.is_excepted) {
      continue;
    }
    add(counters_.findings_by_severity[static_cast<std::size_t>(finding.severity)], is_added);
    add(counters_.findings_by_engine, rules_[finding.rule].engine, is_added);
    add(counters_.findings_by_namespace, key.name_space, is_added);
  }
  if (space.objects == 0 && space.summary == Summary{}) {
    spaces_.erase(key.name_space);
  }
}

void Records::count(const Key& key, const Record& record, bool is_added) {
  if (!record.is_judged) {
    return;
  }
  Space& space = spaces_[key.name_space];
  for (const std::uint32_t one : quiet_[record.quiet]) {
    add((one & 1U) != 0 ? space.summary.skip : space.summary.pass, is_added);
  }
  add(space.objects, is_added);
  add(counters_.objects, is_added);
  if (record.level) {
    add(counters_.workloads_by_level[*record.level], is_added);
  }
  count_findings(key, record.findings, is_added);
}

Counters Records::recount() const {
  Counters sum;
  const auto add_all = [&](const Key& key, std::span<const KeptFinding> findings) {
    for (const KeptFinding& finding : findings) {
      if (!finding.is_excepted) {
        ++sum.findings_by_severity[static_cast<std::size_t>(finding.severity)];
        ++sum.findings_by_engine[rules_[finding.rule].engine];
        ++sum.findings_by_namespace[key.name_space];
      }
    }
  };
  for (const auto& [key, record] : objects) {
    add_all(key, record.findings);
    sum.objects += record.is_judged ? 1 : 0;
    if (record.is_judged && record.level) {
      ++sum.workloads_by_level[*record.level];
    }
  }
  for (const auto& [key, findings] : cluster_) {
    add_all(key, findings);
  }
  return sum;
}

// ---------------------------------------------------------------- reports

ReportResult Records::result_of(const Key& key, std::uint32_t api_version,
                                const KeptFinding& finding) const {
  const RuleName& rule = rules_[finding.rule];
  return {.subject = to_subject(key),
          .api_version = texts_[api_version],
          .engine = rule.engine,
          .policy = rule.policy,
          .rule = rule.rule,
          .container = texts_[finding.container],
          .pointer = texts_[finding.pointer],
          .message = texts_[finding.message],
          .verdict = finding.verdict,
          .severity = finding.severity,
          .mode = finding.mode,
          .is_excepted = finding.is_excepted};
}

std::vector<ReportResult> Records::findings_of(const Key& key) const {
  std::vector<ReportResult> results;
  const auto at = objects.find(key);
  const std::uint32_t api_version = at == objects.end() ? 0 : at->second.api_version;
  const auto add_all = [&](std::span<const KeptFinding> findings) {
    for (const KeptFinding& finding : findings) {
      results.push_back(result_of(key, api_version, finding));
    }
  };
  if (at != objects.end()) {
    add_all(at->second.findings);
  }
  if (const auto more = cluster_.find(key); more != cluster_.end()) {
    add_all(more->second);
  }
  return results;
}

ReportContent Records::report_content(std::string_view name_space, std::size_t results_max) const {
  ReportContent content{.name_space = std::string(name_space)};
  const auto space = spaces_.find(name_space);
  if (space == spaces_.end()) {
    return content;
  }
  content.objects = space->second.objects;
  content.summary = space->second.summary;
  struct Candidate {
    const Key* key;
    std::uint32_t api_version;
    const KeptFinding* finding;
  };
  std::vector<Candidate> all;
  const KeyView first{.name_space = name_space};
  for (auto at = objects.lower_bound(first);
       at != objects.end() && at->first.name_space == name_space; ++at) {
    for (const KeptFinding& finding : at->second.findings) {
      all.push_back({&at->first, at->second.api_version, &finding});
    }
  }
  for (auto at = cluster_.lower_bound(first);
       at != cluster_.end() && at->first.name_space == name_space; ++at) {
    for (const KeptFinding& finding : at->second) {
      all.push_back({&at->first, 0, &finding});
    }
  }
  const auto order = [this](const Candidate& one) {
    const RuleName& rule = rules_[one.finding->rule];
    return std::tuple(one.finding->is_excepted, one.finding->severity, ByKey::view(*one.key),
                      std::tie(rule.engine, rule.policy, rule.rule),
                      std::string_view(texts_[one.finding->pointer]), one.finding->print,
                      std::string_view(texts_[one.finding->message]));
  };
  const std::size_t shown = std::min(results_max, all.size());
  std::ranges::partial_sort(
      all, all.begin() + static_cast<std::ptrdiff_t>(shown),
      [&](const Candidate& a, const Candidate& b) { return order(a) < order(b); });
  content.left_out = all.size() - shown;
  for (const Candidate& one : std::span(all).first(shown)) {
    content.results.push_back(result_of(*one.key, one.api_version, *one.finding));
  }
  return content;
}

}  // namespace tally::audit
