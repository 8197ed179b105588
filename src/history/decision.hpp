#pragma once
// Decision: what was decided on an admission request, and why. Plain data: whoever decides fills it
// in; the history keeps it; `tally decision show ID` tells it.
//
// A decision is named by its content: `d-` and the base32 (RFC 4648 section 6, lower case, without
// padding) of the SHA-256 of its canonical JSON (RFC 8785). The canonical JSON holds who asked for
// what, what was judged, and what was answered; the moment, the uid of the request and the latency
// are of an occurrence and stay out of it. So the same request of the same user, judged by the same
// policies with the same result, is the same decision: a controller that tries again every second
// makes one row that counts, events in the cluster stay equal, and the id that a developer was
// shown weeks ago is still the one that `tally decision show` finds.
//
// Members without a value stay out of the canonical JSON, so that a member that is added later
// does not rename old decisions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "finding/finding.hpp"

namespace tally::history {

// What one rule says about the request: a finding that owns its texts.
struct DecisionFinding {
  std::string fingerprint{};  // 64 hex digits
  std::string engine{};
  std::string policy{};
  std::string rule{};
  std::string container{};
  std::string pointer{};  // RFC 6901, into the object
  finding::Verdict verdict = finding::Verdict::Fail;
  finding::Severity severity = finding::Severity::Medium;
  finding::Mode mode = finding::Mode::Audit;  // what enforcement does with it
  std::string found{};
  std::string allowed{};  // what would have been allowed
  std::string message{};
  std::string remedy{};
  std::string exception{};         // id of the exception that accepted it; empty: none
  std::string exception_reason{};  // in its owner's words
  std::string exception_owner{};

  friend bool operator==(const DecisionFinding&, const DecisionFinding&) = default;
};

struct Decision {
  // Of the occurrence.
  std::int64_t time_ms = 0;  // since 1970-01-01T00:00:00Z
  std::string uid{};         // of the AdmissionReview
  std::uint64_t latency_us = 0;

  // What was asked, by whom.
  std::string operation{};  // CREATE, UPDATE, DELETE, CONNECT
  std::string group{};
  std::string version{};
  std::string kind{};
  std::string resource{};  // plural
  std::string subresource{};
  std::string name_space{};
  std::string name{};  // of an object with generateName: that, with a "*" behind it
  std::string user{};
  std::vector<std::string> groups{};
  bool is_dry_run = false;
  std::string object_digest{};  // SHA-256 of the object's canonical JSON, 64 hex digits

  // What was judged.
  std::string policy_digest{};              // of the policy set
  std::vector<DecisionFinding> findings{};  // in the order of judging; passes may be left out

  // What was answered.
  bool is_allowed = true;
  std::uint16_t code = 0;                     // HTTP status of a denial
  finding::Mode mode = finding::Mode::Audit;  // the strongest that had something to say
  std::string message{};                      // of a denial, without the decision's id
  std::vector<std::string> warnings{};
  std::string patch{};                // JSON Patch (RFC 6902) as JSON text; empty: unchanged
  std::vector<std::string> errors{};  // what could not be evaluated, and by which policy

  // Beside all that, in no digest: the request as JSON (an AdmissionReview), so that `tally
  // assess` can judge it again. Empty: not kept. Who fills it in leaves out what is secret.
  std::string request{};

  friend bool operator==(const Decision&, const Decision&) = default;
};

// RFC 8785, of everything between the occurrence and the request.
[[nodiscard]] std::string canonical_json(const Decision& decision);

// "d-" and 52 characters.
[[nodiscard]] std::string decision_id(std::string_view canonical);

// What canonical_json() wrote; the occurrence and the request stay empty. Unknown members are
// passed over. The error names the member, what was found and what was expected.
[[nodiscard]] Result<Decision> read_decision(const document::Node& canonical);

// Allowed without a warning, a patch, an error, an unknown: what may be sampled, and leaves first
// when room is short.
[[nodiscard]] bool is_routine(const Decision& decision) noexcept;

// The texts of a finding, its fingerprint included.
[[nodiscard]] DecisionFinding to_decision_finding(const finding::Finding& finding);

}  // namespace tally::history
