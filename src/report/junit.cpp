// JUnit XML as CI servers read it: a suite per namespace, a test case per finding.
//
// A finding at or above --fail-on is a <failure>, an error verdict an <error>; a lighter finding is
// a passing case that says in <system-out> what it found, so that the page is red exactly when the
// exit code is 1. An excepted finding is <skipped>. A workload without findings that count is a
// passing case. What could not be read is the suite "input".
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>

#include "report/internal/output.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Finding;
using finding::Verdict;

enum class Outcome : std::uint8_t { Passed, Noted, Skipped, Failed, Error };

Outcome outcome_of(const Finding& finding, const finding::Severity* fail_on) {
  if (finding.exception != nullptr || finding.verdict == Verdict::Skip) {
    return Outcome::Skipped;
  }
  if (finding.verdict == Verdict::Pass) {
    return Outcome::Passed;
  }
  if (fail_on == nullptr || effective_severity(finding) > *fail_on) {
    return Outcome::Noted;
  }
  return finding.verdict == Verdict::Fail ? Outcome::Failed : Outcome::Error;
}

struct Suite {
  std::vector<const Finding*> findings;
  std::vector<const finding::WorkloadVerdict*> clean;  // workloads without findings that count
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
};

// Sorted by namespace; "" holds what is cluster-scoped or belongs to a file.
using Suites = std::map<std::string_view, Suite>;

Suites collect(const finding::Assessment& assessment, const WriteOptions& options) {
  Suites suites;
  std::unordered_set<const finding::Subject*> failing;
  for (const auto& finding : assessment.findings) {
    Suite& suite =
        suites[finding.subject == nullptr ? std::string_view{} : finding.subject->ref.name_space];
    suite.findings.push_back(&finding);
    const Outcome outcome = outcome_of(finding, options.fail_on);
    suite.failures += outcome == Outcome::Failed ? 1U : 0U;
    suite.errors += outcome == Outcome::Error ? 1U : 0U;
    suite.skipped += outcome == Outcome::Skipped ? 1U : 0U;
    if (counts(finding)) {
      failing.insert(finding.subject);
    }
  }
  for (const auto& workload : assessment.workloads) {
    if (workload.subject != nullptr && !failing.contains(workload.subject)) {
      suites[workload.subject->ref.name_space].clean.push_back(&workload);
    }
  }
  return suites;
}

class Xml {
 public:
  explicit Xml(Output& out) : out_(out) {}

  void line(std::string_view markup) { out_.append(markup); }
  void attribute(std::string_view name, std::string_view value) {
    out_.append(" ");
    out_.append(name);
    out_.append("=\"");
    append_markup(out_.text(), value, Markup::Attribute);
    out_.append("\"");
  }
  void attribute(std::string_view name, std::uint64_t value) {
    attribute(name, std::to_string(value));
  }
  void text(std::string_view value) { append_markup(out_.text(), value, Markup::Text); }

 private:
  Output& out_;
};

std::string body(const Finding& finding) {
  const auto& check = check_of(finding);
  std::string text = fmt::format("{}\n", sentence(finding));
  const auto row = [&text](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      text += fmt::format("{}: {}\n", name, value);
    }
  };
  row("found", finding.found);
  row("allowed", finding.allowed);
  row("remedy", finding.remedy_text());
  row("rule", fmt::format("{}/{}", check.engine, check.id));
  row("severity", to_text(effective_severity(finding)));
  row("object", subject_text(finding.subject));
  row("pointer", finding.pointer);
  row("at", place_text(finding.location));
  return text;
}

void write_body(Xml& xml, std::string_view element, const Finding& finding, bool with_message) {
  xml.line(fmt::format("      <{}", element));
  if (with_message) {
    xml.attribute("message", sentence(finding));
    xml.attribute("type", to_text(effective_severity(finding)));
  }
  xml.line(">");
  xml.text(body(finding));
  xml.line(fmt::format("</{}>\n", element));
}

