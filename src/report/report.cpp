#include "report/report.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "report/internal/writers.hpp"

namespace tally::report {

namespace {

struct FormatName {
  Format format;
  std::string_view name;
};
constexpr std::array kNames = {
    FormatName{Format::Table, "table"},
    FormatName{Format::Json, "json"},
    FormatName{Format::Yaml, "yaml"},
    FormatName{Format::Sarif, "sarif"},
    FormatName{Format::Junit, "junit"},
    FormatName{Format::Markdown, "markdown"},
    FormatName{Format::Html, "html"},
    FormatName{Format::PolicyReport, "policyreport"},
    FormatName{Format::OpenReports, "openreports"},
    FormatName{Format::Github, "github"},
};

}  // namespace

std::string_view to_text(Format format) noexcept {
  for (const auto& entry : kNames) {
    if (entry.format == format) {
      return entry.name;
    }
  }
  return "table";
}

Result<Format> parse_format(std::string_view text) {
  std::array<std::string_view, kNames.size()> names{};
  std::string list;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i].name == text) {
      return kNames[i].format;
    }
    names[i] = kNames[i].name;
    list += fmt::format("{}{}", i == 0 ? "" : ", ", kNames[i].name);
  }
  auto error =
      content_error(fmt::format("unknown format \"{}\"; expected one of {}", excerpt(text), list));
  if (const auto near = nearest(text, names)) {
    error.error().hint = fmt::format("did you mean {}?", *near);
  }
  return error;
}

bool write(Format format, const finding::Assessment& assessment, const WriteOptions& options,
           Sink& sink) {
  switch (format) {
    case Format::Table:
      return write_table(assessment, options, sink);
    case Format::Json:
      return write_json(assessment, options, sink);
    case Format::Yaml:
      return write_yaml(assessment, options, sink);
    case Format::Sarif:
      return write_sarif(assessment, options, sink);
    case Format::Junit:
      return write_junit(assessment, options, sink);
    case Format::Markdown:
      return write_markdown(assessment, options, sink);
    case Format::Html:
      return write_html(assessment, options, sink);
    case Format::PolicyReport:
      return write_policy_report(assessment, options, sink);
    case Format::OpenReports:
      return write_open_reports(assessment, options, sink);
    case Format::Github:
      return write_github(assessment, options, sink);
  }
  return false;
}

}  // namespace tally::report
