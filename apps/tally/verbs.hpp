#pragma once
// One function per verb; each returns the exit code.

#include "command_line.hpp"

namespace tally::app {

int run_assess(const AssessFlags& flags);
int run_cel(const CelFlags& flags);
int run_change(const ChangeFlags& flags);
int run_decision(const HistoryFlags& flags);
int run_explain(const std::string& rule);
int run_finding(const HistoryFlags& flags);
int run_install(const InstallFlags& flags);
int run_jp(const JpFlags& flags);
int run_lint(const LintFlags& flags);
int run_migrate(const MigrateFlags& flags);
int run_network(const NetworkFlags& flags);
int run_serve(const ServeFlags& flags);
int run_test(const TestFlags& flags);
int run_trace(const TraceFlags& flags);
int list_rules();

}  // namespace tally::app
