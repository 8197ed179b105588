// `-o html`: one page that holds everything and loads nothing. The template is src/report/html;
// this file fills it.
//
// Nothing of the input is ever markup: what is written here is escaped, and the findings travel as
// JSON in a data block with
// `<` escaped, from which the page's script inserts texts by textContent. The
// Content-Security-Policy names the hashes of the page's own style and script, so that even a
// mistake could not run anything else.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "crypto/sha256.hpp"
#include "report/internal/html_data.hpp"
#include "report/internal/page.hpp"
#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

using finding::Finding;
using finding::Severity;

constexpr std::size_t kStaticFindings = 100;  // rows of the table that works without JavaScript
constexpr std::size_t kListMax = 500;         // rows of every other list

std::string html(std::string_view text) {
  std::string out;
  append_markup(out, text, Markup::Text);
  return out;
}

// RFC 4648 section 4.
std::string base64(const crypto::Sha256Digest& bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto byte = [&](std::size_t i) {
      return at + i < bytes.size() ? unsigned{bytes[at + i]} : 0U;
    };
    const unsigned word = byte(0) << 16U | byte(1) << 8U | byte(2);
    for (std::size_t i = 0; i < 4; ++i) {
      out += at + i <= bytes.size() ? kAlphabet[(word >> (18 - 6 * i)) & 63U] : '=';
    }
  }
  return out;
}

// https://www.w3.org/TR/CSP3/: nothing from anywhere, but this style and this script.
std::string content_security_policy() {
  return fmt::format(
      "default-src &#39;none&#39;; style-src &#39;sha256-{}&#39;; script-src &#39;sha256-{}&#39;; "
      "base-uri &#39;none&#39;; form-action &#39;none&#39;",
      base64(crypto::sha256(kStyle)), base64(crypto::sha256(kScript)));
}

std::string pill(Severity severity) {
  return fmt::format("<span class=\"pill {}\">{}</span>", to_text(severity), to_text(severity));
}

std::string cell(std::string_view label, std::string_view markup, std::string_view css = {}) {
  return fmt::format("<td data-label=\"{}\"{}{}{}>{}</td>", label, css.empty() ? "" : " class=\"",
                     css, css.empty() ? "" : "\"", markup);
}

std::string code(std::string_view text) {
  return text.empty() ? "" : fmt::format("<code>{}</code>", html(text));
}

class Page {
 public:
  Page(const finding::Assessment& assessment, const WriteOptions& options)
      : assessment_(assessment), options_(options), summary_(summarize(assessment, options)) {}

  [[nodiscard]] std::string part(std::string_view name) const {
    if (name == "policy") {
      return content_security_policy();
    }
    if (name == "generator") {
      return html(fmt::format("tally {}", options_.tally_version));
    }
    if (name == "title") {
      return html(fmt::format("Tallystick: {}", severity_text(summary_.by_severity)));
    }
    if (name == "style") {
      return std::string(kStyle);
    }
    if (name == "script") {
      return std::string(kScript);
    }
    if (name == "judged") {
      return html(judged_text(assessment_));
    }
    if (name == "stamp") {
      return html(options_.created);
    }
    if (name == "navigation") {
      return navigation();
    }
    if (name == "summary") {
      return summary();
    }
    if (name == "table") {
      return static_table();
    }
    if (name == "sections") {
      return rules() + namespaces() + exceptions() + skipped() + inputs();
    }
    if (name == "footer") {
      return footer();
    }
    return {};
  }

 private:
  [[nodiscard]] std::string navigation() const;
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] std::string errors() const;
  [[nodiscard]] std::string figures() const;
  [[nodiscard]] std::string static_table() const;
  [[nodiscard]] std::string rules() const;
  [[nodiscard]] std::string namespaces() const;
  [[nodiscard]] std::string exceptions() const;
  [[nodiscard]] std::string skipped() const;
  [[nodiscard]] std::string inputs() const;
  [[nodiscard]] std::string footer() const;

  const finding::Assessment& assessment_;
  const WriteOptions& options_;
  Summary summary_;
};

