// docs/kyverno-flags.md describes the fields.
#include <fmt/format.h>

#include "document/json_writer.hpp"
#include "policy_test/test_report.hpp"

namespace tally::policy_test {

namespace {

class Json {
 public:
  void begin(char bracket) {
    separate();
    out_ += bracket;
    is_first_ = true;
  }
  void end(char bracket) {
    out_ += bracket;
    is_first_ = false;
  }
  void key(std::string_view name) {
    separate();
    document::append_json_string(out_, name);
    out_ += ':';
    is_first_ = true;
  }
  void text(std::string_view value) {
    separate();
    document::append_json_string(out_, value);
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    separate();
    out_ += std::to_string(value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    separate();
    out_ += value ? "true" : "false";
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (!is_first_) {
      out_ += ',';
    }
    is_first_ = false;
  }
  std::string out_;
  bool is_first_ = true;
};

void write_row(Json& json, const Row& row) {
  json.begin('{');
  json.text("outcome", to_text(row.outcome));
  json.text("policy", row.policy);
  json.text("rule", row.rule);
  json.text("resource", row.resource);
  json.text("expected", row.expected);
  json.text("actual", row.actual);
  json.text("message", row.message);
  json.number("line", row.at.line);
  if (!row.differences.empty()) {
    json.key("differences");
    json.begin('[');
    for (const std::string& difference : row.differences) {
      json.text(difference);
    }
    json.end(']');
  }
  json.end('}');
}

void write_case(Json& json, const CaseReport& report, bool fail_only) {
  json.begin('{');
  json.text("path", report.path);
  json.text("name", report.name);
  json.number("document", report.ordinal);
  json.flag("passed", !is_failed(report));
  json.key("rows");
  json.begin('[');
  for (const Row& row : report.rows) {
    if (!fail_only || row.outcome != Outcome::Pass) {
      write_row(json, row);
    }
  }
  json.end(']');
  json.key("errors");
  json.begin('[');
  for (const Error& error : report.errors) {
    json.text(error.to_string());
  }
  json.end(']');
  json.key("notes");
  json.begin('[');
  for (const std::string& note : report.notes) {
    json.text(note);
  }
  json.end(']');
  json.end('}');
}

}  // namespace

std::string to_json(std::span<const CaseReport> reports, bool fail_only) {
  Json json;
  json.begin('{');
  json.key("tests");
  json.begin('[');
  for (const CaseReport& report : reports) {
    if (!report.is_filtered_out && (!fail_only || is_failed(report))) {
      write_case(json, report, fail_only);
    }
  }
  json.end(']');
  json.key("rules");
  json.begin('[');
  for (const RuleCoverage& rule : coverage(reports)) {
    json.begin('{');
    json.text("policy", rule.policy);
    json.text("kind", rule.kind);
    json.text("rule", rule.rule);
    json.text("path", rule.path);
    json.flag("exercised", rule.is_exercised);
    json.end('}');
  }
  json.end(']');
  const Totals totals = count(reports);
  json.key("totals");
  json.begin('{');
  json.number("tests", totals.cases);
  json.number("testsFailed", totals.cases_failed);
  json.number("passed", totals.passed);
  json.number("failed", totals.failed);
  json.number("noRule", totals.without_rule);
  json.number("notCompared", totals.not_compared);
  json.number("unknown", totals.unknown);
  json.number("skipped", totals.skipped);
  json.number("errors", totals.errors);
  json.number("rules", totals.rules);
  json.number("rulesExercised", totals.rules_exercised);
  json.end('}');
  json.end('}');
  return json.take() + "\n";
}

}  // namespace tally::policy_test
