// `tally finding list`: what the continuous audit found, from the store.
#include <fmt/format.h>

#include "history_text.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using history::FindingQuery;
using history::KeptFinding;

std::string subject_text(const KeptFinding& kept) {
  const auto& subject = kept.subject;
  return subject.name_space.empty()
             ? fmt::format("{} {}", subject.kind, subject.name)
             : fmt::format("{} {}/{}", subject.kind, subject.name_space, subject.name);
}

std::string rule_text(const history::DecisionFinding& finding) {
  return finding.policy.empty() ? finding.rule : finding.policy + "/" + finding.rule;
}

void append_json(std::string& out, const KeptFinding& kept,
                 const std::vector<history::FindingChange>& changes) {
  const history::DecisionFinding& finding = kept.finding;
  JsonMembers members(out);
  members.text("id", finding.fingerprint);
  members.text("engine", finding.engine);
  members.text("policy", finding.policy);
  members.text("rule", finding.rule);
  std::string subject;
  JsonMembers of_subject(subject);
  of_subject.text("group", kept.subject.group);
  of_subject.text("kind", kept.subject.kind);
  of_subject.text("namespace", kept.subject.name_space);
  of_subject.text("name", kept.subject.name);
  of_subject.text("container", finding.container);
  of_subject.end();
  members.raw("subject", subject);
  members.text("pointer", finding.pointer);
  members.text("verdict", to_text(finding.verdict));
  members.text("severity", to_text(finding.severity));
  members.text("mode", to_text(finding.mode));
  members.text("found", finding.found);
  members.text("allowed", finding.allowed);
  members.text("message", finding.message);
  members.text("remedy", finding.remedy);
  members.text("firstSeen", moment_json(kept.first_seen_ms));
  members.text("lastSeen", moment_json(kept.last_seen_ms));
  if (kept.resolved_ms) {
    members.text("resolved", moment_json(*kept.resolved_ms));
  }
  std::string list = "[";
  for (const history::FindingChange& change : changes) {
    list += list.size() == 1 ? "" : ",";
    JsonMembers step(list);
    step.text("time", moment_json(change.time_ms));
    step.text("what", change.what);
    step.text("from", change.from);
    step.text("to", change.to);
    step.end();
  }
  members.raw("changes", list + "]");
  members.end();
}

std::string to_table(const std::vector<KeptFinding>& findings, std::uint32_t limit) {
  if (findings.empty()) {
    return "No findings.\n";
  }
  std::vector<std::vector<std::string>> rows{
      {"CHANGED (UTC)", "STATE", "SEVERITY", "MODE", "RULE", "SUBJECT", "MESSAGE"}};
  for (const KeptFinding& kept : findings) {
    const history::DecisionFinding& finding = kept.finding;
    const std::string state = kept.resolved_ms ? "resolved"
                              : finding.verdict == finding::Verdict::Fail
                                  ? "open"
                                  : "open, " + std::string(to_text(finding.verdict));
    rows.push_back({moment_text(kept.changed_ms), state, std::string(to_text(finding.severity)),
                    std::string(to_text(finding.mode)), shown(rule_text(finding)),
                    shown(subject_text(kept)), shown(finding.message)});
  }
  std::string out = columns(rows);
  if (limit != 0 && findings.size() == limit) {
    out += fmt::format("The latest {}; --limit 0 lists all.\n", limit);
  }
  return out;
}

}  // namespace

int run_finding(const HistoryFlags& flags) {
  const auto period = period_of(flags);
  if (!period) {
    return fail(period.error());
  }
  auto store = open_history(flags);
  if (!store) {
    return fail(store.error());
  }
  const FindingQuery query{.since_ms = period->since_ms,
                           .until_ms = period->until_ms,
                           .state = flags.open       ? FindingQuery::State::Open
                                    : flags.resolved ? FindingQuery::State::Resolved
                                                     : FindingQuery::State::Any,
                           .name_space = flags.name_space,
                           .policy = flags.policy,
                           .severity_min = severity_of(flags.severity),
                           .limit = flags.limit};
  std::vector<KeptFinding> findings;
  const auto done = store->findings(query, [&](const KeptFinding& kept) {
    findings.push_back(kept);
    return true;
  });
  if (!done) {
    return fail(done.error());
  }
  if (flags.output == "table") {
    print(to_table(findings, flags.limit));
    return 0;
  }
  std::string json = "{\"findings\":[";
  for (const KeptFinding& kept : findings) {
    const auto changes = store->changes(kept);
    if (!changes) {
      return fail(changes.error());
    }
    json += json.back() == '[' ? "\n" : ",\n";
    append_json(json, kept, *changes);
  }
  return print_json(json + "]}", flags.output);
}

}  // namespace tally::app