std::string Page::navigation() const {
  std::string out;
  const auto link = [&out](std::string_view id, std::string_view text, std::size_t count) {
    if (count != 0) {
      out += fmt::format("<li><a href=\"#{}\">{} <b>{}</b></a></li>", id, text, number_text(count));
    }
  };
  out += "<li><a href=\"#summary\">Summary</a></li>";
  link("errors", "Errors", assessment_.errors.size());
  link("figures", "Figures", assessment_.figures.size());
  link("findings", "Findings", summary_.findings);
  link("rules", "Rules", summary_.rules.size());
  link("namespaces", "Namespaces", assessment_.namespaces.size());
  link("exceptions", "Exceptions", assessment_.exceptions.size());
  link("skipped", "Not judged", assessment_.skipped.size());
  link("inputs", "Inputs", assessment_.inputs.size());
  return out;
}

std::string Page::summary() const {
  std::string out =
      "<section id=\"summary\" aria-labelledby=\"summary-title\">\n<div class=\"lead\"><h1 "
      "id=\"summary-title\">";
  out += summary_.findings == 0
             ? std::string(assessment_.errors.empty() && assessment_.totals.objects != 0
                               ? "No findings"
                               : "Nothing to report yet")
             : fmt::format("{} in {}", count_text(summary_.findings, "finding"),
                           count_text(summary_.objects, "object"));
  out += fmt::format(
      "</h1><span class=\"badge exit-{}\">Exit code {}</span></div>\n<ul class=\"tiles\">",
      summary_.exit_code, html(exit_text(assessment_, summary_, options_)));
  for (const auto severity : kSeverities) {
    const auto count = summary_.by_severity[index_of(severity)];
    out += fmt::format(
        "<li class=\"{0}\"><a href=\"#findings\"><span class=\"number{1}\">{2}</span> <span "
        "class=\"word\">{0}</span></a></li>",
        to_text(severity), count == 0 ? " zero" : "", number_text(count));
  }
  out += fmt::format("</ul>\n<div class=\"first\"><h2>What first</h2><p>{}</p></div>\n",
                     html(shortened(what_first(assessment_, summary_), 2000)));
  if (!summary_.namespaces.empty()) {
    constexpr std::size_t kShown = 6;
    std::string where;
    for (const auto& effect :
         std::span(summary_.namespaces).first(std::min(kShown, summary_.namespaces.size()))) {
      where += fmt::format("{}<strong>{}</strong> {}", where.empty() ? "" : " &middot; ",
                           effect.name.empty() ? "no namespace" : html(shortened(effect.name, 63)),
                           severity_text(effect.by_severity));
    }
    if (summary_.namespaces.size() > kShown) {
      where += fmt::format(" &middot; and {} more",
                           count_text(summary_.namespaces.size() - kShown, "namespace"));
    }
    out += fmt::format("<p class=\"where\">Where: {}</p>\n", where);
  }
  for (const auto& note :
       std::span(assessment_.notes).first(std::min(kListMax, assessment_.notes.size()))) {
    out += fmt::format("<p class=\"where\">{}</p>\n", html(note));
  }
  return out + "</section>\n" + errors() + figures();
}

std::string Page::errors() const {
  if (assessment_.errors.empty()) {
    return {};
  }
  std::string out = fmt::format(
      "<section id=\"errors\" aria-labelledby=\"errors-title\"><h2 "
      "id=\"errors-title\">Errors</h2><p class=\"note\">{} kept parts of the input from being "
      "judged.</p>",
      count_text(assessment_.errors.size(), "error"));
  for (const auto& error :
       std::span(assessment_.errors).first(std::min(kListMax, assessment_.errors.size()))) {
    out += fmt::format("<div class=\"alarm\"><p>{} {}</p>{}</div>\n",
                       code(place_text(error.file, error.at)), html(shortened(error.message, 2000)),
                       error.hint.empty() ? ""
                                          : fmt::format("<p class=\"note\">{}</p>",
                                                        html(shortened(error.hint, 1000))));
  }
  return out + "</section>\n";
}

