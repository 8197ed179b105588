// The report for people: a line a test, a line a row that did not pass, totals.
#include <fmt/format.h>

#include "policy_test/test_report.hpp"

namespace tally::policy_test {

namespace {

class Table {
 public:
  explicit Table(const TableOptions& options) : options_(options) {}

  std::string write(std::span<const CaseReport> reports) {
    for (const CaseReport& report : reports) {
      if (!report.is_filtered_out && (is_failed(report) || !options_.fail_only)) {
        write_case(report);
      }
    }
    if (options_.coverage) {
      write_coverage(reports);
    }
    write_totals(count(reports));
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string painted(std::string_view text, std::string_view code) const {
    return options_.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }

  void write_case(const CaseReport& report) {
    const bool failed = is_failed(report);
    std::size_t passed = 0;
    for (const Row& row : report.rows) {
      passed += row.outcome == Outcome::Pass ? 1 : 0;
    }
    out_ += fmt::format("{}  {}  {}  {} of {} passed\n",
                        failed ? painted("FAIL", "31") : painted("ok  ", "32"), report.path,
                        report.name, passed, report.rows.size());
    for (const Error& error : report.errors) {
      out_ += fmt::format("  {}: {}\n", painted("error", "31"), error.to_string());
    }
    if (options_.detailed) {
      for (const std::string& note : report.notes) {
        out_ += fmt::format("  note: {}\n", note);
      }
    }
    for (const Row& row : report.rows) {
      if (row.outcome != Outcome::Pass || options_.detailed) {
        write_row(row);
      }
    }
  }

  void write_row(const Row& row) {
    const std::string rule = row.rule.empty() ? row.policy : row.policy + "/" + row.rule;
    out_ += fmt::format("  {:>4}  {}  {}  ", row.at.line, rule, row.resource);
    switch (row.outcome) {
      case Outcome::Pass:
        out_ += painted(row.actual, "32");
        break;
      case Outcome::Fail:
        out_ += row.actual.empty() || row.actual == row.expected
                    ? painted(fmt::format("expected {}", row.expected), "31")
                    : painted(fmt::format("expected {}, got {}", row.expected, row.actual), "31");
        break;
      case Outcome::NoRule:
      case Outcome::NotCompared:
      case Outcome::Unknown:
      case Outcome::Skipped:
        out_ += painted(fmt::format("expected {}, {}", row.expected, to_text(row.outcome)), "33");
        break;
    }
    if (!row.message.empty()) {
      out_ += ": " + row.message;
    }
    out_ += '\n';
    for (const std::string& difference : row.differences) {
      out_ += "          " + difference + "\n";
    }
  }

  void write_coverage(std::span<const CaseReport> reports) {
    bool any = false;
    for (const RuleCoverage& rule : policy_test::coverage(reports)) {
      if (!rule.is_exercised) {
        out_ += any ? "" : "Rules that no test exercises:\n";
        out_ += fmt::format("  {}{}{}  {}\n", rule.policy, rule.rule.empty() ? "" : "/", rule.rule,
                            rule.path);
        any = true;
      }
    }
  }

  void write_totals(const Totals& totals) {
    out_ += fmt::format("{} tests, {} failed; {} expectations passed, {} failed", totals.cases,
                        totals.cases_failed, totals.passed, totals.failed);
    const auto add = [&](std::uint32_t number, std::string_view what) {
      if (number > 0) {
        out_ += fmt::format(", {} {}", number, what);
      }
    };
    add(totals.without_rule, "to which no rule responded");
    add(totals.not_compared, "not compared");
    add(totals.unknown, "unknown");
    add(totals.skipped, "skipped");
    if (totals.errors > 0) {
      out_ += fmt::format("; {} tests could not be run", totals.errors);
    }
    out_ += fmt::format("\n{} of {} rules are exercised\n", totals.rules_exercised, totals.rules);
  }

  const TableOptions& options_;
  std::string out_;
};

}  // namespace

std::string to_table(std::span<const CaseReport> reports, const TableOptions& options) {
  return Table(options).write(reports);
}

}  // namespace tally::policy_test
