// Markdown for a comment on a change: summary, what first, rules, then findings in a folded table,
// worst first. Comments are limited to 65,536 characters, so rows end in time and say how many are
// left out.
#include <fmt/format.h>

#include <algorithm>

#include "report/internal/output.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Finding;

constexpr std::size_t kRowsBytesMax =
    40'000;  // of the table of findings; every other table has at most kRowsMax rows
constexpr std::size_t kRowsMax = 40;

bool is_www(std::string_view out) {
  return out.size() >= 3 && std::ranges::equal(out.substr(out.size() - 3), std::string_view{"www"},
                                               [](char a, char b) { return (a | 0x20) == b; });
}

// CommonMark section 2.5: a character reference is never syntax. So every character that could
// begin markup, HTML, a table cell, a mention, an issue number or a link becomes one.
void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kSyntax = "\\`*_{}[]<>#!|&@~$";
  for (const Character c : characters(text)) {
    const std::string_view bytes = c.bytes;
    const bool scheme =
        c.code_point == ':' &&
        text.substr(static_cast<std::size_t>(bytes.data() - text.data())).starts_with("://");
    const bool link = scheme || (c.code_point == '.' && is_www(out));
    if (c.code_point == '\n' || c.code_point == '\t' || c.code_point == '\r') {
      out += ' ';
    } else if (bytes.size() == 1 && (kSyntax.contains(bytes.front()) || link)) {
      out += fmt::format("&#{};", static_cast<unsigned>(c.code_point));
    } else {
      append_terminal(out, bytes);
    }
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "<code>" + escaped(text) + "</code>";
}

void append_rules(std::string& out, const Summary& summary) {
  if (summary.rules.empty()) {
    return;
  }
  out +=
      "\n| Severity | Rule | Objects | Findings | What to do |\n| --- | --- | ---: | ---: | --- "
      "|\n";
  for (const RuleEffect& rule :
       std::span(summary.rules).first(std::min(kRowsMax, summary.rules.size()))) {
    out += fmt::format("| {} | {} | {} | {} | {} |\n", to_text(rule.severity), code(rule.check->id),
                       number_text(rule.objects), number_text(rule.findings),
                       escaped(shortened(rule.first->remedy_text(), 400)));
  }
  if (summary.rules.size() > kRowsMax) {
    out += fmt::format("\nand {} more.\n", count_text(summary.rules.size() - kRowsMax, "rule"));
  }
}

void append_finding(std::string& out, const Finding& finding) {
  std::string object = code(shortened(subject_path(finding.subject), 300));
  if (!finding.container.empty()) {
    object += fmt::format(" {}", code(shortened(finding.container, 100)));
  }
  out += fmt::format("| {} | {} | {} | {} | {} |\n", to_text(effective_severity(finding)),
                     code(check_of(finding).id), object, escaped(shortened(sentence(finding), 400)),
                     code(shortened(place_text(finding.location), 300)));
}

void append_findings(std::string& out, const finding::Assessment& assessment,
                     const Summary& summary) {
  if (summary.findings == 0) {
    return;
  }
  const auto findings = worst_first(assessment);
  out += fmt::format("\n<details>\n<summary>{}</summary>\n\n",
                     count_text(summary.findings, "finding"));
  out += "| Severity | Rule | Object | What | Where |\n| --- | --- | --- | --- | --- |\n";
  const std::size_t begin = out.size();
  std::size_t shown = 0;
  for (; shown < findings.size() && out.size() - begin < kRowsBytesMax; ++shown) {
    append_finding(out, *findings[shown]);
  }
  if (shown < findings.size()) {
    out += fmt::format("\nand {} more.\n", count_text(findings.size() - shown, "finding"));
  }
  out += "\n</details>\n";
}