std::string Page::figures() const {
  if (assessment_.figures.empty()) {
    return {};
  }
  std::string out =
      "<section id=\"figures\" aria-labelledby=\"figures-title\"><h2 "
      "id=\"figures-title\">Figures</h2>\n<div class=\"cards\">";
  for (const auto& figure : assessment_.figures) {
    const Share part = share(figure);
    out += fmt::format(
        "<article class=\"card\"><h3>{}{}</h3><p class=\"value\">{} <small>{} of {} {}</small></p>",
        html(figure.title),
        figure.scope.empty() ? ""
                             : fmt::format(" <span class=\"tier\">{}</span>", html(figure.scope)),
        part.known ? fmt::format("{}&nbsp;%", part.percent) : "n/a", number_text(figure.numerator),
        number_text(figure.denominator), html(figure.unit));
    out += fmt::format(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
        "aria-hidden=\"true\"><rect class=\"rail\" width=\"100\" height=\"8\"/><rect class=\"{}\" "
        "width=\"{}\" height=\"8\"/></svg>",
        figure.good ? "good" : "bad", part.percent);
    if (!figure.formula.empty()) {
      out += fmt::format("<details><summary>How it is counted</summary><p>{}</p></details>",
                         html(figure.formula));
    }
    out += "</article>\n";
  }
  return out + "</div></section>\n";
}

// The worst findings, for readers without JavaScript.
std::string Page::static_table() const {
  const auto findings = worst_first(assessment_);
  if (findings.empty()) {
    return "<p>Nothing was found.</p>";
  }
  const std::size_t count = std::min(kStaticFindings, findings.size());
  std::string out =
      "<table><thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Rule</th><th "
      "scope=\"col\">Object</th><th scope=\"col\">What</th><th "
      "scope=\"col\">Where</th></tr></thead><tbody>\n";
  for (const Finding* finding : std::span(findings).first(count)) {
    out +=
        fmt::format("<tr>{}{}{}{}{}</tr>\n", cell("Severity", pill(effective_severity(*finding))),
                    cell("Rule", html(check_of(*finding).id)),
                    cell("Object", code(shortened(subject_path(finding->subject), 400))),
                    cell("What", html(shortened(sentence(*finding), 600))),
                    cell("Where", code(place_text(finding->location))));
  }
  out += "</tbody></table>\n";
  if (count < findings.size()) {
    out += fmt::format("<p class=\"note\">and {} more.</p>",
                       count_text(findings.size() - count, "finding"));
  }
  return out;
}

std::string section_head(std::string_view id, std::string_view title, std::string_view columns) {
  std::string out = fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 "
      "id=\"{0}-title\">{1}</h2>\n<table><thead><tr>",
      id, title);
  while (!columns.empty()) {
    const auto end = std::min(columns.find('|'), columns.size());
    const auto name = columns.substr(0, end);
    const bool number = name.starts_with('#');
    out += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"figure\"" : "",
                       name.substr(number ? 1 : 0));
    columns.remove_prefix(std::min(end + 1, columns.size()));
  }
  return out + "</tr></thead><tbody>\n";
}

std::string section_end(std::size_t total) {
  std::string out = "</tbody></table>";
  if (total > kListMax) {
    out += fmt::format("<p class=\"note\">and {} more.</p>", number_text(total - kListMax));
  }
  return out + "</section>\n";
}

std::string Page::rules() const {
  if (summary_.rules.empty()) {
    return {};
  }
  std::string out = section_head("rules", "Rules, most urgent first",
                                 "Severity|Rule|#Findings|#Objects|What to do");
  for (const auto& rule :
       std::span(summary_.rules).first(std::min(kListMax, summary_.rules.size()))) {
    out += fmt::format("<tr>{}{}{}{}{}</tr>\n", cell("Severity", pill(rule.severity)),
                       cell("Rule", fmt::format("<strong>{}</strong><br>{}", html(rule.check->id),
                                                html(rule.check->title))),
                       cell("Findings", number_text(rule.findings), "figure"),
                       cell("Objects", number_text(rule.objects), "figure"),
                       cell("What to do", html(shortened(rule.first->remedy_text(), 1000))));
  }
  return out + section_end(summary_.rules.size());
}

std::string tier(std::string_view text) {
  return text.empty() ? "&ndash;" : fmt::format("<span class=\"tier\">{}</span>", html(text));
}

std::string Page::namespaces() const {
  if (assessment_.namespaces.empty()) {
    return {};
  }
  std::string out =
      section_head("namespaces", "Namespaces",
                   "Namespace|Tier|Set to|Already meets|#Workloads|#Findings|Labels to apply");
  for (const auto& name_space :
       std::span(assessment_.namespaces).first(std::min(kListMax, assessment_.namespaces.size()))) {
    const std::string command = label_command(name_space);
    out += fmt::format(
        "<tr><th scope=\"row\"><bdi>{}</bdi></th>{}{}{}{}{}{}</tr>\n", html(name_space.name),
        cell("Tier", tier(name_space.tier)), cell("Set to", tier(name_space.level)),
        cell("Already meets", tier(name_space.recommended)),
        cell("Workloads", number_text(name_space.workloads), "figure"),
        cell("Findings", number_text(name_space.findings), "figure"),
        cell("Labels to apply",
             command.empty() ? "none"
                             : fmt::format("<code class=\"command\">{}</code>", html(command))));
  }
  return out + section_end(assessment_.namespaces.size());
}

