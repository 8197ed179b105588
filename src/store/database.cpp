#include "store/database.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "store/internal/connection.hpp"

namespace tally::store {

namespace {

constexpr std::string_view kSqlitePrefix = "sqlite:";

// "mysql" of "mysql://host": RFC 3986 section 3.1, before "://". Empty: a path.
std::string_view scheme_of(std::string_view url) {
  const std::size_t end = url.find("://");
  const std::string_view scheme = url.substr(0, end == std::string_view::npos ? 0 : end);
  const bool is_scheme =
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string_view::npos;
  return is_scheme ? scheme : std::string_view{};
}

// In the middle of a transaction only the whole of it may be repeated.
std::unexpected<Error> lost_error(const Connection& connection, Error error) {
  error.message =
      fmt::format("{} (the connection to {} was lost)", error.message, connection.name());
  return std::unexpected(std::move(error));
}

}  // namespace

Database::Database(std::unique_ptr<Connection> connection, const OpenOptions& options)
    : connection_(std::move(connection)), options_(options) {}
Database::Database(Database&& other) noexcept = default;
Database& Database::operator=(Database&& other) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(std::string_view url, const OpenOptions& options) {
  if (url.find('\0') != std::string_view::npos) {
    return content_error("the URL of a store holds a NUL byte");
  }
  if (url.starts_with(kSqlitePrefix)) {
    url.remove_prefix(kSqlitePrefix.size());
  } else if (const std::string_view scheme = scheme_of(url);
             scheme == "postgresql" || scheme == "postgres") {
    TALLY_TRY(auto connection, open_postgresql(std::string(url), options));
    return Database(std::move(connection), options);
  } else if (!scheme.empty()) {
    return content_error(
        fmt::format("there is no store of kind \"{}\"; expected a path, sqlite:PATH or "
                    "postgresql://...",
                    excerpt(scheme)));
  }
  if (url.empty()) {
    return content_error("the path of the store is empty");
  }
  TALLY_TRY(auto connection, open_sqlite(std::string(url), options));
  return Database(std::move(connection), options);
}

Dialect Database::dialect() const noexcept { return connection_->dialect(); }
const std::string& Database::name() const noexcept { return connection_->name(); }

// Both dialects take the same texts: PostgreSQL has neither NUL nor bytes that are no UTF-8, SQLite
// would cut at the one and give back the other.
Result<void> Database::check(std::span<const Value> values) const {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto* text = std::get_if<std::string_view>(&values[i]);
    if (text == nullptr) {
      continue;
    }
    if (text->size() > options_.limits.text_bytes_max) {
      return limit_error(fmt::format("value ${} has {} bytes; {} takes at most {}", i + 1,
                                     text->size(), name(), options_.limits.text_bytes_max));
    }
    if (const std::size_t nul = text->find('\0'); nul != std::string_view::npos) {
      return content_error(
          fmt::format("value ${} has a NUL at byte {}, which a store does not take", i + 1, nul));
    }
    if (const auto bad = find_invalid_utf8(*text)) {
      return content_error(fmt::format("value ${} is no UTF-8 at byte {}", i + 1, *bad));
    }
  }
  return {};
}

Result<std::uint64_t> Database::execute(Sql sql, std::span<const Value> values) {
  TALLY_CHECK(check(values));
  auto changed = connection_->run(std::string(sql.text()), values, {});
  if (!changed && connection_->is_lost()) {
    return lost_error(*connection_, std::move(changed).error());
  }
  return changed;
}

Result<void> Database::query(Sql sql, std::span<const Value> values, const EachRow& each) {
  TALLY_CHECK(check(values));
  bool is_begun = false;
  const EachRow counted = [&](const Row& row) {
    is_begun = true;
    return each(row);
  };
  const bool is_repeatable = !connection_->is_in_transaction();
  auto done = connection_->run(std::string(sql.text()), values, counted);
  if (!done && connection_->is_lost()) {
    if (!is_repeatable || is_begun) {
      return lost_error(*connection_, std::move(done).error());
    }
    TALLY_CHECK(connection_->reconnect());
    done = connection_->run(std::string(sql.text()), values, counted);
  }
  if (!done) {
    return std::unexpected(std::move(done).error());
  }
  return {};
}

Result<void> Database::run_script(Sql sql) {
  return connection_->run_script(std::string(sql.text()));
}

Result<Transaction> Database::begin() {
  TALLY_ASSERT(!connection_->is_in_transaction());
  auto begun = connection_->begin();
  if (!begun && connection_->is_lost()) {
    TALLY_CHECK(connection_->reconnect());
    begun = connection_->begin();
  }
  if (!begun) {
    return std::unexpected(std::move(begun).error());
  }
  return Transaction(connection_.get());
}

Result<void> Database::transact(const std::function<Result<void>()>& body) {
  for (bool is_repeated = false;; is_repeated = true) {
    TALLY_TRY(Transaction transaction, begin());
    auto done = body();
    if (done) {
      return transaction.commit();
    }
    if (is_repeated || !connection_->is_lost()) {
      return done;
    }
    // begin() makes the new connection.
  }
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  if (connection_ != nullptr) {
    connection_->roll_back();
  }
}

Result<void> Transaction::commit() {
  TALLY_ASSERT(connection_ != nullptr);
  Connection* connection = std::exchange(connection_, nullptr);
  auto done = connection->commit();
  if (done) {
    return {};
  }
  if (connection->is_lost()) {
    Error error = std::move(done).error();
    error.message = fmt::format(
        "{} (the connection to {} was lost during the commit: whether it was done is not known)",
        error.message, connection->name());
    return std::unexpected(std::move(error));
  }
  connection->roll_back();
  return done;
}

}  // namespace tally::store
