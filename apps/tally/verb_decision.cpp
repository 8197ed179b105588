// `tally decision list|show|scopes`: what was decided on requests, from the store.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "history_text.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using history::Decision;
using history::DecisionFinding;
using history::KeptDecision;
using history::ScopeChange;

// Enough of an id to be unique, as a rule.
constexpr std::size_t kShortId = 14;

std::string_view answer_of(const Decision& decision) {
  if (!decision.is_allowed) {
    return "denied";
  }
  if (!decision.warnings.empty()) {
    return "warned";
  }
  return decision.patch.empty() ? "allowed" : "mutated";
}

std::string object_text(const Decision& decision) {
  std::string out = decision.kind;
  if (!decision.subresource.empty()) {
    out += "/" + decision.subresource;
  }
  out += " ";
  out += decision.name_space.empty() ? "" : decision.name_space + "/";
  return out + decision.name;
}

std::string rule_text(const DecisionFinding& finding) {
  std::string out = finding.engine;
  for (const std::string* part : {&finding.policy, &finding.rule}) {
    if (!part->empty()) {
      out += (out.empty() ? "" : "/") + *part;
    }
  }
  return out;
}

bool is_wrong(const DecisionFinding& finding) {
  return finding.verdict != finding::Verdict::Pass && finding.verdict != finding::Verdict::Skip;
}

std::string list_table(const std::vector<KeptDecision>& decisions, std::uint32_t limit) {
  if (decisions.empty()) {
    return "No decisions.\n";
  }
  std::vector<std::vector<std::string>> rows{
      {"LATEST (UTC)", "ANSWER", "TIMES", "OPERATION", "OBJECT", "USER", "ID", "WHY"}};
  for (const KeptDecision& kept : decisions) {
    const Decision& decision = kept.decision;
    const auto wrong = std::ranges::find_if(decision.findings, is_wrong);
    rows.push_back(
        {moment_text(decision.time_ms), std::string(answer_of(decision)),
         fmt::format("{}", kept.occurrences), shown(decision.operation),
         shown(object_text(decision)), shown(decision.user), kept.id.substr(0, kShortId),
         wrong == decision.findings.end() ? shown(decision.message) : shown(rule_text(*wrong))});
  }
  std::string out = columns(rows);
  if (limit != 0 && decisions.size() == limit) {
    out += fmt::format("The latest {}; --limit 0 lists all.\n", limit);
  }
  return out;
}

void append_json(std::string& out, const KeptDecision& kept) {
  JsonMembers members(out);
  members.text("id", kept.id);
  members.text("time", moment_json(kept.decision.time_ms));
  members.text("firstTime", moment_json(kept.first_ms));
  members.raw("occurrences", fmt::format("{}", kept.occurrences));
  members.text("uid", kept.decision.uid);
  members.raw("latencyMicroseconds", fmt::format("{}", kept.decision.latency_us));
  members.raw("intact", kept.is_intact ? "true" : "false");
  // What was altered may be no JSON any more.
  if (kept.is_intact) {
    members.raw("decision", kept.canonical);
  } else {
    members.text("altered", kept.canonical);
  }
  members.end();
}

std::string mode_text(const std::optional<finding::Mode>& mode) {
  return mode ? std::string(to_text(*mode)) : "none";
}

// "policy baseline in namespace payments"
std::string scope_text(const ScopeChange& change) {
  return fmt::format(
      "{} in {}", change.policy.empty() ? "every policy" : "policy " + change.policy,
      change.name_space.empty() ? "every namespace" : "namespace " + change.name_space);
}

// A story told in sections of "name: value" and indented lines.
class Story {
 public:
  void section(std::string_view title) { out_ += fmt::format("\n{}\n", title); }
  void line(std::string_view text) { out_ += fmt::format("  {}\n", shown(text)); }
  void field(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      out_ += fmt::format("    {:<9} {}\n", name, shown(value));
    }
  }
  std::string& text() { return out_; }

 private:
  std::string out_;
};

