#pragma once
// The structure of `-o json` and `-o yaml`, written once: docs/schema/assessment.v1.json and
// finding.v1.json describe it. `Out` is JsonOut or YamlOut.

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "finding/assessment.hpp"
#include "finding/exception.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"

namespace tally::report {

inline constexpr std::string_view kApiVersion = "tallystick.dev/v1alpha1";

template <class Out>
void emit_position(Out& out, Position at) {
  out.member_number("line", at.line);
  out.member_number("column", at.column);
}

template <class Out>
void emit_location(Out& out, const finding::Location& location) {
  out.key("location");
  if (location.source == nullptr) {
    out.null();
    return;
  }
  out.open_object();
  out.member("file", location.file());
  emit_position(out, location.position());
  out.member_number("document", location.document);
  out.member("source", location.template_source);
  out.close_object();
}

template <class Out>
void emit_object_ref(Out& out, const scalar::ObjectRef& ref) {
  out.member("group", ref.group);
  out.member("version", ref.version);
  out.member("kind", ref.kind);
  out.member("namespace", ref.name_space);
  out.member("name", ref.name);
}

template <class Out>
void emit_subject(Out& out, const finding::Subject* subject, std::string_view container) {
  out.key("subject");
  if (subject == nullptr) {
    out.null();
    return;
  }
  out.open_object();
  emit_object_ref(out, subject->ref);
  out.member("container", container);
  out.member("owner", subject->owner);
  out.close_object();
}

template <class Out>
void emit_rule_name(Out& out, const finding::Check& check) {
  out.member("engine", check.engine);
  out.member("policy", check.policy);
  out.member("rule", check.id);
  out.member("title", check.title);
}

template <class Out>
void emit_controls(Out& out, const finding::Check& check) {
  out.key("controls");
  out.open_array();
  for (const auto& control : check.controls) {
    out.open_object();
    out.member("framework", control.framework);
    out.member("version", control.version);
    out.member("id", control.id);
    out.close_object();
  }
  out.close_array();
  out.key("references");
  out.open_array();
  for (const auto reference : check.references) {
    out.text(reference);
  }
  out.close_array();
}

// What accepts a finding: who, why, until when.
template <class Out>
void emit_waiver(Out& out, const finding::Exception& exception) {
  out.member("id", exception.id);
  out.member("owner", exception.owner);
  out.member("reason", exception.reason);
  out.member("ticket", exception.ticket);
  out.key("expires");
  if (exception.expires == 0) {
    out.null();
  } else {
    out.text(finding::day_to_text(exception.expires));
  }
}

template <class Out>
void emit_finding(Out& out, const finding::Finding& finding) {
  const auto& check = check_of(finding);
  const auto id = fingerprint(finding);
  out.open_object();
  out.member("id", {id.data(), id.size()});
  emit_rule_name(out, check);
  emit_subject(out, finding.subject, finding.container);
  out.member("pointer", finding.pointer);
  emit_location(out, finding.location);
  out.member("verdict", to_text(finding.verdict));
  out.member("severity", to_text(finding.severity));
  out.member("mode", to_text(finding.mode));
  out.member("found", finding.found);
  out.member("allowed", finding.allowed);
  out.member("message", finding.message);
  out.member("remedy", finding.remedy_text());
  emit_controls(out, check);
  out.key("exception");
  if (finding.exception == nullptr) {
    out.null();
  } else {
    out.open_object();
    emit_waiver(out, *finding.exception);
    out.close_object();
  }
  out.close_object();
}

template <class Out>
void emit_severities(Out& out, const std::array<std::uint64_t, 5>& by_severity) {
  out.open_object();
  for (const auto severity : kSeverities) {
    out.member_number(to_text(severity), by_severity[index_of(severity)]);
  }
  out.close_object();
}

template <class Out>
void emit_what_first(Out& out, const finding::Assessment& assessment, const Summary& summary) {
  out.key("whatFirst");
  out.open_object();
  out.member("text", what_first(assessment, summary));
  out.key("rule");
  if (summary.rules.empty()) {
    out.null();
  } else {
    const RuleEffect& rule = summary.rules.front();
    out.open_object();
    emit_rule_name(out, *rule.check);
    out.member("severity", to_text(rule.severity));
    out.member_number("objects", rule.objects);
    out.member_number("findings", rule.findings);
    out.member("remedy", rule.first->remedy_text());
    emit_location(out, rule.first->location);
    out.close_object();
  }
  out.close_object();
}

template <class Out>
void emit_summary(Out& out, const finding::Assessment& assessment, const Summary& summary,
                  const WriteOptions& options) {
  out.key("summary");
  out.open_object();
  out.member_number("exitCode", static_cast<std::uint64_t>(summary.exit_code));
  out.member("failOn",
             options.fail_on == nullptr ? std::string_view{"never"} : to_text(*options.fail_on));
  out.member_number("documents", assessment.totals.documents);
  out.member_number("objects", assessment.totals.objects);
  out.member_number("workloads", assessment.totals.workloads);
  out.member_number("bytes", assessment.totals.bytes);
  out.member_number("findings", summary.findings);
  out.member_number("excepted", summary.excepted);
  out.member_number("passes", summary.passes);
  out.member_number("skipped", assessment.skipped.size());
  out.member_number("errors", assessment.errors.size());
  out.key("bySeverity");
  emit_severities(out, summary.by_severity);
  emit_what_first(out, assessment, summary);
  out.close_object();
}

template <class Out>
void emit_figures(Out& out, const finding::Assessment& assessment) {
  out.key("figures");
  out.open_array();
  for (const auto& figure : assessment.figures) {
    out.open_object();
    out.member("id", figure.id);
    out.member("title", figure.title);
    out.member_number("numerator", figure.numerator);
    out.member_number("denominator", figure.denominator);
    out.member("unit", figure.unit);
    out.member("scope", figure.scope);
    out.member("formula", figure.formula);
    out.member_boolean("good", figure.good);
    out.close_object();
  }
  out.close_array();
}

[[nodiscard]] constexpr std::string_view to_text(finding::Change::Kind kind) noexcept {
  switch (kind) {
    case finding::Change::Kind::Patched:
      return "patched";
    case finding::Change::Kind::Created:
      return "created";
    case finding::Change::Kind::Deleted:
      return "deleted";
  }
  return "patched";
}

template <class Out>
void emit_changes(Out& out, const finding::Assessment& assessment) {
  out.key("changes");
  out.open_array();
  for (const auto& change : assessment.changes) {
    out.open_object();
    out.member("kind", to_text(change.kind));
    emit_rule_name(out, change.check == nullptr ? finding::Check{} : *change.check);
    emit_subject(out, change.subject, {});
    out.member("object", change.text);
    out.close_object();
  }
  out.close_array();
}

template <class Out>
void emit_workload(Out& out, const finding::WorkloadVerdict& workload) {
  out.open_object();
  emit_subject(out, workload.subject, {});
  emit_location(out, workload.location);
  out.member("level", workload.level);
  out.member("version", workload.version);
  out.member("meets", workload.meets);
  out.member("tier", workload.tier);
  out.member_boolean("allowed", workload.allowed);
  out.member("message", workload.message);
  out.close_object();
}

// The plain loops over the two long lists; JSON has parallel ones.
template <class Out>
void emit_findings_in_turn(Out& out, const finding::Assessment& assessment) {
  for (const auto& finding : assessment.findings) {
    if (!out.is_open()) {
      return;
    }
    emit_finding(out, finding);
  }
}

template <class Out>
void emit_workloads_in_turn(Out& out, const finding::Assessment& assessment) {
  for (const auto& workload : assessment.workloads) {
    if (!out.is_open()) {
      return;
    }
    emit_workload(out, workload);
  }
}

template <class Out>
void emit_namespaces(Out& out, const finding::Assessment& assessment) {
  out.key("namespaces");
  out.open_array();
  for (const auto& name_space : assessment.namespaces) {
    out.open_object();
    out.member("name", name_space.name);
    out.member("tier", name_space.tier);
    out.member("level", name_space.level);
    out.member("recommended", name_space.recommended);
    out.member_boolean("inInput", name_space.in_input);
    out.member_number("workloads", name_space.workloads);
    out.member_number("findings", name_space.findings);
    out.key("labelsToApply");
    out.open_object();
    for (const auto& [key, value] : name_space.labels_to_apply) {
      out.member(key, value);
    }
    out.close_object();
    out.close_object();
  }
  out.close_array();
}

template <class Out>
void emit_rules(Out& out, const finding::Assessment& assessment) {
  out.key("rules");
  out.open_array();
  for (const auto& rule : assessment.rules) {
    const auto& check = rule.check == nullptr ? finding::Check{} : *rule.check;
    out.open_object();
    emit_rule_name(out, check);
    out.member("severity", to_text(check.severity));
    out.member("description", check.description);
    out.member("remedy", check.remedy);
    emit_controls(out, check);
    out.member_number("pass", rule.pass);
    out.member_number("fail", rule.fail);
    out.member_number("error", rule.error);
    out.member_number("unknown", rule.unknown);
    out.member_number("skip", rule.skip);
    out.member_number("excepted", rule.excepted);
    out.close_object();
  }
  out.close_array();
}

template <class Out>
void emit_exceptions(Out& out, const finding::Assessment& assessment) {
  out.key("exceptions");
  out.open_array();
  for (const auto& use : assessment.exceptions) {
    const finding::Exception none;
    const auto& exception = use.exception == nullptr ? none : *use.exception;
    out.open_object();
    emit_waiver(out, exception);
    out.member("file", exception.file);
    emit_position(out, exception.at);
    out.member_number("findings", use.findings);
    out.member_boolean("expired", use.expired);
    out.member_boolean("honoured", use.honoured);
    out.close_object();
  }
  out.close_array();
}

template <class Out>
void emit_skipped(Out& out, const finding::Assessment& assessment) {
  out.key("skipped");
  out.open_array();
  for (const auto& skipped : assessment.skipped) {
    out.open_object();
    out.member("kind", to_text(skipped.kind));
    out.member("file", skipped.file);
    out.member_number("document", skipped.document);
    emit_position(out, skipped.at);
    out.member("subject", skipped.subject);
    out.member("reason", skipped.reason);
    out.close_object();
  }
  out.close_array();
}

[[nodiscard]] constexpr std::string_view to_text(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::Content:
      return "content";
    case ErrorKind::Limit:
      return "limit";
    case ErrorKind::Environment:
      return "environment";
  }
  return "content";
}

