// SQLite behind Connection. https://www.sqlite.org/c3ref/intro.html
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <unordered_map>

#include "store/internal/connection.hpp"

namespace tally::store {

namespace {

struct CloseDatabase {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

struct Statement {
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
  // Where value $N is bound; 0: it does not occur. SQLite numbers named parameters as they come.
  std::vector<int> places;
};

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  [[nodiscard]] bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string_view text(int column) const override {
    const unsigned char* bytes = sqlite3_column_text(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes == nullptr ? std::string_view{}
                            : std::string_view{reinterpret_cast<const char*>(bytes),
                                               static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* statement_;
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(std::string path, const OpenOptions& options)
      : path_(std::move(path)), name_("SQLite " + path_), options_(options) {}

  [[nodiscard]] Result<void> open();

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::Sqlite; }
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] Result<std::uint64_t> run(const std::string& sql, std::span<const Value> values,
                                          const EachRow& each) override;
  [[nodiscard]] Result<void> run_script(const std::string& sql) override;
  // IMMEDIATE: whoever reads before it writes would find the file changed in between.
  [[nodiscard]] Result<void> begin() override { return run_script("BEGIN IMMEDIATE"); }
  [[nodiscard]] Result<void> commit() override { return run_script("COMMIT"); }
  // After some errors SQLite has done so already.
  void roll_back() noexcept override {
    if (is_in_transaction()) {
      sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }
  [[nodiscard]] bool is_in_transaction() const noexcept override {
    return sqlite3_get_autocommit(handle_.get()) == 0;
  }
  [[nodiscard]] bool is_lost() const noexcept override { return false; }
  [[nodiscard]] Result<void> reconnect() override { return {}; }

 private:
  [[nodiscard]] std::unexpected<Error> failure(int code) const;
  [[nodiscard]] Result<void> create_file() const;
  [[nodiscard]] Result<void> configure();
  [[nodiscard]] Result<void> switch_to_wal();
  [[nodiscard]] Result<Statement*> prepare(const std::string& sql, std::size_t values);

  std::string path_;
  std::string name_;
  OpenOptions options_;
  Handle handle_;
  std::unordered_map<std::string, Statement> statements_;
};

std::unexpected<Error> SqliteConnection::failure(int code) const {
  const auto say = [&](std::string_view what) {
    return environment_error(fmt::format("{}: {}", name_, what));
  };
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return say(fmt::format("locked by another program for more than {} ms",
                             options_.busy_timeout.count()));
    case SQLITE_FULL:
      return say("the disk is full");
    case SQLITE_NOTADB:
      return say("the file is no SQLite database");
    case SQLITE_CORRUPT:
      return say("the file is damaged; restore a copy, or move it away to begin anew");
    case SQLITE_READONLY:
      return say("the file or its folder cannot be written");
    case SQLITE_TOOBIG:
      return limit_error(fmt::format("{}: a row is longer than the limit", name_));
    default:
      // Of the library: it names columns and files, never values.
      return say(handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_.get()));
  }
}

// SQLite gives its own files (-wal, -shm) the mode of this one.
Result<void> SqliteConnection::create_file() const {
  const int flags = O_CLOEXEC | O_NOCTTY | (options_.is_read_only ? O_RDONLY : O_RDWR | O_CREAT);
  const int descriptor = ::open(path_.c_str(), flags, 0600);
  if (descriptor < 0) {
    const int code = errno;
    if (code == ENOENT && options_.is_read_only) {
      return environment_error(fmt::format("there is no store at {}", path_));
    }
    return environment_error(fmt::format("cannot open {}: {}", name_,
                                         std::error_code(code, std::generic_category()).message()));
  }
  ::close(descriptor);
  return {};
}

Result<void> SqliteConnection::open() {
  TALLY_CHECK(create_file());
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options_.is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  const int code = sqlite3_open_v2(path_.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (code != SQLITE_OK) {
    return failure(code);
  }
  return configure();
}

Result<void> SqliteConnection::configure() {
  sqlite3* handle = handle_.get();
  sqlite3_busy_timeout(
      handle, static_cast<int>(std::min<std::int64_t>(options_.busy_timeout.count(), INT_MAX)));
  // The file itself may be hostile: nothing in its schema is trusted.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  // A row has several texts.
  const std::size_t row_bytes = std::min<std::size_t>(options_.limits.text_bytes_max * 4, INT_MAX);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, static_cast<int>(row_bytes));
  TALLY_CHECK(run_script("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON"));
  if (options_.is_read_only) {
    return run_script("PRAGMA query_only = ON");
  }
  TALLY_CHECK(switch_to_wal());
  return run_script("PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864");
}

// When two programs open a new file at once, one of them may be told "busy" without the time-out:
// SQLite sees a deadlock. The other is done in a moment.
Result<void> SqliteConnection::switch_to_wal() {
  constexpr int kPauseMs = 10;
  for (std::int64_t waited_ms = 0;; waited_ms += kPauseMs) {
    const int code =
        sqlite3_exec(handle_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) {
      return {};
    }
    if ((code & 0xff) != SQLITE_BUSY || waited_ms >= options_.busy_timeout.count()) {
      return failure(code);
    }
    sqlite3_sleep(kPauseMs);
  }
}

Result<Statement*> SqliteConnection::prepare(const std::string& sql, std::size_t values) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return &found->second;
  }
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  Statement statement;
  statement.handle.reset(prepared);
  if (code != SQLITE_OK) {
    return failure(code);
  }
  for (std::size_t i = 1; i <= values; ++i) {
    statement.places.push_back(
        sqlite3_bind_parameter_index(prepared, fmt::format("${}", i).c_str()));
  }
  if (statements_.size() >= options_.limits.statements_max) {
    statements_.clear();
  }
  return &statements_.insert_or_assign(sql, std::move(statement)).first->second;
}

int bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, place, *integer);
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // The views outlive the step. An empty view may have no address, which SQLite reads as NULL.
    return sqlite3_bind_text64(statement, place, text->empty() ? "" : text->data(), text->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, place);
}

Result<std::uint64_t> SqliteConnection::run(const std::string& sql, std::span<const Value> values,
                                            const EachRow& each) {
  TALLY_TRY(const Statement* statement, prepare(sql, values.size()));
  sqlite3_stmt* handle = statement->handle.get();
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
  };
  const Reset reset{handle};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (statement->places[i] == 0) {
      continue;
    }
    if (const int code = bind(handle, statement->places[i], values[i]); code != SQLITE_OK) {
      return failure(code);
    }
  }
  while (true) {
    const int code = sqlite3_step(handle);
    if (code == SQLITE_DONE) {
      return static_cast<std::uint64_t>(sqlite3_changes64(handle_.get()));
    }
    if (code != SQLITE_ROW) {
      return failure(code);
    }
    if (each && !each(SqliteRow(handle))) {
      return 0;
    }
  }
}

Result<void> SqliteConnection::run_script(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return failure(code);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> open_sqlite(std::string path, const OpenOptions& options) {
  // ":memory:" and its like are no files.
  if (path.front() == ':') {
    path.insert(0, "./");
  }
  auto connection = std::make_unique<SqliteConnection>(std::move(path), options);
  TALLY_CHECK(connection->open());
  return connection;
}

}  // namespace tally::store
