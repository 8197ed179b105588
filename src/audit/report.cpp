// https://github.com/kubernetes-sigs/wg-policy-prototypes, CRDs of v1alpha2;
// https://github.com/openreports/reports-api, CRDs of v1alpha1. The shape is that of
// report/cluster_report.cpp.
#include "audit/report.hpp"

#include <fmt/format.h>

#include <string_view>

#include "document/json_writer.hpp"
#include "scalar/object_ref.hpp"

namespace tally::audit {

using finding::Verdict;

namespace {

constexpr std::string_view kName = "tallystick";
constexpr std::size_t kTextBytesMax = 500;
constexpr std::size_t kHeadBytes = 4'000;  // more than what stands around the results

// Members of a JSON object, in the order in which they are added.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;
  ~Members() { out_ += '}'; }

  // The value is what is appended next.
  void key(std::string_view name) {
    out_ += is_first_ ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    is_first_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    document::append_json_string(out_, value);
  }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      text(name, value);
    }
  }
  void number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += fmt::format("{}", value);
  }

 private:
  std::string& out_;
  bool is_first_ = true;
};

// A text that was cut inside a character ends in U+FFFD.
std::string_view shortened(std::string_view text) { return text.substr(0, kTextBytesMax); }

std::string_view result_word(const ReportResult& result) noexcept {
  if (result.is_excepted) {
    return "skip";
  }
  if (result.verdict != Verdict::Fail) {
    return "error";
  }
  return result.mode == finding::Mode::Warn ? "warn" : "fail";
}

void append_resource(std::string& out, const ReportResult& result) {
  const history::SubjectKey& subject = result.subject;
  out += '[';
  {
    Members resource(out);
    resource.text_if_any("apiVersion", result.api_version);
    resource.text("kind", shortened(subject.kind));
    resource.text_if_any("namespace", shortened(subject.name_space));
    resource.text("name", shortened(subject.name));
  }
  out += ']';
}

void append_result(std::string& out, const ReportResult& result) {
  const std::string_view word = result_word(result);
  Members members(out);
  members.text("source", kName);
  members.text("policy", shortened(result.policy.empty() ? result.engine : result.policy));
  members.text("rule", shortened(result.rule));
  members.text("category", result.engine);
  members.text("severity", to_text(result.severity));
  members.text("result", word);
  members.key("scored");
  out += word == "warn" ? "false" : "true";
  members.text("message", shortened(result.message));
  if (!result.subject.kind.empty()) {
    members.key("resources");
    append_resource(out, result);
  }
  members.key("properties");
  Members properties(out);
  properties.text_if_any("container", shortened(result.container));
  properties.text_if_any("pointer", shortened(result.pointer));
  properties.text("mode", to_text(result.mode));
  if (result.verdict == Verdict::Unknown) {
    properties.text("verdict", to_text(result.verdict));
  }
}

void append_metadata(std::string& out, const ReportIdentity& identity, std::uint64_t left_out) {
  Members metadata(out);
  metadata.text("name", identity.name);
  metadata.text_if_any("namespace", identity.name_space);
  metadata.key("labels");
  {
    Members labels(out);
    labels.text("app.kubernetes.io/managed-by", kName);
  }
  if (left_out > 0) {
    metadata.key("annotations");
    Members annotations(out);
    annotations.text("tallystick.dev/results-left-out", fmt::format("{}", left_out));
  }
}

void append_summary(std::string& out, const Summary& summary) {
  Members members(out);
  members.number("pass", summary.pass);
  members.number("fail", summary.fail);
  members.number("warn", summary.warn);
  members.number("error", summary.error);
  members.number("skip", summary.skip);
}

}  // namespace

ReportIdentity report_identity(ReportKind kind, std::string_view name_space) {
  const bool is_open = kind == ReportKind::OpenReport;
  const std::string_view base = is_open ? "Report" : "PolicyReport";
  return {.api_version = is_open ? "openreports.io/v1alpha1" : "wgpolicyk8s.io/v1alpha2",
          .kind = fmt::format("{}{}", name_space.empty() ? "Cluster" : "", base),
          .name_space = std::string(name_space),
          .name = std::string(kName)};
}

std::string report_json(ReportKind kind, const ReportContent& content) {
  std::string results;
  std::uint64_t left_out = content.left_out + content.results.size();
  for (const ReportResult& result : content.results) {
    std::string one;
    append_result(one, result);
    if (results.size() + one.size() + kHeadBytes > kReportBytesMax) {
      break;
    }
    results += (results.empty() ? "" : ",") + one;
    --left_out;
  }
  const ReportIdentity identity = report_identity(kind, content.name_space);
  std::string out;
  {
    Members report(out);
    report.text("apiVersion", identity.api_version);
    report.text("kind", identity.kind);
    report.key("metadata");
    append_metadata(out, identity, left_out);
    if (kind == ReportKind::OpenReport) {
      report.text("source", kName);
    }
    if (!content.name_space.empty()) {
      report.key("scope");
      Members scope(out);
      scope.text("apiVersion", "v1");
      scope.text("kind", "Namespace");
      scope.text("name", content.name_space);
    }
    report.key("summary");
    append_summary(out, content.summary);
    report.key("results");
    out += '[';
    out += results;
    out += ']';
  }
  return out;
}

}  // namespace tally::audit
