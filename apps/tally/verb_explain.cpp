// `tally explain RULE` and `--list-rules`: documentation straight from the check records.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "assessment/assessment.hpp"
#include "base/text.hpp"
#include "kyverno/lint/lint.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

// What assess can report, and what lint says to authors of policies.
std::vector<const finding::Check*> every_rule() {
  std::vector<const finding::Check*> rules = assessment::all_rules();
  for (const finding::Check* check : kyverno::lint_checks()) {
    rules.push_back(check);
  }
  return rules;
}

// Words of a paragraph, wrapped at 78 columns.
std::string wrapped(std::string_view text, std::string_view indent) {
  std::string out;
  std::string line(indent);
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > indent.size() && line.size() + 1 + word.size() > 78) {
      out += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) {
      line += ' ';
    }
    line += word;
  }
  return out + line + "\n";
}

std::string document(const finding::Check& check) {
  std::string text = fmt::format("{}: {}\n", check.id, check.title);
  text += fmt::format("  {} / {}, severity {}\n\n", check.engine, check.policy,
                      finding::to_text(check.severity));
  text += wrapped(check.description, "  ");
  text += "\nWhat to do\n" + wrapped(check.remedy, "  ");
  if (!check.controls.empty()) {
    text += "\nControls\n";
    for (const auto& control : check.controls) {
      text += fmt::format("  {} {}: {}\n", control.framework, control.version, control.id);
    }
  }
  if (!check.references.empty()) {
    text += "\nReferences\n";
    for (const auto reference : check.references) {
      text += fmt::format("  {}\n", reference);
    }
  }
  return text;
}

}  // namespace

int run_explain(const std::string& rule) {
  const auto rules = every_rule();
  std::string out;
  std::vector<std::string_view> ids;
  for (const finding::Check* check : rules) {
    ids.push_back(check->id);
    const bool named = check->id == rule ||
                       fmt::format("{}/{}", check->policy, check->id) == rule ||
                       fmt::format("{}/{}", check->engine, check->id) == rule;
    if (named) {
      out += (out.empty() ? "" : "\n") + document(*check);
    }
  }
  if (!out.empty()) {
    static_cast<void>(print(out));
    return 0;
  }
  const auto near = nearest(rule, ids);
  print_error(fmt::format(
      "tally explain: there is no rule '{}'{} `tally assess --list-rules` lists them all.\n",
      excerpt(rule), near ? fmt::format("; did you mean '{}'?", *near) : std::string{"."}));
  return 2;
}

int list_rules() {
  const auto rules = every_rule();
  std::size_t id_width = 0;
  std::size_t family_width = 0;
  for (const finding::Check* check : rules) {
    id_width = std::max(id_width, check->id.size());
    family_width = std::max(family_width, check->engine.size() + 1 + check->policy.size());
  }
  std::string out;
  for (const finding::Check* check : rules) {
    out += fmt::format("{:<{}}  {:<{}}  {:<8}  {}\n", check->id, id_width,
                       fmt::format("{}/{}", check->engine, check->policy), family_width,
                       finding::to_text(check->severity), check->title);
  }
  static_cast<void>(print(out));
  return 0;
}

}  // namespace tally::app
