#include "declare_history.hpp"

#include <CLI/CLI.hpp>

namespace tally::app {

namespace {

constexpr const char* kFindingExamples = R"(
Examples:
  tally finding list --open --severity high         what is wrong now
  tally finding list --since 24h                    what appeared, changed or was resolved
  tally finding list --since 7d --namespace payments -o json)";

constexpr const char* kDecisionExamples = R"(
Examples:
  tally decision list --denied --since 24h          what was refused
  tally decision show d-xj4bnp4p                    why: the whole story (any unique prefix)
  tally decision show d-xj4bnp4p --request | tally assess --policy policies/ -
                                                    judge the same request again
  tally decision scopes --namespace payments        who made which mode stricter or laxer, and when

Exit codes: 0 done; 2 no such decision, or the store cannot be read.)";

void add_store(CLI::App* verb, HistoryFlags& flags) {
  verb->add_option("--store", flags.store,
                   "sqlite:PATH, a path or postgresql://... (default: $TALLY_STORE, or "
                   "/var/lib/tally/tally.db)");
  verb->add_option("-o,--output", flags.output, "table, json or yaml (default: table)")
      ->check(CLI::IsMember({"table", "json", "yaml"}));
}

void add_selection(CLI::App* verb, HistoryFlags& flags) {
  verb->add_option("--since", flags.since,
                   "24h, 7d, 2026-11-20 or 2026-11-20T08:00:00Z (default: everything)");
  verb->add_option("--until", flags.until, "The same: nothing at or after");
  verb->add_option("-n,--namespace", flags.name_space, "Only this namespace");
  verb->add_option("--policy", flags.policy, "Only this policy");
  verb->add_option("--limit", flags.limit, "At most so many, the latest; 0: all (default: 100)");
}

}  // namespace

CLI::App* declare_finding(CLI::App& app, HistoryFlags& flags) {
  CLI::App* finding = app.add_subcommand("finding", "What the audit found, and what became of it");
  finding->footer(kFindingExamples);
  finding->require_subcommand(1, 1);
  CLI::App* list = finding->add_subcommand("list", "List findings, the latest change first");
  list->parse_complete_callback([&flags] { flags.verb = HistoryFlags::Verb::List; });
  add_store(list, flags);
  add_selection(list, flags);
  list->add_option("--severity", flags.severity,
                   "This or worse: critical, high, medium, low or info")
      ->check(CLI::IsMember({"critical", "high", "medium", "low", "info"}));
  CLI::Option* open = list->add_flag("--open", flags.open, "Only what is wrong now");
  list->add_flag("--resolved", flags.resolved, "Only what is no longer wrong")->excludes(open);
  return finding;
}

CLI::App* declare_decision(CLI::App& app, HistoryFlags& flags) {
  CLI::App* decision = app.add_subcommand("decision", "What was decided on requests, and why");
  decision->footer(kDecisionExamples);
  decision->require_subcommand(1, 1);
  CLI::App* list = decision->add_subcommand("list", "List decisions, the latest first");
  list->parse_complete_callback([&flags] { flags.verb = HistoryFlags::Verb::List; });
  add_store(list, flags);
  add_selection(list, flags);
  list->add_flag("--denied", flags.denied, "Only what was refused");
  list->add_option("--user", flags.user, "Only requests of this user");
  list->add_option("--kind", flags.kind, "Only requests about this kind");
  CLI::App* show = decision->add_subcommand("show", "Tell the whole story of a decision");
  show->parse_complete_callback([&flags] { flags.verb = HistoryFlags::Verb::Show; });
  show->add_option("ID", flags.id,
                   "Its id, as the denial names it; a prefix that is unique; or the uid of the "
                   "latest request")
      ->required();
  add_store(show, flags);
  show->add_flag("--request", flags.request, "Print the request itself, if it was kept");
  CLI::App* scopes =
      decision->add_subcommand("scopes", "List who raised or lowered the mode of a scope");
  scopes->parse_complete_callback([&flags] { flags.verb = HistoryFlags::Verb::Scopes; });
  add_store(scopes, flags);
  add_selection(scopes, flags);
  return decision;
}

}  // namespace tally::app