void tell_request(Story& story, const KeptDecision& kept) {
  const Decision& decision = kept.decision;
  story.text() = fmt::format("{} {}\n", kept.id, answer_of(decision));
  if (!kept.is_intact) {
    story.text() += "\nALTERED: this record is not what was written; its digest is not its id.\n";
  }
  story.section("Request");
  story.line(fmt::format("{} {}{}", decision.operation, object_text(decision),
                         decision.is_dry_run ? " (dry run)" : ""));
  story.field("resource",
              fmt::format("{}{}{}/{}", decision.group, decision.group.empty() ? "" : "/",
                          decision.version, decision.resource));
  story.field("user", decision.user);
  std::string groups;
  for (const std::string& group : decision.groups) {
    groups += (groups.empty() ? "" : ", ") + group;
  }
  story.field("groups", groups);
  story.field("object", decision.object_digest.empty() ? "" : "sha256:" + decision.object_digest);
  story.field("uid", decision.uid);
  story.field("time",
              kept.occurrences == 1
                  ? moment_text(decision.time_ms) + " UTC"
                  : fmt::format("{} UTC, {} times since {} UTC", moment_text(decision.time_ms),
                                kept.occurrences, moment_text(kept.first_ms)));
  story.field("judged in", fmt::format("{} us", decision.latency_us));
}

void tell_findings(Story& story, const std::vector<DecisionFinding>& findings) {
  if (findings.empty()) {
    return;
  }
  story.section("What was judged");
  for (const DecisionFinding& finding : findings) {
    story.line(fmt::format("{}: {}, {}, {}", rule_text(finding), to_text(finding.verdict),
                           to_text(finding.severity), to_text(finding.mode)));
    story.field("message", finding.message);
    story.field("container", finding.container);
    story.field("field", finding.pointer);
    story.field("found", finding.found);
    story.field("allowed", finding.allowed);
    story.field("remedy", finding.remedy);
    if (!finding.exception.empty()) {
      story.field("accepted", fmt::format("by exception {} of {}: {}", finding.exception,
                                          finding.exception_owner, finding.exception_reason));
    }
  }
}

void tell_answer(Story& story, const Decision& decision) {
  story.section("Answer");
  story.line(decision.code == 0 ? std::string(answer_of(decision))
                                : fmt::format("{} ({})", answer_of(decision), decision.code));
  story.field("message", decision.message);
  for (const std::string& warning : decision.warnings) {
    story.field("warning", warning);
  }
  for (const std::string& error : decision.errors) {
    story.field("error", error);
  }
  story.field("patch", decision.patch);
}

// Who made the modes what they were: for each scope that concerns the decision the latest change
// before it.
Result<void> tell_mode(Story& story, history::History& store, const KeptDecision& kept) {
  const Decision& decision = kept.decision;
  story.section("Mode");
  story.line(to_text(decision.mode));
  std::vector<std::string> told;
  const auto tell = [&](const ScopeChange& change) {
    const bool concerns =
        change.policy.empty() ||
        std::ranges::any_of(decision.findings, [&](const DecisionFinding& finding) {
          return finding.policy == change.policy;
        });
    const std::string scope = scope_text(change);
    if (concerns && std::ranges::find(told, scope) == told.end() &&
        (change.name_space.empty() || change.name_space == decision.name_space)) {
      told.push_back(scope);
      story.line(fmt::format("{}: {} to {} by {} at {} UTC{}", scope, mode_text(change.from),
                             mode_text(change.to), change.user, moment_text(change.time_ms),
                             change.source.empty() ? "" : " (" + change.source + ")"));
    }
    return true;
  };
  TALLY_CHECK(store.scope_changes(
      {.until_ms = decision.time_ms + 1, .name_space = decision.name_space}, tell));
  if (told.empty()) {
    story.line("no change of a mode is recorded for it");
  }
  return {};
}

