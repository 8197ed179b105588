// One report per namespace and one for what has none; a report that would outgrow etcd's limit on
// objects (1.5 MB) is continued in a next one. Excepted findings are results "skip" and name their
// exception.
#include "report/internal/cluster_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "report/internal/summary.hpp"
#include "report/internal/text.hpp"
#include "report/internal/yaml_out.hpp"

namespace tally::report {

namespace {

using finding::Finding;
using finding::Verdict;

constexpr std::size_t kReportBytesMax = 1'000'000;

std::string_view result_of(const Finding& finding) noexcept {
  if (finding.exception != nullptr) {
    return "skip";
  }
  switch (finding.verdict) {
    case Verdict::Pass:
      return "pass";
    case Verdict::Skip:
      return "skip";
    case Verdict::Error:
    case Verdict::Unknown:
      return "error";
    case Verdict::Fail:
      return finding.mode == finding::Mode::Warn ? "warn" : "fail";
  }
  return "error";
}

// A time stamp of WriteOptions as seconds since 1970; nothing when it is left out.
std::optional<std::int64_t> unix_seconds(std::string_view rfc3339) {
  if (rfc3339.size() < 20 || rfc3339[10] != 'T' || !rfc3339.ends_with('Z')) {
    return std::nullopt;
  }
  const auto number = [rfc3339](std::size_t at, std::size_t size) {
    int value = -1;
    std::from_chars(rfc3339.data() + at, rfc3339.data() + at + size, value);
    return value;
  };
  const auto day = finding::parse_day(rfc3339.substr(0, 10));
  if (!day) {
    return std::nullopt;
  }
  return std::int64_t{*day} * 86400 + std::int64_t{number(11, 2)} * 3600 +
         std::int64_t{number(14, 2)} * 60 + number(17, 2);
}

void emit_resource(YamlOut& out, const finding::Subject& subject) {
  out.open_object();
  out.member("apiVersion", subject.ref.api_version());
  out.member("kind", subject.ref.kind);
  if (!subject.ref.name_space.empty()) {
    out.member("namespace", subject.ref.name_space);
  }
  out.member("name", subject.ref.name);
  out.close_object();
}

void emit_properties(YamlOut& out, const Finding& finding) {
  const auto id = fingerprint(finding);
  out.key("properties");
  out.open_object();
  out.member("id", {id.data(), id.size()});
  const auto optional_member = [&out](std::string_view key, std::string_view value) {
    if (!value.empty()) {
      out.member(key, value);
    }
  };
  optional_member("container", finding.container);
  optional_member("pointer", finding.pointer);
  optional_member("location", place_text(finding.location));
  optional_member("found", finding.found);
  optional_member("allowed", finding.allowed);
  optional_member("mode", to_text(finding.mode));
  if (finding.verdict == Verdict::Unknown) {
    out.member("verdict", to_text(finding.verdict));
  }
  if (finding.exception != nullptr) {
    out.member("exception", finding.exception->id);
    optional_member("exceptionReason", finding.exception->reason);
  }
  out.close_object();
}

void emit_result(YamlOut& out, const Finding& finding, std::optional<std::int64_t> seconds) {
  const auto& check = check_of(finding);
  out.open_object();
  out.member("source", "tallystick");
  out.member("policy", check.policy.empty() ? check.engine : check.policy);
  out.member("rule", check.id);
  out.member("category", check.engine);
  out.member("severity", to_text(effective_severity(finding)));
  out.member("result", result_of(finding));
  out.member_boolean("scored", result_of(finding) != "warn");
  out.member("message", sentence(finding));
  if (seconds) {
    out.key("timestamp");
    out.open_object();
    out.member_number("seconds", static_cast<std::uint64_t>(*seconds));
    out.member_number("nanos", 0);
    out.close_object();
  }
  if (finding.subject != nullptr) {
    out.key("resources");
    out.open_array();
    emit_resource(out, *finding.subject);
    out.close_array();
  }
  emit_properties(out, finding);
  out.close_object();
}

// About what a result takes in etcd as JSON: its texts and its keys.
std::size_t result_bytes(const Finding& finding) {
  return 700 + finding.message.size() + finding.pointer.size() + finding.found.size() +
         finding.allowed.size() + finding.container.size() + finding.location.file().size();
}

void emit_report(YamlOut& out, const ClusterReportKind& kind, std::string_view name_space,
                 std::size_t part, std::span<const Finding* const> findings,
                 std::optional<std::int64_t> seconds) {
  out.open_document();
  out.open_object();
  out.member("apiVersion", kind.api_version);
  out.member("kind", name_space.empty() ? kind.cluster_kind : kind.kind);
  out.key("metadata");
  out.open_object();
  out.member("name", part == 1 ? std::string("tallystick") : fmt::format("tallystick-{}", part));
  if (!name_space.empty()) {
    out.member("namespace", name_space);
  }
  out.key("labels");
  out.open_object();
  out.member("app.kubernetes.io/managed-by", "tallystick");
  out.close_object();
  out.close_object();
  if (kind.report_source) {
    out.member("source", "tallystick");
  }
  if (!name_space.empty()) {
    out.key("scope");
    out.open_object();
    out.member("apiVersion", "v1");
    out.member("kind", "Namespace");
    out.member("name", name_space);
    out.close_object();
  }
  out.key("summary");
  out.open_object();
  for (const std::string_view result : {"pass", "fail", "warn", "error", "skip"}) {
    out.member_number(
        result,
        static_cast<std::uint64_t>(std::ranges::count_if(
            findings, [result](const Finding* finding) { return result_of(*finding) == result; })));
  }
  out.close_object();
  out.key("results");
  out.open_array();
  for (const Finding* finding : findings) {
    if (!out.is_open()) {
      break;
    }
    emit_result(out, *finding, seconds);
  }
  out.close_array();
  out.close_object();
}

}  // namespace

bool write_cluster_reports(const ClusterReportKind& kind, const finding::Assessment& assessment,
                           const WriteOptions& options, Sink& sink) {
  // A namespace that was judged has its report even when nothing was found: an old one must not
  // live on.
  std::map<std::string_view, std::vector<const Finding*>> by_namespace;
  for (const auto& name_space : assessment.namespaces) {
    by_namespace[name_space.name];
  }
  for (const auto& finding : assessment.findings) {
    by_namespace[finding.subject == nullptr ? std::string_view{} : finding.subject->ref.name_space]
        .push_back(&finding);
  }
  const auto seconds = unix_seconds(options.created);
  Output output(sink);
  YamlOut out(output);
  for (const auto& [name_space, list] : by_namespace) {
    std::span<const Finding* const> rest = list;
    std::size_t part = 1;
    do {
      std::size_t count = 0;
      for (std::size_t bytes = 0;
           count < rest.size() &&
           (count == 0 || bytes + result_bytes(*rest[count]) <= kReportBytesMax);
           ++count) {
        bytes += result_bytes(*rest[count]);
      }
      emit_report(out, kind, name_space, part++, rest.first(count), seconds);
      rest = rest.subspan(count);
    } while (!rest.empty() && out.is_open());
  }
  if (!by_namespace.empty()) {
    out.end();
  }
  return output.finish();
}

}  // namespace tally::report
