// Findings of the continuous audit: what appeared, changed, was resolved, and came back.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "history/history.hpp"
#include "history/internal/names.hpp"
#include "history/internal/queries.hpp"
#include "store/database.hpp"

namespace tally::history {

namespace {

using finding::Verdict;
using store::Row;
using store::Sql;
using store::Value;

constexpr Sql kSelectSubject =
    "SELECT fingerprint, engine, policy, severity, verdict, mode, resolved_ms FROM findings WHERE "
    "namespace = $1 AND name = $2 AND kind = $3 AND api_group = $4";
constexpr Sql kUpsert =
    "INSERT INTO findings (fingerprint, engine, policy, rule, api_group, kind, namespace, name, "
    "container, pointer, severity, verdict, mode, found, allowed, message, remedy, first_seen_ms, "
    "last_seen_ms, changed_ms, resolved_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
    "$12, $13, $14, $15, $16, $17, $18, $18, $18, NULL) ON CONFLICT (fingerprint) DO UPDATE SET "
    "severity = excluded.severity, verdict = excluded.verdict, mode = excluded.mode, found = "
    "excluded.found, allowed = excluded.allowed, message = excluded.message, remedy = "
    "excluded.remedy, last_seen_ms = excluded.last_seen_ms, changed_ms = excluded.changed_ms, "
    "resolved_ms = NULL";
constexpr Sql kResolve =
    "UPDATE findings SET resolved_ms = $2, changed_ms = $2 WHERE fingerprint = $1";
constexpr Sql kInsertChange =
    "INSERT INTO finding_changes (fingerprint, step, time_ms, what, from_state, to_state) SELECT "
    "CAST($1 AS TEXT), COALESCE(MAX(step), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 "
    "AS "
    "TEXT), CAST($5 AS TEXT) FROM finding_changes WHERE fingerprint = $1";
// A finding that comes and goes all the time keeps its last hundred steps.
constexpr Sql kForgetChanges =
    "DELETE FROM finding_changes WHERE fingerprint = $1 AND step <= (SELECT MAX(step) FROM "
    "finding_changes WHERE fingerprint = $1) - 100";

// What the store knows of a finding.
struct Known {
  PolicyKey policy;
  std::string state;  // "fail, high, enforce"
  std::int64_t changed_ms = 0;
  bool is_open = false;
  bool is_seen = false;  // in this observation
};

finding::Severity severity_at(std::int64_t rank) {
  const auto last = static_cast<std::int64_t>(std::size(kSeverities)) - 1;
  return kSeverities[static_cast<std::size_t>(std::clamp<std::int64_t>(rank, 0, last))];
}

std::string state_text(std::string_view verdict, finding::Severity severity,
                       std::string_view mode) {
  return fmt::format("{}, {}, {}", verdict, to_text(severity), mode);
}
std::string state_text(const DecisionFinding& finding) {
  return state_text(to_text(finding.verdict), finding.severity, to_text(finding.mode));
}

bool is_wrong(const DecisionFinding& finding) {
  return finding.exception.empty() &&
         (finding.verdict == Verdict::Fail || finding.verdict == Verdict::Error ||
          finding.verdict == Verdict::Unknown);
}

class Observer {
 public:
  Observer(store::Database& database, std::int64_t now_ms) : database_(database), now_ms_(now_ms) {}

  [[nodiscard]] Result<void> observe(const Observation& observation) {
    const std::array<std::string, 4> key{
        storable_key(observation.subject.name_space), storable_key(observation.subject.name),
        storable_key(observation.subject.kind), storable_key(observation.subject.group)};
    TALLY_CHECK(load(key));
    for (const DecisionFinding& finding : observation.findings) {
      if (is_wrong(finding)) {
        TALLY_CHECK(see(key, finding));
      }
    }
    return resolve(observation.judged_by);
  }
  [[nodiscard]] const Observed& counts() const noexcept { return counts_; }

 private:
  [[nodiscard]] Result<void> load(const std::array<std::string, 4>& key) {
    known_.clear();
    const std::array<Value, 4> values{key[0], key[1], key[2], key[3]};
    return database_.query(kSelectSubject, values, [&](const Row& row) {
      known_.emplace(
          row.text(0),
          Known{.policy = {std::string(row.text(1)), std::string(row.text(2))},
                .state = state_text(row.text(4), severity_at(row.integer(3)), row.text(5)),
                .is_open = row.is_null(6)});
      return true;
    });
  }

  [[nodiscard]] Result<void> see(const std::array<std::string, 4>& key,
                                 const DecisionFinding& finding) {
    const std::string print = storable_key(finding.fingerprint);
    const auto [entry, is_new] = known_.try_emplace(print);
    Known& known = entry->second;
    if (known.is_seen) {
      return {};  // the same place twice: the first one speaks
    }
    known.is_seen = true;
    const std::string state = state_text(finding);
    std::string_view what;
    if (is_new) {
      what = "opened";
      ++counts_.opened;
    } else if (!known.is_open) {
      what = "reopened";
      ++counts_.reopened;
    } else if (known.state != state) {
      what = "changed";
      ++counts_.changed;
    }
    if (what.empty()) {
      return touch(print, finding);
    }
    TALLY_CHECK(upsert(key, print, finding));
    return step(print, what, is_new ? std::string_view{} : std::string_view{known.state}, state);
  }

