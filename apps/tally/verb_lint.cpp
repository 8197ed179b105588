// `tally lint PATH...`: what the authors of policies should know before they apply them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "document/json_writer.hpp"
#include "input/read_inputs.hpp"
#include "kube/api_kinds.hpp"
#include "kyverno/lint/lint.hpp"
#include "output.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace tally::app {

namespace {

using finding::Severity;
using kyverno::LintFinding;
using kyverno::LintReport;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kIndent = 14;

struct Style {
  std::string_view mark;
  std::string_view color;
};
constexpr std::array<Style, 5> kStyles{{
    {"▲", "\x1b[1;31m"},  // critical
    {"▲", "\x1b[31m"},
    {"◆", "\x1b[33m"},
    {"▪", "\x1b[36m"},
    {"·", "\x1b[2m"},
}};

std::string painted(std::string_view text, std::string_view color, bool is_colored) {
  return is_colored ? fmt::format("{}{}\x1b[0m", color, text) : std::string(text);
}

// Words on lines of at most kWidth columns, the first after `column`, others indented.
std::string folded(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column > indent && column + 1 + word.size() > kWidth) {
      out.append("\n").append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string place_of(const LintFinding& found) {
  const kube::Object& policy = *found.policy;
  if (policy.source == nullptr) {
    return found.pointer;
  }
  const Position at = policy.source->position(found.offset);
  return fmt::format("{}:{}:{} {}", policy.source->name(), at.line, at.column, found.pointer);
}

std::string name_of(const kube::Object& policy) {
  return policy.ref.name_space.empty()
             ? std::string(policy.ref.name)
             : fmt::format("{}/{}", policy.ref.name_space, policy.ref.name);
}

std::string to_table(const LintReport& report, bool is_colored) {
  std::string out =
      fmt::format("{} {}, {} {}.\n", report.policies, report.policies == 1 ? "policy" : "policies",
                  report.findings.size(), report.findings.size() == 1 ? "finding" : "findings");
  std::map<std::string_view, const finding::Check*> checks;
  const kube::Object* policy = nullptr;
  for (const LintFinding& found : report.findings) {
    if (found.policy != policy) {
      policy = found.policy;
      out += fmt::format("\n{} {}\n", policy->ref.kind, name_of(*policy));
    }
    const Style& style = kStyles[static_cast<std::size_t>(found.severity)];
    const std::string severity =
        fmt::format("{} {:<8}", style.mark, finding::to_text(found.severity));
    out += fmt::format(
        "  {}  {}\n", painted(severity, style.color, is_colored),
        folded(found.rule.empty() ? found.message
                                  : fmt::format("rule {}: {}", found.rule, found.message),
               kIndent));
    out += fmt::format("{:{}}{}  {}\n", "", kIndent, place_of(found), found.check->id);
    checks.try_emplace(found.check->id, found.check);
  }
  if (!checks.empty()) {
    out += "\nWhat to do\n";
    for (const finding::Check* check : kyverno::lint_checks()) {
      if (checks.contains(check->id)) {
        out += fmt::format("  {}\n    {}\n", check->id, folded(check->remedy, 4));
      }
    }
  }
  return out;
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += out.back() == '{' ? "\"" : ",\"";
  out.append(name).append("\":");
  document::append_json_string(out, text);
}

std::string to_json(const LintReport& report) {
  std::string out = fmt::format("{{\"policies\":{},\"findings\":[", report.policies);
  bool is_first = true;
  for (const LintFinding& found : report.findings) {
    out += is_first ? "\n{" : ",\n{";
    is_first = false;
    append_field(out, "check", found.check->id);
    append_field(out, "severity", finding::to_text(found.severity));
    append_field(out, "kind", found.policy->ref.kind);
    append_field(out, "namespace", found.policy->ref.name_space);
    append_field(out, "policy", found.policy->ref.name);
    append_field(out, "rule", found.rule);
    if (found.policy->source != nullptr) {
      const Position at = found.policy->source->position(found.offset);
      append_field(out, "file", found.policy->source->name());
      out += fmt::format(",\"line\":{},\"column\":{}", at.line, at.column);
    }
    append_field(out, "pointer", found.pointer);
    append_field(out, "message", found.message);
    append_field(out, "remedy", found.check->remedy);
    out += '}';
  }
  return out + "]}\n";
}

}  // namespace

int run_lint(const LintFlags& flags) {
  kube::load_api_kinds();
  input::InputOptions options;
  options.paths = flags.paths;
  options.threads = hardware_threads();
  const input::Inputs inputs = input::read_inputs(options);
  for (const Error& error : inputs.errors) {
    print_error(fmt::format("tally lint: {}\n", error.to_string()));
  }
  const LintReport report =
      kyverno::lint_policies({.objects = inputs.objects, .kinds = inputs.custom_kinds.get()});
  if (report.policies == 0) {
    print_error("tally lint: found no policy that it knows\n");
    return 2;
  }
  const bool is_colored = !flags.no_color && detect_terminal().color;
  static_cast<void>(print(flags.output == "json" ? to_json(report) : to_table(report, is_colored)));
  // A policy that cannot be applied: the job could not be done.
  const bool is_broken = std::ranges::any_of(
      report.findings, [](const LintFinding& found) { return found.check->id == "does-not-load"; });
  if (!inputs.errors.empty() || is_broken) {
    return 2;
  }
  const auto threshold = severity_of(flags.fail_on);
  const bool is_failed =
      threshold && std::ranges::any_of(report.findings, [&](const LintFinding& found) {
        return found.severity <= *threshold;
      });
  return is_failed ? 1 : 0;
}

}  // namespace tally::app
