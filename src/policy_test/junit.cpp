// JUnit XML: a test suite for every test, a test case for every row. Rows that prove nothing are
// skipped ones; unknown is a failure.
#include <fmt/format.h>

#include <algorithm>

#include "policy_test/test_report.hpp"

namespace tally::policy_test {

namespace {

// Text and attribute values alike; characters that XML 1.0 does not have become spaces.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

void write_row(std::string& out, const Row& row) {
  out += fmt::format(R"(    <testcase classname="{}{}{}" name="{}")", escaped(row.policy),
                     row.rule.empty() ? "" : "/", escaped(row.rule), escaped(row.resource));
  if (row.outcome == Outcome::Pass) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  if (row.outcome == Outcome::NoRule || row.outcome == Outcome::NotCompared ||
      row.outcome == Outcome::Skipped) {
    out += fmt::format("      <skipped message=\"{}\"/>\n", to_text(row.outcome));
  } else {
    out += fmt::format("      <failure message=\"expected {}, got {}\">{}", escaped(row.expected),
                       row.actual.empty() ? "nothing" : escaped(row.actual), escaped(row.message));
    for (const std::string& difference : row.differences) {
      out += "\n" + escaped(difference);
    }
    out += "</failure>\n";
  }
  out += "    </testcase>\n";
}

}  // namespace

std::string to_junit(std::span<const CaseReport> reports, bool fail_only) {
  const Totals totals = count(reports);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
                     totals.passed + totals.failed + totals.unknown + totals.without_rule +
                         totals.not_compared + totals.skipped,
                     totals.failed + totals.unknown, totals.errors,
                     totals.without_rule + totals.not_compared + totals.skipped);
  for (const CaseReport& report : reports) {
    if (report.is_filtered_out || (fail_only && !is_failed(report))) {
      continue;
    }
    const Totals own = count({&report, 1});
    out += fmt::format(
        "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
        "skipped=\"{}\">\n",
        escaped(report.name), escaped(report.path), report.rows.size(), own.failed + own.unknown,
        report.errors.size(), own.without_rule + own.not_compared + own.skipped);
    for (const Error& error : report.errors) {
      out += fmt::format(
          "    <testcase classname=\"{}\" name=\"run\">\n      <error message=\"{}\"/>\n"
          "    </testcase>\n",
          escaped(report.name), escaped(error.to_string()));
    }
    for (const Row& row : report.rows) {
      if (!fail_only || row.outcome != Outcome::Pass) {
        write_row(out, row);
      }
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace tally::policy_test