int show(history::History& store, const HistoryFlags& flags) {
  const auto found = store.decision(flags.id);
  if (!found) {
    return fail(found.error());
  }
  if (!*found) {
    return fail(content_error(fmt::format("{} has no decision {}; it may have left after its "
                                          "time, or be in another store (--store)",
                                          store.name(), excerpt(flags.id, 80)))
                    .error());
  }
  const KeptDecision& kept = **found;
  if (flags.request) {
    if (kept.decision.request.empty()) {
      return fail(content_error(fmt::format("the request of {} was not kept", kept.id)).error());
    }
    print(kept.decision.request + "\n");
    return 0;
  }
  if (flags.output != "table") {
    std::string json;
    append_json(json, kept);
    return print_json(json, flags.output);
  }
  Story story;
  tell_request(story, kept);
  tell_findings(story, kept.decision.findings);
  tell_answer(story, kept.decision);
  if (const auto done = tell_mode(story, store, kept); !done) {
    return fail(done.error());
  }
  story.section("Policies");
  story.line(kept.decision.policy_digest.empty() ? std::string("not known")
                                                 : "sha256:" + kept.decision.policy_digest);
  if (!kept.decision.request.empty()) {
    story.section("Judge it again");
    story.line(fmt::format("tally decision show {} --request | tally assess --policy POLICIES -",
                           kept.id.substr(0, kShortId)));
  }
  print(story.text());
  return 0;
}

int list(history::History& store, const HistoryFlags& flags, const Period& period) {
  std::vector<KeptDecision> decisions;
  const auto done = store.decisions({.since_ms = period.since_ms,
                                     .until_ms = period.until_ms,
                                     .only_denied = flags.denied,
                                     .name_space = flags.name_space,
                                     .user = flags.user,
                                     .kind = flags.kind,
                                     .policy = flags.policy,
                                     .limit = flags.limit},
                                    [&](const KeptDecision& kept) {
                                      decisions.push_back(kept);
                                      return true;
                                    });
  if (!done) {
    return fail(done.error());
  }
  if (flags.output == "table") {
    print(list_table(decisions, flags.limit));
    return 0;
  }
  std::string json = "{\"decisions\":[";
  for (const KeptDecision& kept : decisions) {
    json += json.back() == '[' ? "\n" : ",\n";
    append_json(json, kept);
  }
  return print_json(json + "]}", flags.output);
}

int list_scopes(history::History& store, const HistoryFlags& flags, const Period& period) {
  std::vector<std::vector<std::string>> rows{{"TIME (UTC)", "FROM", "TO", "SCOPE", "WHO", "BY"}};
  std::string json = "{\"scopeChanges\":[";
  const auto done = store.scope_changes(
      {.since_ms = period.since_ms,
       .until_ms = period.until_ms,
       .policy = flags.policy,
       .name_space = flags.name_space,
       .limit = flags.limit},
      [&](const ScopeChange& change) {
        rows.push_back({moment_text(change.time_ms), mode_text(change.from), mode_text(change.to),
                        shown(scope_text(change)), shown(change.user), shown(change.source)});
        json += json.back() == '[' ? "\n" : ",\n";
        JsonMembers members(json);
        members.text("time", moment_json(change.time_ms));
        members.text("policy", change.policy);
        members.text("namespace", change.name_space);
        members.text("from", mode_text(change.from));
        members.text("to", mode_text(change.to));
        members.text("user", change.user);
        members.text("source", change.source);
        members.end();
        return true;
      });
  if (!done) {
    return fail(done.error());
  }
  if (flags.output != "table") {
    return print_json(json + "]}", flags.output);
  }
  print(rows.size() == 1 ? "No change of a mode is recorded.\n" : columns(rows));
  return 0;
}

}  // namespace

int run_decision(const HistoryFlags& flags) {
  const auto period = period_of(flags);
  if (!period) {
    return fail(period.error());
  }
  auto store = open_history(flags);
  if (!store) {
    return fail(store.error());
  }
  switch (flags.verb) {
    case HistoryFlags::Verb::List:
      return list(*store, flags, *period);
    case HistoryFlags::Verb::Show:
      return show(*store, flags);
    case HistoryFlags::Verb::Scopes:
      return list_scopes(*store, flags, *period);
  }
  return 2;
}

}  // namespace tally::app
