#pragma once
// The history: decisions, findings, policies, and who raised which scope, in SQLite or PostgreSQL
// (store/database.hpp says which URLs). docs/history.md describes the tables.
//
// Times are milliseconds since 1970-01-01T00:00:00Z and come from the caller; the history reads no
// clock. A call that writes is one transaction: all of it or nothing. If the connection to
// PostgreSQL was lost, the call is repeated once over a new one.
//
// Threads: a History belongs to one thread at a time; open one for each. Writer
// (history/writer.hpp) is what many threads may call.
//
// Errors: Environment when the store cannot be reached, is full, is locked, is damaged or belongs
// to a newer program; Content for a text that the store does not take.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "history/decision.hpp"
#include "history/observation.hpp"

namespace tally::store {
class Database;
}

namespace tally::history {

enum class Access : std::uint8_t {
  Write,  // makes the file and the tables where there are none, and brings older ones up to date
  Read,   // changes nothing; an older schema is an error that says so
};

// A decision as it is kept.
struct KeptDecision {
  std::string id{};
  Decision decision{};        // time, uid and latency of the latest occurrence
  std::int64_t first_ms = 0;  // of the first occurrence; decision.time_ms is that of the latest
  std::uint64_t occurrences = 1;
  std::string canonical{};
  bool is_intact = true;  // the canonical JSON still has the digest that is its id
};

struct DecisionQuery {
  std::optional<std::int64_t> since_ms{};  // the latest occurrence at or after
  std::optional<std::int64_t> until_ms{};  // ... and before
  bool only_denied = false;
  std::string name_space{};  // empty: all, as below
  std::string user{};
  std::string kind{};
  std::string policy{};     // one of its findings is of this policy
  std::uint32_t limit = 0;  // 0: all
};

struct KeptFinding {
  SubjectKey subject{};
  DecisionFinding finding{};
  std::int64_t first_seen_ms = 0;
  std::int64_t last_seen_ms = 0;              // when it was last judged and found
  std::int64_t changed_ms = 0;                // when it last appeared, changed, or was resolved
  std::optional<std::int64_t> resolved_ms{};  // nothing: open
};

struct FindingQuery {
  enum class State : std::uint8_t { Any, Open, Resolved };
  std::optional<std::int64_t> since_ms{};  // appeared, changed or resolved at or after
  std::optional<std::int64_t> until_ms{};  // ... and before
  State state = State::Any;
  std::string name_space{};  // empty: all, as below
  std::string policy{};
  std::optional<finding::Severity> severity_min{};  // this or worse
  std::uint32_t limit = 0;                          // 0: all
};

// One step in the life of a finding.
struct FindingChange {
  std::int64_t time_ms = 0;
  std::string what{};  // opened, changed, resolved, reopened
  std::string from{};  // of changed: "severity medium, mode audit"
  std::string to{};
};

struct PolicySeen {
  std::string kind{};
  std::string name_space{};
  std::string name{};
  std::string digest{};  // of its text
  std::string source{};  // a file, or "cluster"
  bool is_loaded = true;
  std::string why{};  // why it was refused
  std::int64_t first_seen_ms = 0;
  std::int64_t last_seen_ms = 0;
};

// Where a mode holds, and who made it stronger or weaker.
struct ScopeChange {
  std::string policy{};                 // empty: every policy
  std::string name_space{};             // empty: every namespace
  std::optional<finding::Mode> from{};  // nothing: was not there
  std::optional<finding::Mode> to{};    // nothing: is no longer there
  std::string user{};                   // who: as the API server or git names them
  std::string source{};                 // by what: a file, or an object's kind and name
  std::int64_t time_ms = 0;
};

// What may leave, counted from `now_ms` of expire().
struct Retention {
  std::int64_t decisions_ms = std::int64_t{90} * 24 * 3600 * 1000;
  std::int64_t routine_ms = std::int64_t{7} * 24 * 3600 * 1000;  // see is_routine()
  std::uint64_t routine_max = 1'000'000;  // the oldest leave; others stay until their age
  std::int64_t resolved_ms = std::int64_t{365} * 24 * 3600 * 1000;  // findings, since resolved
  std::int64_t policies_ms = std::int64_t{365} * 24 * 3600 * 1000;  // since last seen
};

struct Expired {
  std::uint64_t decisions = 0;
  std::uint64_t findings = 0;
  std::uint64_t policies = 0;
};

struct Observed {
  std::uint64_t opened = 0;
  std::uint64_t reopened = 0;
  std::uint64_t changed = 0;
  std::uint64_t resolved = 0;
};

// Called for each row; false ends the query. What it is given lives for the call.
template <class T>
using Each = std::function<bool(const T&)>;

class History {
 public:
  // `sqlite:PATH`, a path, or `postgresql://...`.
  [[nodiscard]] static Result<History> open(std::string_view url, Access access = Access::Write);
  History(History&& other) noexcept;
  History& operator=(History&& other) noexcept;
  ~History();

  // Decisions that are there already count another occurrence.
  [[nodiscard]] Result<void> record(std::span<const Decision> decisions);
  // Upserts the findings of these objects and resolves what is no longer seen.
  [[nodiscard]] Result<Observed> observe(std::span<const Observation> observations,
                                         std::int64_t now_ms);
  // The policies of the set that is in use now, and those that were refused.
  [[nodiscard]] Result<void> see_policies(std::span<const PolicySeen> policies,
                                          std::int64_t now_ms);
  [[nodiscard]] Result<void> record_scope_changes(std::span<const ScopeChange> changes);
  // Removes what is older than it may be, a few thousand rows a transaction.
  [[nodiscard]] Result<Expired> expire(const Retention& retention, std::int64_t now_ms);

  // The latest first.
  [[nodiscard]] Result<void> decisions(const DecisionQuery& query, const Each<KeptDecision>& each);
  // By its id, by a prefix of it that is unique, or by the uid of its latest request. Nothing: not
  // there. An ambiguous prefix is a Content error that lists the first candidates.
  [[nodiscard]] Result<std::optional<KeptDecision>> decision(std::string_view id);
  // The latest change first.
  [[nodiscard]] Result<void> findings(const FindingQuery& query, const Each<KeptFinding>& each);
  // The oldest first.
  [[nodiscard]] Result<std::vector<FindingChange>> changes(const KeptFinding& finding);
  [[nodiscard]] Result<void> policies(const Each<PolicySeen>& each);
  // The latest first. A scope that names no policy, or no namespace, holds for all.
  struct ScopeQuery {
    std::optional<std::int64_t> since_ms{};
    std::optional<std::int64_t> until_ms{};
    std::string policy{};      // changes that concern it; empty: all
    std::string name_space{};  // changes that concern it; empty: all
    std::uint32_t limit = 0;
  };
  [[nodiscard]] Result<void> scope_changes(const ScopeQuery& query, const Each<ScopeChange>& each);

  // For messages: the URL without a password.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] store::Database& database() noexcept { return *database_; }

 private:
  explicit History(std::unique_ptr<store::Database> database) noexcept;
  std::unique_ptr<store::Database> database_;
};

}  // namespace tally::history
