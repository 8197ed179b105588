#pragma once
// Database: one connection to SQLite or PostgreSQL, with one way to speak to both.
//
//   sqlite:PATH, or a path     one file of mode 0600, WAL, synchronous NORMAL
//   postgresql://...           as libpq reads it (postgres:// too), TLS as the URL says
//
// Statements are prepared once per connection and text. Only values that are bound go with them
// (store/sql.hpp). A text with a NUL or bytes that are no UTF-8 is refused before it is sent, as is
// one that is longer than Limits allow: both dialects take the same texts.
//
// PostgreSQL's library is loaded when the first such URL is opened (libpq.so.5): the program needs
// it for nothing else, and starts without it.
//
// Errors are of kind Environment and name the database without its password, except for texts that
// are refused (Content, Limit). Threads: one at a time.
//
// SQLite 3.40: https://www.sqlite.org/wal.html; PostgreSQL 15: libpq,
// https://www.postgresql.org/docs/15/libpq.html

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "store/migration.hpp"
#include "store/sql.hpp"

namespace tally::store {

enum class Dialect : std::uint8_t { Sqlite, PostgreSql };

struct Limits {
  std::size_t text_bytes_max = 16 * 1024 * 1024;  // of one value, in and out
  std::size_t statements_max = 128;               // prepared; the oldest leaves
};

struct OpenOptions {
  bool is_read_only = false;  // an SQLite file must be there; nothing can be written
  std::chrono::milliseconds busy_timeout{10'000};  // for a lock; PostgreSQL: of a statement, too
  Limits limits{};
};

// False ends the query without an error.
using EachRow = std::function<bool(const Row&)>;

class Connection;
class Transaction;

class Database {
 public:
  [[nodiscard]] static Result<Database> open(std::string_view url, const OpenOptions& options = {});
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  [[nodiscard]] Dialect dialect() const noexcept;
  // "SQLite /var/lib/tally/tally.db", "PostgreSQL tally at db.bank:5432": for messages.
  [[nodiscard]] const std::string& name() const noexcept;

  // A statement that gives no rows: how many it changed.
  [[nodiscard]] Result<std::uint64_t> execute(Sql sql, std::span<const Value> values = {});
  [[nodiscard]] Result<void> query(Sql sql, std::span<const Value> values, const EachRow& each);
  // Several statements, without values: schemas.
  [[nodiscard]] Result<void> run_script(Sql sql);

  // A transaction that may write. There is one at a time.
  [[nodiscard]] Result<Transaction> begin();
  // Runs `body` in a transaction, which is committed if it succeeds. If the connection to
  // PostgreSQL is lost before the commit was sent, everything is done once more over a new one; if
  // it is lost during the commit, nobody knows, and the error says so.
  [[nodiscard]] Result<void> transact(const std::function<Result<void>()>& body);

  // Applies what is newer than the schema of the database, in one transaction; of two programs that
  // do so at once, one waits for the other. A schema that is newer than the last of `migrations`
  // is refused. A database that was opened for reading is only checked: it must be up to date.
  // Preconditions: versions are 1, 2, 3, ...
  [[nodiscard]] Result<void> migrate(std::span<const Migration> migrations);
  // 0: no schema yet.
  [[nodiscard]] Result<std::int64_t> schema_version();

 private:
  friend class Transaction;
  Database(std::unique_ptr<Connection> connection, const OpenOptions& options);
  [[nodiscard]] Result<void> check(std::span<const Value> values) const;
  [[nodiscard]] Result<void> migrate_in_transaction(std::span<const Migration> migrations);
  std::unique_ptr<Connection> connection_;
  OpenOptions options_;
};

// Rolled back unless it was committed. The Database must outlive it, and may not move meanwhile.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  friend class Database;
  explicit Transaction(Connection* connection) noexcept : connection_(connection) {}
  Connection* connection_;  // null: ended
};

}  // namespace tally::store