template <class Out>
void emit_errors(Out& out, const finding::Assessment& assessment) {
  out.key("errors");
  out.open_array();
  for (const auto& error : assessment.errors) {
    out.open_object();
    out.member("kind", to_text(error.kind));
    out.member("message", error.message);
    out.member("file", error.file);
    emit_position(out, error.at);
    out.member("hint", error.hint);
    out.close_object();
  }
  out.close_array();
}

template <class Out>
void emit_notes_and_inputs(Out& out, const finding::Assessment& assessment) {
  out.key("notes");
  out.open_array();
  for (const auto& note : assessment.notes) {
    out.text(note);
  }
  out.close_array();
  out.key("inputs");
  out.open_array();
  for (const auto& input : assessment.inputs) {
    out.open_object();
    out.member("name", input.name);
    out.member_number("bytes", input.bytes);
    out.member_number("documents", input.documents);
    out.member_number("objects", input.objects);
    out.member("reader", input.reader);
    out.close_object();
  }
  out.close_array();
}

// A value of a document, as what it is.
template <class Out>
void emit_node(Out& out, const document::Node& node) {
  switch (node.kind()) {
    case document::NodeKind::Null:
      return out.null();
    case document::NodeKind::Bool:
      return out.boolean(node.boolean());
    case document::NodeKind::Number:
      return out.number_text(node.text());
    case document::NodeKind::String:
      return out.text(node.text());
    case document::NodeKind::Array:
      out.open_array();
      for (const document::Node& item : node.items()) {
        emit_node(out, item);
      }
      return out.close_array();
    case document::NodeKind::Object:
      out.open_object();
      for (const document::Member member : node.members()) {
        out.key(member.key);
        emit_node(out, member.value);
      }
      return out.close_object();
  }
}

