// Which policies were in use, and who made a scope stricter or laxer.
#include <array>

#include "history/history.hpp"
#include "history/internal/names.hpp"
#include "history/internal/queries.hpp"
#include "store/database.hpp"

namespace tally::history {

namespace {

using store::Row;
using store::Sql;
using store::Value;

constexpr Sql kSeePolicy =
    "INSERT INTO policies (kind, namespace, name, digest, source, loaded, why, first_seen_ms, "
    "last_seen_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (kind, namespace, name, "
    "digest) DO UPDATE SET source = excluded.source, loaded = excluded.loaded, why = excluded.why, "
    "last_seen_ms = excluded.last_seen_ms";
constexpr Sql kRecordScope =
    "INSERT INTO scope_changes (time_ms, policy, namespace, from_mode, to_mode, username, source) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (time_ms, policy, namespace, to_mode) DO "
    "NOTHING";

std::string_view mode_text(const std::optional<finding::Mode>& mode) {
  return mode ? to_text(*mode) : std::string_view{};
}

}  // namespace

Result<void> History::see_policies(std::span<const PolicySeen> policies, std::int64_t now_ms) {
  return database_->transact([&]() -> Result<void> {
    for (const PolicySeen& policy : policies) {
      const std::string kind = storable_key(policy.kind);
      const std::string name_space = storable_key(policy.name_space);
      const std::string name = storable_key(policy.name);
      const std::string digest = storable_key(policy.digest);
      const std::string source = storable(policy.source);
      const std::string why = storable(policy.why);
      const std::array<Value, 8> values{kind,   name_space, name,
                                        digest, source,     std::int64_t{policy.is_loaded ? 1 : 0},
                                        why,    now_ms};
      TALLY_TRY(const auto changed, database_->execute(kSeePolicy, values));
      static_cast<void>(changed);
    }
    return {};
  });
}

Result<void> History::policies(const Each<PolicySeen>& each) {
  return database_->query(
      "SELECT kind, namespace, name, digest, source, loaded, why, first_seen_ms, last_seen_ms FROM "
      "policies ORDER BY last_seen_ms DESC, kind, namespace, name, digest",
      {}, [&](const Row& row) {
        return each({.kind = std::string(row.text(0)),
                     .name_space = std::string(row.text(1)),
                     .name = std::string(row.text(2)),
                     .digest = std::string(row.text(3)),
                     .source = std::string(row.text(4)),
                     .is_loaded = row.integer(5) != 0,
                     .why = std::string(row.text(6)),
                     .first_seen_ms = row.integer(7),
                     .last_seen_ms = row.integer(8)});
      });
}

Result<void> History::record_scope_changes(std::span<const ScopeChange> changes) {
  return database_->transact([&]() -> Result<void> {
    for (const ScopeChange& change : changes) {
      const std::string policy = storable_key(change.policy);
      const std::string name_space = storable_key(change.name_space);
      const std::string user = storable(change.user);
      const std::string source = storable(change.source);
      const std::array<Value, 7> values{
          change.time_ms,       policy, name_space, mode_text(change.from),
          mode_text(change.to), user,   source};
      TALLY_TRY(const auto changed, database_->execute(kRecordScope, values));
      static_cast<void>(changed);
    }
    return {};
  });
}

Result<void> History::scope_changes(const ScopeQuery& query, const Each<ScopeChange>& each) {
  const Question asked = question(query);
  return database_->query(asked.sql, asked.values, [&](const Row& row) {
    return each({.policy = std::string(row.text(1)),
                 .name_space = std::string(row.text(2)),
                 .from = named(kModes, row.text(3)),
                 .to = named(kModes, row.text(4)),
                 .user = std::string(row.text(5)),
                 .source = std::string(row.text(6)),
                 .time_ms = row.integer(0)});
  });
}

}  // namespace tally::history