void write_case(Xml& xml, const Finding& finding, const WriteOptions& options) {
  const auto& check = check_of(finding);
  std::string name(check.id);
  if (!finding.container.empty()) {
    name += fmt::format(" [{}]", finding.container);
  }
  if (!finding.pointer.empty()) {
    name += fmt::format(" {}", finding.pointer);
  }
  xml.line("    <testcase");
  xml.attribute("classname", finding.subject != nullptr ? subject_path(finding.subject)
                                                        : std::string(finding.location.file()));
  xml.attribute("name", name);
  xml.attribute("time", "0");
  if (finding.location.source != nullptr) {
    xml.attribute("file", finding.location.file());
    xml.attribute("line", finding.location.position().line);
  }
  xml.line(">\n");
  switch (outcome_of(finding, options.fail_on)) {
    case Outcome::Passed:
      break;
    case Outcome::Noted:
      write_body(xml, "system-out", finding, false);
      break;
    case Outcome::Failed:
      write_body(xml, "failure", finding, true);
      break;
    case Outcome::Error:
      write_body(xml, "error", finding, true);
      break;
    case Outcome::Skipped:
      xml.line("      <skipped");
      xml.attribute("message",
                    finding.exception == nullptr
                        ? sentence(finding)
                        : fmt::format("accepted by exception {} ({}): {}", finding.exception->id,
                                      finding.exception->owner, finding.exception->reason));
      xml.line("/>\n");
      break;
  }
  xml.line("    </testcase>\n");
}

void open_suite(Xml& xml, std::string_view name, const Suite& suite, std::string_view created) {
  xml.line("  <testsuite");
  xml.attribute("name", name.empty() ? std::string_view{"(no namespace)"} : name);
  xml.attribute("tests", suite.findings.size() + suite.clean.size());
  xml.attribute("failures", suite.failures);
  xml.attribute("errors", suite.errors);
  xml.attribute("skipped", suite.skipped);
  xml.attribute("time", "0");
  if (!created.empty()) {
    xml.attribute("timestamp", created);
  }
  xml.line(">\n");
}

void write_input_errors(Xml& xml, const finding::Assessment& assessment) {
  xml.line("  <testsuite");
  xml.attribute("name", "input");
  xml.attribute("tests", assessment.errors.size());
  xml.attribute("failures", std::uint64_t{0});
  xml.attribute("errors", assessment.errors.size());
  xml.attribute("skipped", std::uint64_t{0});
  xml.attribute("time", "0");
  xml.line(">\n");
  for (const auto& error : assessment.errors) {
    xml.line("    <testcase");
    xml.attribute("classname", error.file.empty() ? "input" : error.file);
    xml.attribute(
        "name", place_text(error.file.empty() ? "input" : std::string_view{error.file}, error.at));
    xml.attribute("time", "0");
    xml.line(">\n      <error");
    xml.attribute("message", error.message);
    xml.line(">");
    xml.text(error.to_string());
    if (!error.hint.empty()) {
      xml.text(fmt::format("\n{}", error.hint));
    }
    xml.line("</error>\n    </testcase>\n");
  }
  xml.line("  </testsuite>\n");
}

}  // namespace

bool write_junit(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  const Suites suites = collect(assessment, options);
  Suite all;
  std::size_t tests = assessment.errors.size();
  for (const auto& [name, suite] : suites) {
    tests += suite.findings.size() + suite.clean.size();
    all.failures += suite.failures;
    all.errors += suite.errors;
    all.skipped += suite.skipped;
  }
  Output out(sink);
  Xml xml(out);
  xml.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
  xml.attribute("name", "tally assess");
  xml.attribute("tests", tests);
  xml.attribute("failures", all.failures);
  xml.attribute("errors", all.errors + assessment.errors.size());
  xml.attribute("skipped", all.skipped);
  xml.attribute("time", "0");
  xml.line(">\n");
  if (!assessment.errors.empty()) {
    write_input_errors(xml, assessment);
  }
  for (const auto& [name, suite] : suites) {
    open_suite(xml, name, suite, options.created);
    for (const Finding* finding : suite.findings) {
      if (!out.is_open()) {
        return false;
      }
      write_case(xml, *finding, options);
      out.settle();
    }
    for (const auto* workload : suite.clean) {
      xml.line("    <testcase");
      xml.attribute("classname", subject_path(workload->subject));
      xml.attribute("name", fmt::format("pod-security {}:{}", workload->level, workload->version));
      xml.attribute("time", "0");
      xml.line("/>\n");
      out.settle();
    }
    xml.line("  </testsuite>\n");
  }
  xml.line("</testsuites>\n");
  return out.finish();
}

}  // namespace tally::report
