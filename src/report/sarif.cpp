// SARIF 2.1.0 (OASIS Standard): https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
//
// A finding that could not be decided (error, unknown) is a result of kind "fail": code-scanning
// services hide every other kind, and doubt must be seen; `properties.verdict` says what it is.
// Excepted findings carry a suppression (section 3.35).
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "report/internal/json_out.hpp"
#include "report/internal/structure.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Check;
using finding::Finding;
using finding::Severity;

std::string_view level_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::Critical:
    case Severity::High:
      return "error";
    case Severity::Medium:
      return "warning";
    case Severity::Low:
    case Severity::Info:
      return "note";
  }
  return "warning";
}

// Code-scanning services rank by this number: above 9 critical, from 7 high, from 4 medium, above 0
// low.
std::string_view security_severity(Severity severity) noexcept {
  switch (severity) {
    case Severity::Critical:
      return "9.5";
    case Severity::High:
      return "8.0";
    case Severity::Medium:
      return "5.5";
    case Severity::Low:
      return "3.0";
    case Severity::Info:
      return "0.0";
  }
  return "0.0";
}

std::string rule_id(const Check& check) { return fmt::format("{}/{}", check.engine, check.id); }

// Section 3.4.4 and RFC 3986: a relative path, or an absolute one as a file: URI, percent-encoded.
std::string uri(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = path.starts_with('/') ? "file://" : "";
  while (path.starts_with("./")) {
    path.remove_prefix(2);
  }
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~/+,=@"}.contains(c);
    if (plain) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
  }
  return text;
}

bool is_web_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

void emit_message(JsonOut& out, std::string_view key, std::string_view text) {
  out.key(key);
  out.open_object();
  out.member("text", text);
  out.close_object();
}

// Section 3.49 reportingDescriptor.
void emit_rule(JsonOut& out, const Check& check) {
  out.open_object();
  out.member("id", rule_id(check));
  out.member("name", check.id);
  emit_message(out, "shortDescription", check.title.empty() ? check.id : check.title);
  emit_message(out, "fullDescription", check.description.empty() ? check.title : check.description);
  std::string help(check.remedy);
  std::string markdown =
      fmt::format("**{}**\n\n{}\n\n**Remedy.** {}\n", check.title, check.description, check.remedy);
  for (const auto reference : check.references) {
    help += fmt::format("\n{}", reference);
    markdown += fmt::format("\n- <{}>", reference);
  }
  out.key("help");
  out.open_object();
  out.member("text", help.empty() ? std::string(check.title) : help);
  out.member("markdown", markdown);
  out.close_object();
  const auto address = std::ranges::find_if(check.references, is_web_address);
  if (address != check.references.end()) {
    out.member("helpUri", *address);
  }
  out.key("defaultConfiguration");
  out.open_object();
  out.member("level", level_of(check.severity));
  out.close_object();
  out.key("properties");
  out.open_object();
  out.key("tags");
  out.open_array();
  out.text("security");
  out.text("kubernetes");
  out.text(check.engine);
  if (!check.policy.empty()) {
    out.text(check.policy);
  }
  for (const auto& control : check.controls) {
    out.text(fmt::format("{}{}{} {}", control.framework, control.version.empty() ? "" : " ",
                         control.version, control.id));
  }
  out.close_array();
  out.member("security-severity", security_severity(check.severity));
  out.member("precision", "very-high");
  out.close_object();
  out.close_object();
}

void emit_physical_location(JsonOut& out, std::string_view file, Position at) {
  out.key("physicalLocation");
  out.open_object();
  out.key("artifactLocation");
  out.open_object();
  out.member("uri", uri(file));
  out.close_object();
  out.key("region");
  out.open_object();
  out.member_number("startLine", std::max(1U, at.line));
  out.member_number("startColumn", std::max(1U, at.column));
  out.close_object();
  out.close_object();
}

void emit_locations(JsonOut& out, const Finding& finding) {
  out.key("locations");
  out.open_array();
  if (finding.location.source != nullptr || finding.subject != nullptr) {
    out.open_object();
    if (finding.location.source != nullptr) {
      emit_physical_location(out, finding.location.file(), finding.location.position());
    }
    if (finding.subject != nullptr) {
      out.key("logicalLocations");
      out.open_array();
      out.open_object();
      out.member("name", finding.subject->ref.name);
      std::string path = subject_path(finding.subject);
      if (!finding.container.empty()) {
        path.append("/").append(finding.container);
      }
      out.member("fullyQualifiedName", path);
      out.member("kind", "resource");
      out.close_object();
      out.close_array();
    }
    out.close_object();
  }
  out.close_array();
}

void emit_suppressions(JsonOut& out, const finding::Exception* exception) {
  out.key("suppressions");
  out.open_array();
  if (exception != nullptr) {
    out.open_object();
    out.member("kind", "external");
    out.member("status", "accepted");
    out.member("justification", exception->reason);
    out.key("properties");
    out.open_object();
    emit_waiver(out, *exception);
    out.close_object();
    out.close_object();
  }
  out.close_array();
}

std::string_view result_kind(finding::Verdict verdict) noexcept {
  switch (verdict) {
    case finding::Verdict::Pass:
      return "pass";
    case finding::Verdict::Skip:
      return "notApplicable";
    case finding::Verdict::Fail:
    case finding::Verdict::Error:
    case finding::Verdict::Unknown:
      return "fail";
  }
  return "fail";
}