std::string Page::exceptions() const {
  if (assessment_.exceptions.empty()) {
    return {};
  }
  std::string out =
      section_head("exceptions", "Exceptions", "Exception|Owner|Reason|Expires|#Findings|State");
  for (const auto& use :
       std::span(assessment_.exceptions).first(std::min(kListMax, assessment_.exceptions.size()))) {
    if (use.exception == nullptr) {
      continue;
    }
    const auto& exception = *use.exception;
    out += fmt::format(
        "<tr>{}{}{}{}{}{}</tr>\n",
        cell("Exception",
             fmt::format(
                 "<strong>{}</strong>{}", html(exception.id),
                 exception.ticket.empty() ? "" : fmt::format("<br>{}", html(exception.ticket)))),
        cell("Owner", html(exception.owner)),
        cell("Reason", html(shortened(exception.reason, 1000))),
        cell("Expires", exception.expires == 0 ? "never" : finding::day_to_text(exception.expires)),
        cell("Findings", number_text(use.findings), "figure"),
        cell("State", use.expired    ? "expired"
                      : use.honoured ? "honoured"
                                     : "not honoured"));
  }
  return out + section_end(assessment_.exceptions.size());
}

std::string Page::skipped() const {
  if (assessment_.skipped.empty()) {
    return {};
  }
  std::string out = section_head("skipped", "Not judged", "What|Place|Reason|Kind of skip");
  for (const auto& skipped :
       std::span(assessment_.skipped).first(std::min(kListMax, assessment_.skipped.size()))) {
    out += fmt::format(
        "<tr>{}{}{}{}</tr>\n",
        cell("What", skipped.subject.empty() ? "&ndash;" : html(shortened(skipped.subject, 400))),
        cell("Place", code(place_text(skipped.file, skipped.at))),
        cell("Reason", html(shortened(skipped.reason, 1000))),
        cell("Kind of skip", fmt::format("<span class=\"tier\">{}</span>", to_text(skipped.kind))));
  }
  return out + section_end(assessment_.skipped.size());
}

std::string Page::inputs() const {
  if (assessment_.inputs.empty()) {
    return {};
  }
  std::string out = section_head("inputs", "Inputs", "File|#Size|#Documents|#Objects|Reader");
  for (const auto& input :
       std::span(assessment_.inputs).first(std::min(kListMax, assessment_.inputs.size()))) {
    out += fmt::format("<tr>{}{}{}{}{}</tr>\n", cell("File", code(input.name)),
                       cell("Size", bytes_text(input.bytes), "figure"),
                       cell("Documents", number_text(input.documents), "figure"),
                       cell("Objects", number_text(input.objects), "figure"),
                       cell("Reader", html(input.reader)));
  }
  return out + section_end(assessment_.inputs.size());
}

std::string Page::footer() const {
  return html(fmt::format(
      "Made by tally {}{}. {} checks passed and {} findings were accepted by exceptions. "
      "This page is complete in itself: it loads nothing and sends nothing.",
      options_.tally_version,
      options_.created.empty() ? "" : fmt::format(" at {}", options_.created),
      number_text(summary_.passes), number_text(summary_.excepted)));
}

}  // namespace

bool write_html(const finding::Assessment& assessment, const WriteOptions& options, Sink& sink) {
  const Page page(assessment, options);
  Output output(sink);
  std::string_view rest = kPage;
  while (!rest.empty() && output.is_open()) {
    const auto begin = std::min(rest.find("{{"), rest.size());
    output.append(rest.substr(0, begin));
    rest.remove_prefix(begin);
    if (rest.empty()) {
      break;
    }
    const auto end = rest.find("}}");
    const std::string_view name = rest.substr(2, end - 2);
    rest.remove_prefix(end + 2);
    if (name == "data") {
      output.flush();
      write_html_data(output, assessment);
    } else {
      output.append(page.part(name));
    }
    output.settle();
  }
  return output.finish();
}

}  // namespace tally::report
