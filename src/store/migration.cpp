// Schemas and their versions. Which versions were applied stands in the table schema_versions.
#include "store/migration.hpp"

#include <fmt/format.h>

#include <array>

#include "base/assert.hpp"
#include "store/database.hpp"
#include "store/internal/connection.hpp"

namespace tally::store {

namespace {

constexpr Sql kHasTableSqlite =
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_versions'";
// Not to_regclass(): it may remember that there was no table when another program has made it.
constexpr Sql kHasTablePostgreSql =
    "SELECT 1 FROM pg_class WHERE relname = 'schema_versions' AND relkind = 'r' AND "
    "pg_table_is_visible(oid)";
// One number for every Tallystick that shares the server: "tally" in ASCII.
constexpr Sql kLockPostgreSql = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(500069035129)) t";

}  // namespace

Result<std::int64_t> Database::schema_version() {
  bool has_table = false;
  TALLY_CHECK(query(dialect() == Dialect::Sqlite ? kHasTableSqlite : kHasTablePostgreSql, {},
                    [&](const Row& /*row*/) {
                      has_table = true;
                      return true;
                    }));
  std::int64_t version = 0;
  if (has_table) {
    TALLY_CHECK(query("SELECT MAX(version) FROM schema_versions", {}, [&](const Row& row) {
      version = row.integer(0);
      return true;
    }));
  }
  return version;
}

Result<void> Database::migrate(std::span<const Migration> migrations) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    TALLY_ASSERT(migrations[i].version == static_cast<std::int64_t>(i + 1));
  }
  const auto known = static_cast<std::int64_t>(migrations.size());
  TALLY_TRY(const std::int64_t version, schema_version());
  if (version > known) {
    return environment_error(
        fmt::format("{} has schema version {}; this program knows versions up to {}: a newer "
                    "Tallystick has written it",
                    name(), version, known));
  }
  if (version == known) {
    return {};
  }
  if (options_.is_read_only) {
    return environment_error(
        version == 0
            ? fmt::format("{} is no store of Tallystick: it has no schema", name())
            : fmt::format("{} has schema version {}; this program reads version {} and was "
                          "opened for reading only: start what writes it first",
                          name(), version, known));
  }
  return transact([&] { return migrate_in_transaction(migrations); });
}

// Whoever waited for the lock finds the other's work done.
Result<void> Database::migrate_in_transaction(std::span<const Migration> migrations) {
  if (dialect() == Dialect::PostgreSql) {
    TALLY_CHECK(query(kLockPostgreSql, {}, [](const Row& /*row*/) { return true; }));
  }
  TALLY_TRY(const std::int64_t version, schema_version());
  if (version == 0) {
    TALLY_CHECK(
        run_script("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY)"));
  }
  for (const Migration& migration : migrations) {
    if (migration.version <= version) {
      continue;
    }
    for (const Sql sql :
         {migration.sql, dialect() == Dialect::Sqlite ? migration.sqlite : migration.postgresql}) {
      if (!sql.text().empty()) {
        TALLY_CHECK(run_script(sql));
      }
    }
    const std::array<Value, 1> values{migration.version};
    TALLY_TRY(const auto changed,
              execute("INSERT INTO schema_versions (version) VALUES ($1)", values));
    static_cast<void>(changed);
  }
  return {};
}

}  // namespace tally::store