void append_figures(std::string& out, const finding::Assessment& assessment) {
  if (assessment.figures.empty()) {
    return;
  }
  out += "\n| Figure | Share | Count |\n| --- | ---: | ---: |\n";
  for (const auto& figure :
       std::span(assessment.figures).first(std::min(kRowsMax, assessment.figures.size()))) {
    const Share part = share(figure);
    out += fmt::format("| {}{} | {} | {} of {} |\n", escaped(figure.title),
                       figure.scope.empty() ? "" : fmt::format(" ({})", escaped(figure.scope)),
                       part.known ? fmt::format("{} %", part.percent) : "n/a",
                       number_text(figure.numerator), number_text(figure.denominator));
  }
}

template <class Rows, class Append>
void append_folded(std::string& out, std::string_view title, const Rows& rows,
                   const Append& append_row) {
  if (rows.empty()) {
    return;
  }
  out += fmt::format("\n<details>\n<summary>{} ({})</summary>\n\n", title, rows.size());
  for (const auto& row : std::span(rows).first(std::min(kRowsMax, rows.size()))) {
    out += "- ";
    append_row(row);
    out += '\n';
  }
  if (rows.size() > kRowsMax) {
    out += fmt::format("- and {} more\n", number_text(rows.size() - kRowsMax));
  }
  out += "\n</details>\n";
}

void append_lists(std::string& out, const finding::Assessment& assessment) {
  std::vector<std::string> commands;
  for (const auto& name_space : assessment.namespaces) {
    if (auto command = label_command(name_space); !command.empty()) {
      commands.push_back(std::move(command));
    }
  }
  append_folded(out, "Namespace labels to apply", commands,
                [&out](const std::string& command) { out += code(command); });
  append_folded(out, "Exceptions", assessment.exceptions, [&out](const finding::ExceptionUse& use) {
    if (use.exception != nullptr) {
      out += fmt::format(
          "{} {}{}{}: {}; {}{}{}", code(use.exception->id), escaped(use.exception->owner),
          use.exception->ticket.empty() ? "" : ", ", escaped(use.exception->ticket),
          escaped(shortened(use.exception->reason, 300)), count_text(use.findings, "finding"),
          use.expired ? ", expired" : "", use.honoured ? "" : ", not honoured");
    }
  });
  append_folded(out, "Not judged", assessment.skipped, [&out](const finding::Skipped& skipped) {
    out += fmt::format("{} {}{}{}", code(place_text(skipped.file, skipped.at)),
                       escaped(skipped.subject), skipped.subject.empty() ? "" : ": ",
                       escaped(shortened(skipped.reason, 300)));
  });
}

void append_errors(std::string& out, const finding::Assessment& assessment) {
  if (assessment.errors.empty()) {
    return;
  }
  out += fmt::format("\n**{} kept parts of the input from being judged:**\n\n",
                     count_text(assessment.errors.size(), "error"));
  for (const auto& error :
       std::span(assessment.errors).first(std::min(kRowsMax, assessment.errors.size()))) {
    out += fmt::format("- {} {}{}{}\n", code(place_text(error.file, error.at)),
                       escaped(shortened(error.message, 400)), error.hint.empty() ? "" : " ",
                       escaped(shortened(error.hint, 300)));
  }
  if (assessment.errors.size() > kRowsMax) {
    out += fmt::format("- and {} more\n", number_text(assessment.errors.size() - kRowsMax));
  }
}

}  // namespace

bool write_markdown(const finding::Assessment& assessment, const WriteOptions& options,
                    Sink& sink) {
  const Summary summary = summarize(assessment, options);
  Output output(sink);
  std::string& out = output.text();
  out += fmt::format("### Tallystick: {}\n\n{}. Exit code {}.\n\n**What first:** {}\n",
                     severity_text(summary.by_severity), judged_text(assessment),
                     exit_text(assessment, summary, options),
                     escaped(shortened(what_first(assessment, summary), 1000)));
  append_errors(out, assessment);
  append_rules(out, summary);
  append_findings(out, assessment, summary);
  append_figures(out, assessment);
  append_lists(out, assessment);
  for (const auto& note :
       std::span(assessment.notes).first(std::min(kRowsMax, assessment.notes.size()))) {
    out += fmt::format("\n{}\n", escaped(shortened(note, 400)));
  }
  return output.finish();
}

}  // namespace tally::report
