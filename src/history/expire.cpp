// What has been kept long enough leaves, in parts: other writers get their turn in between.
#include <algorithm>
#include <array>

#include "history/history.hpp"
#include "store/database.hpp"

namespace tally::history {

namespace {

using store::Sql;
using store::Value;

constexpr std::int64_t kPart = 2000;

// $1 is the time before which rows leave, $2 how many at most.
constexpr Sql kOldDecisions =
    "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE last_ms < $1 ORDER BY "
    "last_ms LIMIT $2)";
constexpr Sql kOldRoutine =
    "DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE routine = 1 AND last_ms < "
    "$1 ORDER BY last_ms LIMIT $2)";
constexpr Sql kOldFindings =
    "DELETE FROM findings WHERE fingerprint IN (SELECT fingerprint FROM findings WHERE "
    "resolved_ms < $1 ORDER BY resolved_ms LIMIT $2)";
constexpr Sql kOldPolicies = "DELETE FROM policies WHERE last_seen_ms < $1 AND $2 > 0";

// Rows that left: `wanted` at most.
Result<std::uint64_t> remove(store::Database& database, Sql sql, std::int64_t before_ms,
                             std::uint64_t wanted) {
  std::uint64_t removed = 0;
  while (removed < wanted) {
    const auto part = std::min(kPart, static_cast<std::int64_t>(wanted - removed));
    std::uint64_t changed = 0;
    const auto body = [&]() -> Result<void> {
      const std::array<Value, 2> values{before_ms, part};
      TALLY_TRY(changed, database.execute(sql, values));
      return {};
    };
    TALLY_CHECK(database.transact(body));
    removed += changed;
    if (changed < static_cast<std::uint64_t>(part)) {
      break;
    }
  }
  return removed;
}

}  // namespace

Result<Expired> History::expire(const Retention& retention, std::int64_t now_ms) {
  constexpr std::uint64_t kAll = INT64_MAX;
  store::Database& database = *database_;
  Expired expired;
  TALLY_TRY(expired.decisions,
            remove(database, kOldDecisions, now_ms - retention.decisions_ms, kAll));
  TALLY_TRY(const std::uint64_t routine,
            remove(database, kOldRoutine, now_ms - retention.routine_ms, kAll));
  expired.decisions += routine;
  std::uint64_t kept = 0;
  TALLY_CHECK(database.query("SELECT COUNT(*) FROM decisions WHERE routine = 1", {},
                             [&](const store::Row& row) {
                               kept = static_cast<std::uint64_t>(row.integer(0));
                               return true;
                             }));
  if (kept > retention.routine_max) {
    TALLY_TRY(const std::uint64_t surplus,
              remove(database, kOldRoutine, INT64_MAX, kept - retention.routine_max));
    expired.decisions += surplus;
  }
  TALLY_TRY(expired.findings, remove(database, kOldFindings, now_ms - retention.resolved_ms, kAll));
  TALLY_TRY(expired.policies, remove(database, kOldPolicies, now_ms - retention.policies_ms, 1));
  return expired;
}

}  // namespace tally::history
