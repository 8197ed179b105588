#include "history/decision.hpp"

#include <fmt/format.h>

#include <array>

#include "crypto/sha256.hpp"
#include "document/json_writer.hpp"
#include "finding/exception.hpp"

namespace tally::history {

namespace {

// Writes the members of one object. RFC 8785 section 3.2.3 sorts them: who calls names them in
// order (a test reads the text and writes it anew). Empty texts and lists are left out.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      begin(name);
      document::append_json_string(out_, value);
    }
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) {
      return;
    }
    begin(name);
    char separator = '[';
    for (const std::string& value : values) {
      out_ += separator;
      separator = ',';
      document::append_json_string(out_, value);
    }
    out_ += ']';
  }
  void raw(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
  }
  std::string& begin(std::string_view name) {
    out_ += is_first_ ? "\"" : ",\"";
    is_first_ = false;
    out_.append(name).append("\":");
    return out_;
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

void append_finding(std::string& out, const DecisionFinding& finding) {
  Members members(out);
  members.text("allowed", finding.allowed);
  members.text("container", finding.container);
  members.text("engine", finding.engine);
  members.text("exception", finding.exception);
  members.text("exceptionOwner", finding.exception_owner);
  members.text("exceptionReason", finding.exception_reason);
  members.text("fingerprint", finding.fingerprint);
  members.text("found", finding.found);
  members.text("message", finding.message);
  members.text("mode", to_text(finding.mode));
  members.text("pointer", finding.pointer);
  members.text("policy", finding.policy);
  members.text("remedy", finding.remedy);
  members.text("rule", finding.rule);
  members.text("severity", to_text(finding.severity));
  members.text("verdict", to_text(finding.verdict));
  members.end();
}

}  // namespace

std::string canonical_json(const Decision& decision) {
  std::string out;
  out.reserve(1024);
  Members members(out);
  members.raw("allowed", decision.is_allowed ? "true" : "false");
  if (decision.code != 0) {
    members.raw("code", fmt::format("{}", decision.code));
  }
  members.raw("dryRun", decision.is_dry_run ? "true" : "false");
  members.texts("errors", decision.errors);
  if (!decision.findings.empty()) {
    members.begin("findings");
    char separator = '[';
    for (const DecisionFinding& finding : decision.findings) {
      out += separator;
      separator = ',';
      append_finding(out, finding);
    }
    out += ']';
  }
  members.text("group", decision.group);
  members.texts("groups", decision.groups);
  members.text("kind", decision.kind);
  members.text("message", decision.message);
  members.text("mode", to_text(decision.mode));
  members.text("name", decision.name);
  members.text("namespace", decision.name_space);
  members.text("objectDigest", decision.object_digest);
  members.text("operation", decision.operation);
  members.text("patch", decision.patch);
  members.text("policyDigest", decision.policy_digest);
  members.text("resource", decision.resource);
  members.text("subresource", decision.subresource);
  members.text("user", decision.user);
  members.text("version", decision.version);
  members.texts("warnings", decision.warnings);
  members.end();
  return out;
}

// RFC 4648 section 6: five bits a character, the last one filled up with zero bits.
std::string decision_id(std::string_view canonical) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const crypto::Sha256Digest digest = crypto::sha256(canonical);
  std::string id = "d-";
  unsigned bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : digest) {
    bits = bits << 8U | byte;
    for (count += 8; count >= 5; count -= 5) {
      id += kAlphabet[bits >> (count - 5) & 31U];
    }
  }
  id += kAlphabet[bits << (5 - count) & 31U];
  return id;
}

bool is_routine(const Decision& decision) noexcept {
  if (!decision.is_allowed || !decision.warnings.empty() || !decision.patch.empty() ||
      !decision.errors.empty()) {
    return false;
  }
  for (const DecisionFinding& finding : decision.findings) {
    if (finding.verdict == finding::Verdict::Error ||
        finding.verdict == finding::Verdict::Unknown) {
      return false;
    }
  }
  return true;
}

DecisionFinding to_decision_finding(const finding::Finding& finding) {
  const auto print = finding::fingerprint(finding);
  DecisionFinding out{.fingerprint = std::string(print.data(), print.size()),
                      .container = std::string(finding.container),
                      .pointer = std::string(finding.pointer),
                      .verdict = finding.verdict,
                      .severity = finding.severity,
                      .mode = finding.mode,
                      .found = std::string(finding.found),
                      .allowed = std::string(finding.allowed),
                      .message = std::string(finding.message),
                      .remedy = std::string(finding.remedy_text())};
  if (finding.check != nullptr) {
    out.engine = finding.check->engine;
    out.policy = finding.check->policy;
    out.rule = finding.check->id;
  }
  if (finding.exception != nullptr) {
    out.exception = finding.exception->id;
    out.exception_reason = finding.exception->reason;
    out.exception_owner = finding.exception->owner;
  }
  return out;
}

}  // namespace tally::history