std::string result_message(const Finding& finding) {
  std::string text = sentence(finding);
  if (finding.subject != nullptr) {
    text = fmt::format("{}: {}", subject_text(finding.subject), text);
  }
  if (!finding.found.empty() && !finding.message.empty()) {
    text += fmt::format("\nFound: {}. Allowed: {}.", finding.found, finding.allowed);
  }
  if (!finding.remedy_text().empty()) {
    text += fmt::format("\nRemedy: {}", finding.remedy_text());
  }
  return text;
}

// Section 3.27 result. Suppressions stand in all results or in none (section 3.27.23).
void emit_result(JsonOut& out, const Finding& finding, std::size_t rule_index,
                 bool with_suppressions) {
  const Check& check = check_of(finding);
  const auto id = fingerprint(finding);
  const std::string_view kind = result_kind(finding.verdict);
  out.open_object();
  out.member("ruleId", rule_id(check));
  out.member_number("ruleIndex", rule_index);
  out.member("kind", kind);
  out.member("level",
             kind == "fail" ? level_of(effective_severity(finding)) : std::string_view{"none"});
  emit_message(out, "message", result_message(finding));
  emit_locations(out, finding);
  out.key("partialFingerprints");
  out.open_object();
  out.member("tallystick/v1", {id.data(), id.size()});
  out.close_object();
  if (with_suppressions) {
    emit_suppressions(out, finding.exception);
  }
  out.key("properties");
  out.open_object();
  out.member("policy", check.policy);
  out.member("severity", to_text(finding.severity));
  out.member("verdict", to_text(finding.verdict));
  out.member("mode", to_text(finding.mode));
  out.member("pointer", finding.pointer);
  out.member("found", finding.found);
  out.member("allowed", finding.allowed);
  out.close_object();
  out.close_object();
}

struct Notification {
  std::string_view level;
  std::string id;
  std::string text;
  std::string_view file;
  Position at;
};

void emit_notification(JsonOut& out, const Notification& notification) {
  out.open_object();
  out.key("descriptor");
  out.open_object();
  out.member("id", notification.id);
  out.close_object();
  out.member("level", notification.level);
  emit_message(out, "message", notification.text);
  if (!notification.file.empty()) {
    out.key("locations");
    out.open_array();
    out.open_object();
    emit_physical_location(out, notification.file, notification.at);
    out.close_object();
    out.close_array();
  }
  out.close_object();
}

// Section 3.20 invocation.
void emit_invocations(JsonOut& out, const finding::Assessment& assessment,
                      const WriteOptions& options) {
  const Summary summary = summarize(assessment, options);
  out.key("invocations");
  out.open_array();
  out.open_object();
  out.member_boolean("executionSuccessful", assessment.errors.empty());
  out.member_number("exitCode", static_cast<std::uint64_t>(summary.exit_code));
  out.member("exitCodeDescription", exit_text(assessment, summary, options));
  if (!options.created.empty()) {
    out.member("endTimeUtc", options.created);
  }
  out.key("toolExecutionNotifications");
  out.open_array();
  for (const auto& error : assessment.errors) {
    std::string text = error.message;
    if (!error.hint.empty()) {
      text += fmt::format("\n{}", error.hint);
    }
    emit_notification(
        out, {"error", fmt::format("error/{}", to_text(error.kind)), text, error.file, error.at});
  }
  for (const auto& skipped : assessment.skipped) {
    const std::string text = skipped.subject.empty()
                                 ? skipped.reason
                                 : fmt::format("{}: {}", skipped.subject, skipped.reason);
    emit_notification(out, {"note", fmt::format("skipped/{}", to_text(skipped.kind)), text,
                            skipped.file, skipped.at});
  }
  out.close_array();
  out.close_object();
  out.close_array();
}

struct Rules {
  std::vector<const Check*> list;
  std::unordered_map<std::string, std::size_t> at;  // by id: two records of one rule are one rule

  std::size_t add(const Check& check) {
    const auto [entry, added] = at.try_emplace(rule_id(check), list.size());
    if (added) {
      list.push_back(&check);
    }
    return entry->second;
  }
};

}  // namespace

bool write_sarif(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Rules rules;
  for (const auto& rule : assessment.rules) {
    if (rule.check != nullptr) {
      rules.add(*rule.check);
    }
  }
  bool any_exception = false;
  std::vector<std::size_t> rule_indices;
  rule_indices.reserve(assessment.findings.size());
  for (const auto& finding : assessment.findings) {
    rule_indices.push_back(rules.add(check_of(finding)));
    any_exception = any_exception || finding.exception != nullptr;
  }

  Output output(sink);
  JsonOut out(output, 4);
  out.open_object();
  out.member(
      "$schema",
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
  out.member("version", "2.1.0");
  out.key("runs");
  out.open_array();
  out.open_object();
  out.key("tool");
  out.open_object();
  out.key("driver");
  out.open_object();
  out.member("name", "Tallystick");
  if (!options.tally_version.empty()) {
    out.member("semanticVersion", options.tally_version);
  }
  out.key("rules");
  out.open_array();
  for (const Check* check : rules.list) {
    emit_rule(out, *check);
  }
  out.close_array();
  out.close_object();
  out.close_object();
  emit_invocations(out, assessment, options);
  out.member("columnKind", "unicodeCodePoints");
  out.key("results");
  out.open_array();
  for (std::size_t i = 0; i < assessment.findings.size() && out.is_open(); ++i) {
    emit_result(out, assessment.findings[i], rule_indices[i], any_exception);
  }
  out.close_array();
  out.close_object();
  out.close_array();
  out.close_object();
  output.append("\n");
  return output.finish();
}

}  // namespace tally::report
