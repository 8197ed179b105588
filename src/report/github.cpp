// GitHub Actions workflow commands: `::error file=F,line=L,col=C,title=T::message`. The runner
// shows the first ten of a level only, so the worst come first.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
#include <fmt/format.h>

#include <algorithm>

#include "report/internal/output.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Finding;
using finding::Severity;

enum class Part : std::uint8_t { Property, Message };

// As @actions/core escapes: data `%`, CR, LF; properties also `:` and `,`. Other control characters
// are made visible: the line also ends up in a log that people read on a terminal.
void append_escaped(std::string& out, std::string_view text, Part part) {
  for (const Character c : characters(text)) {
    switch (c.code_point) {
      case '%':
        out += "%25";
        continue;
      case '\r':
        out += "%0D";
        continue;
      case '\n':
        out += "%0A";
        continue;
      default:
        break;
    }
    if (part == Part::Property && c.code_point == ':') {
      out += "%3A";
    } else if (part == Part::Property && c.code_point == ',') {
      out += "%2C";
    } else {
      append_terminal(out, c.bytes);
    }
  }
}

std::string_view command_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::Critical:
    case Severity::High:
      return "error";
    case Severity::Medium:
      return "warning";
    case Severity::Low:
    case Severity::Info:
      return "notice";
  }
  return "notice";
}

struct Annotation {
  std::string_view command;
  std::string_view file;
  Position at;
  std::string title;
  std::string message;
};

void append(std::string& out, const Annotation& annotation) {
  out.append("::").append(annotation.command).append(" ");
  if (!annotation.file.empty()) {
    out += "file=";
    append_escaped(out, annotation.file, Part::Property);
    if (annotation.at.line != 0) {
      out += fmt::format(",line={},col={}", annotation.at.line, std::max(1U, annotation.at.column));
    }
    out += ',';
  }
  out += "title=";
  append_escaped(out, annotation.title, Part::Property);
  out += "::";
  append_escaped(out, annotation.message, Part::Message);
  out += '\n';
}

std::string message_of(const Finding& finding) {
  std::string text = subject_text(finding.subject);
  if (!finding.container.empty()) {
    text += fmt::format(", container {}", finding.container);
  }
  text += fmt::format("{}{}", text.empty() ? "" : ": ", sentence(finding));
  if (!finding.remedy_text().empty()) {
    text += fmt::format("\n{}", finding.remedy_text());
  }
  return text;
}

}  // namespace

bool write_github(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  Output out(sink);
  for (const auto& error : assessment.errors) {
    const std::string hint = error.hint.empty() ? "" : fmt::format("\n{}", error.hint);
    append(out.text(), {"error", error.file, error.at, "not judged", error.message + hint});
  }
  const auto findings = worst_first(assessment);
  for (const Finding* finding : findings) {
    if (!out.is_open()) {
      return false;
    }
    const auto& check = check_of(*finding);
    const auto severity = effective_severity(*finding);
    append(out.text(),
           {command_of(severity), finding->location.file(), finding->location.position(),
            fmt::format("{} {} ({})", to_text(severity),
                        check.title.empty() ? check.id : check.title, check.id),
            message_of(*finding)});
    out.settle();
  }
  const Summary summary = summarize(assessment, options);
  append(out.text(),
         {"notice",
          {},
          {},
          "Tallystick",
          fmt::format("{} judged: {}. What first: {}", judged_text(assessment),
                      severity_text(summary.by_severity), what_first(assessment, summary))});
  return out.finish();
}

}  // namespace tally::report