template <class Out>
void emit_decisions(Out& out, const finding::Assessment& assessment) {
  out.key("decisions");
  out.open_array();
  for (const auto& decision : assessment.decisions) {
    out.open_object();
    emit_subject(out, decision.subject, {});
    out.member_boolean("allowed", decision.allowed);
    out.member_boolean("unknown", decision.unknown);
    out.member_number("code", decision.code);
    out.member("reason", decision.reason);
    out.member("message", decision.message);
    out.key("warnings");
    out.open_array();
    for (const auto warning : decision.warnings) {
      out.text(warning);
    }
    out.close_array();
    out.key("auditAnnotations");
    out.open_object();
    for (const auto& [key, value] : decision.audit_annotations) {
      out.member(key, value);
    }
    out.close_object();
    out.key("object");
    emit_node(out, decision.object);
    out.close_object();
  }
  out.close_array();
}

// `emit_findings()` and `emit_workloads()` write the elements of these two long lists.
template <class Out, class EmitFindings, class EmitWorkloads>
void emit_assessment(Out& out, const finding::Assessment& assessment, const WriteOptions& options,
                     const EmitFindings& emit_findings, const EmitWorkloads& emit_workloads) {
  const Summary summary = summarize(assessment, options);
  out.open_object();
  out.member("apiVersion", kApiVersion);
  out.member("kind", "Assessment");
  out.key("tool");
  out.open_object();
  out.member("name", "tally");
  out.member("version", options.tally_version);
  out.close_object();
  out.key("created");
  if (options.created.empty()) {
    out.null();
  } else {
    out.text(options.created);
  }
  emit_summary(out, assessment, summary, options);
  out.key("findings");
  out.open_array();
  emit_findings();
  out.close_array();
  emit_figures(out, assessment);
  emit_changes(out, assessment);
  emit_decisions(out, assessment);
  out.key("workloads");
  out.open_array();
  emit_workloads();
  out.close_array();
  emit_namespaces(out, assessment);
  emit_rules(out, assessment);
  emit_exceptions(out, assessment);
  emit_skipped(out, assessment);
  emit_errors(out, assessment);
  emit_notes_and_inputs(out, assessment);
  out.close_object();
}

}  // namespace tally::report