  [[nodiscard]] Result<void> upsert(const std::array<std::string, 4>& key, const std::string& print,
                                    const DecisionFinding& finding) {
    const std::string engine = storable_key(finding.engine);
    const std::string policy = storable_key(finding.policy);
    const std::string rule = storable_key(finding.rule);
    const std::string container = storable_key(finding.container);
    const std::string pointer = storable(finding.pointer);
    const std::string found = storable(finding.found);
    const std::string allowed = storable(finding.allowed);
    const std::string message = storable(finding.message);
    const std::string remedy = storable(finding.remedy);
    const std::array<Value, 18> values{print,
                                       engine,
                                       policy,
                                       rule,
                                       key[3],
                                       key[2],
                                       key[0],
                                       key[1],
                                       container,
                                       pointer,
                                       static_cast<std::int64_t>(finding.severity),
                                       to_text(finding.verdict),
                                       to_text(finding.mode),
                                       found,
                                       allowed,
                                       message,
                                       remedy,
                                       now_ms_};
    return run(kUpsert, values);
  }

  // The same as before, perhaps in other words.
  [[nodiscard]] Result<void> touch(const std::string& print, const DecisionFinding& finding) {
    const std::string found = storable(finding.found);
    const std::string allowed = storable(finding.allowed);
    const std::string message = storable(finding.message);
    const std::array<Value, 5> values{print, now_ms_, found, allowed, message};
    return run(
        "UPDATE findings SET last_seen_ms = $2, found = $3, allowed = $4, message = $5 WHERE "
        "fingerprint = $1",
        values);
  }

  [[nodiscard]] Result<void> resolve(const std::vector<PolicyKey>& judged_by) {
    for (const auto& [print, known] : known_) {
      if (known.is_seen || !known.is_open ||
          (!judged_by.empty() && std::ranges::find(judged_by, known.policy) == judged_by.end())) {
        continue;
      }
      ++counts_.resolved;
      const std::array<Value, 2> values{print, now_ms_};
      TALLY_CHECK(run(kResolve, values));
      TALLY_CHECK(step(print, "resolved", known.state, {}));
    }
    return {};
  }

  [[nodiscard]] Result<void> step(const std::string& print, std::string_view what,
                                  std::string_view from, std::string_view to) {
    const std::array<Value, 5> values{print, now_ms_, what, from, to};
    TALLY_CHECK(run(kInsertChange, values));
    const std::array<Value, 1> one{print};
    return run(kForgetChanges, one);
  }

  [[nodiscard]] Result<void> run(Sql sql, std::span<const Value> values) {
    TALLY_TRY(const auto changed, database_.execute(sql, values));
    static_cast<void>(changed);
    return {};
  }

  store::Database& database_;
  std::int64_t now_ms_;
  std::map<std::string, Known, std::less<>> known_;
  Observed counts_;
};

std::string text_of(const Row& row, int column) { return std::string(row.text(column)); }

KeptFinding read_row(const Row& row) {
  KeptFinding kept;
  DecisionFinding& finding = kept.finding;
  finding.fingerprint = text_of(row, 0);
  finding.engine = text_of(row, 1);
  finding.policy = text_of(row, 2);
  finding.rule = text_of(row, 3);
  kept.subject = {text_of(row, 4), text_of(row, 5), text_of(row, 6), text_of(row, 7)};
  finding.container = text_of(row, 8);
  finding.pointer = text_of(row, 9);
  finding.severity = severity_at(row.integer(10));
  finding.verdict = named(kVerdicts, row.text(11)).value_or(Verdict::Unknown);
  finding.mode = named(kModes, row.text(12)).value_or(finding::Mode::Audit);
  finding.found = text_of(row, 13);
  finding.allowed = text_of(row, 14);
  finding.message = text_of(row, 15);
  finding.remedy = text_of(row, 16);
  kept.first_seen_ms = row.integer(17);
  kept.last_seen_ms = row.integer(18);
  kept.changed_ms = row.integer(19);
  if (!row.is_null(20)) {
    kept.resolved_ms = row.integer(20);
  }
  return kept;
}

}  // namespace

SubjectKey to_subject_key(const finding::Subject& subject) {
  return {std::string(subject.ref.group), std::string(subject.ref.kind),
          std::string(subject.ref.name_space), std::string(subject.ref.name)};
}

Result<Observed> History::observe(std::span<const Observation> observations, std::int64_t now_ms) {
  Observed counts;
  const auto body = [&]() -> Result<void> {
    Observer observer(*database_, now_ms);
    for (const Observation& observation : observations) {
      TALLY_CHECK(observer.observe(observation));
    }
    counts = observer.counts();
    return {};
  };
  TALLY_CHECK(database_->transact(body));
  return counts;
}

Result<void> History::findings(const FindingQuery& query, const Each<KeptFinding>& each) {
  const Question asked = question(query);
  return database_->query(asked.sql, asked.values,
                          [&](const Row& row) { return each(read_row(row)); });
}

Result<std::vector<FindingChange>> History::changes(const KeptFinding& finding) {
  std::vector<FindingChange> changes;
  const std::array<Value, 1> values{finding.finding.fingerprint};
  TALLY_CHECK(database_->query(
      "SELECT time_ms, what, from_state, to_state FROM finding_changes WHERE fingerprint = $1 "
      "ORDER BY step",
      values, [&](const Row& row) {
        changes.push_back({row.integer(0), text_of(row, 1), text_of(row, 2), text_of(row, 3)});
        return true;
      }));
  return changes;
}

}  // namespace tally::history
