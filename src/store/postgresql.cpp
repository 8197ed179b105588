// PostgreSQL behind Connection: libpq with prepared statements, values and answers as text,
// answers row by row (https://www.postgresql.org/docs/15/libpq-single-row-mode.html).
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "store/internal/connection.hpp"
#include "store/internal/libpq.hpp"

namespace tally::store {

namespace {

// What the URL leaves open. It stands before the URL, which therefore has the last word.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"application_name", "tally"}, {"connect_timeout", "10"},     {"keepalives_idle", "30"},
    {"keepalives_interval", "10"}, {"tcp_user_timeout", "30000"},
};

class Answer {
 public:
  Answer(const Libpq& pq, PGresult* result) noexcept : pq_(&pq), result_(result) {}
  Answer(Answer&& other) noexcept
      : pq_(other.pq_), result_(std::exchange(other.result_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() { pq_->clear(result_); }
  [[nodiscard]] PGresult* get() const noexcept { return result_; }
  [[nodiscard]] ExecStatusType status() const { return pq_->result_status(result_); }

 private:
  const Libpq* pq_;
  PGresult* result_;
};

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : 0;
}

class PostgreSqlRow final : public Row {
 public:
  PostgreSqlRow(const Libpq& pq, const PGresult* result) noexcept : pq_(&pq), result_(result) {}
  [[nodiscard]] bool is_null(int column) const override {
    return pq_->getisnull(result_, 0, column) != 0;
  }
  [[nodiscard]] std::int64_t integer(int column) const override { return to_integer(text(column)); }
  [[nodiscard]] std::string_view text(int column) const override {
    return {pq_->getvalue(result_, 0, column),
            static_cast<std::size_t>(pq_->getlength(result_, 0, column))};
  }

 private:
  const Libpq* pq_;
  const PGresult* result_;
};

// What messages may say of a URL, and what they may not.
struct Target {
  std::string name;                  // "PostgreSQL tally at db.bank:5432"
  std::vector<std::string> secrets;  // passwords of the URL
};

// A password with a bare "@" or "/" moves into the host, the port or the database, which messages
// show: RFC 3986 section 3.2.1 wants these as %40 and %2F.
bool has_stray_characters(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t at = url.find('@');
  return at != std::string_view::npos &&
         (url.find('@', at + 1) != std::string_view::npos || at > url.find('/'));
}

// The error of libpq quotes the part of the URL that it does not understand, which may be a
// password: it is not shown.
Result<Target> read_url(const Libpq& pq, const std::string& url) {
  char* problem = nullptr;
  PQconninfoOption* options = pq.conninfo_parse(url.c_str(), &problem);
  pq.freemem(problem);
  const auto refusal = [] {
    return content_error(
        "the URL of the store is no postgresql:// URL that libpq reads; expected "
        "postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE, with special characters as %XX");
  };
  if (options == nullptr || has_stray_characters(url)) {
    pq.conninfo_free(options);
    return refusal();
  }
  Target target;
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') {
      continue;
    }
    const std::string_view keyword = option->keyword;
    if (keyword == "host" || (keyword == "hostaddr" && host.empty())) {
      host = option->val;
    } else if (keyword == "port") {
      port = option->val;
    } else if (keyword == "dbname") {
      database = option->val;
    } else if (keyword == "password" || keyword == "sslpassword") {
      target.secrets.emplace_back(option->val);
    }
  }
  pq.conninfo_free(options);
  if (port.find_first_not_of("0123456789,") != std::string::npos) {
    return refusal();
  }
  target.name = fmt::format("PostgreSQL{}{} at {}{}{}", database.empty() ? "" : " ", database,
                            host.empty() ? "this machine" : host, port.empty() ? "" : ":", port);
  return target;
}

class PostgreSqlConnection final : public Connection {
 public:
  PostgreSqlConnection(const Libpq& pq, std::string url, Target target, const OpenOptions& options)
      : pq_(&pq), url_(std::move(url)), target_(std::move(target)), options_(options) {}
  ~PostgreSqlConnection() override { pq_->finish(handle_); }
  PostgreSqlConnection(const PostgreSqlConnection&) = delete;
  PostgreSqlConnection& operator=(const PostgreSqlConnection&) = delete;

  [[nodiscard]] Result<void> open();

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::PostgreSql; }
  [[nodiscard]] const std::string& name() const noexcept override { return target_.name; }
  [[nodiscard]] Result<std::uint64_t> run(const std::string& sql, std::span<const Value> values,
                                          const EachRow& each) override;
  [[nodiscard]] Result<void> run_script(const std::string& sql) override;
  [[nodiscard]] Result<void> begin() override { return run_script("BEGIN"); }
  [[nodiscard]] Result<void> commit() override;
  void roll_back() noexcept override {
    if (is_in_transaction()) {
      const Answer answer(*pq_, pq_->exec(handle_, "ROLLBACK"));
    }
  }
  [[nodiscard]] bool is_in_transaction() const noexcept override {
    const PGTransactionStatusType status = pq_->transaction_status(handle_);
    return status != PQTRANS_IDLE && status != PQTRANS_UNKNOWN;
  }
  [[nodiscard]] bool is_lost() const noexcept override {
    return pq_->status(handle_) == CONNECTION_BAD;
  }
  [[nodiscard]] Result<void> reconnect() override;

 private:
  [[nodiscard]] std::string without_secrets(std::string_view text) const;
  [[nodiscard]] std::unexpected<Error> failure(const PGresult* result) const;
  [[nodiscard]] Result<std::string> prepare(const std::string& sql);
  [[nodiscard]] Result<void> send(const std::string& statement, std::span<const Value> values);
  [[nodiscard]] Result<std::uint64_t> receive(const EachRow& each);

  const Libpq* pq_;
  std::string url_;
  Target target_;
  OpenOptions options_;
  PGconn* handle_ = nullptr;
  std::unordered_map<std::string, std::string> statements_;  // text to name
};

std::string PostgreSqlConnection::without_secrets(std::string_view text) const {
  std::string out(trim(text));
  for (const std::string& secret : target_.secrets) {
    for (std::size_t at = 0; (at = out.find(secret, at)) != std::string::npos; at += 3) {
      out.replace(at, secret.size(), "***");
    }
  }
  return excerpt(out, 300);
}

// The primary message only: details and hints of the server quote values of rows.
std::unexpected<Error> PostgreSqlConnection::failure(const PGresult* result) const {
  const char* primary =
      result == nullptr ? nullptr : pq_->result_error_field(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* state =
      result == nullptr ? nullptr : pq_->result_error_field(result, PG_DIAG_SQLSTATE);
  const std::string text =
      without_secrets(primary == nullptr ? pq_->error_message(handle_) : primary);
  return environment_error(state == nullptr
                               ? fmt::format("{}: {}", name(), text)
                               : fmt::format("{}: {} (SQLSTATE {})", name(), text, state));
}

Result<void> PostgreSqlConnection::open() {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  for (const auto& [keyword, value] : kDefaults) {
    add(keyword, value);
  }
  add("dbname", url_.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  pq_->finish(handle_);
  statements_.clear();
  handle_ = pq_->connectdb_params(keywords.data(), values.data(), 1);
  if (handle_ == nullptr) {
    return environment_error(fmt::format("{}: no memory for a connection", name()));
  }
  if (is_lost()) {
    return failure(nullptr);
  }
  // Notices ("table exists, skipping") would go to standard error.
  pq_->set_notice_processor(handle_, [](void*, const char*) {}, nullptr);
  const auto timeout_ms = options_.busy_timeout.count();
  return run_script(fmt::format(
      "SET lock_timeout = {}; SET statement_timeout = {}; "
      "SET idle_in_transaction_session_timeout = 60000; SET default_transaction_read_only = {}",
      timeout_ms, timeout_ms * 3, options_.is_read_only ? "on" : "off"));
}

Result<void> PostgreSqlConnection::reconnect() {
  auto done = open();
  if (!done) {
    Error error = std::move(done).error();
    error.message += " (the connection was lost, and no new one could be made)";
    return std::unexpected(std::move(error));
  }
  return {};
}

Result<void> PostgreSqlConnection::run_script(const std::string& sql) {
  const Answer answer(*pq_, pq_->exec(handle_, sql.c_str()));
  if (const auto status = answer.status();
      status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return failure(answer.get());
  }
  return {};
}

// The server answers COMMIT of a transaction that has failed with ROLLBACK, and calls it success.
Result<void> PostgreSqlConnection::commit() {
  if (pq_->transaction_status(handle_) == PQTRANS_INERROR) {
    return environment_error(
        fmt::format("{}: a statement of the transaction has failed: nothing is committed", name()));
  }
  return run_script("COMMIT");
}

Result<std::string> PostgreSqlConnection::prepare(const std::string& sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    return found->second;
  }
  if (statements_.size() >= options_.limits.statements_max) {
    TALLY_CHECK(run_script("DEALLOCATE ALL"));
    statements_.clear();
  }
  std::string statement = fmt::format("s{}", statements_.size());
  const Answer answer(*pq_, pq_->prepare(handle_, statement.c_str(), sql.c_str(), 0, nullptr));
  if (answer.status() != PGRES_COMMAND_OK) {
    return failure(answer.get());
  }
  statements_.emplace(sql, statement);
  return statement;
}

Result<void> PostgreSqlConnection::send(const std::string& statement,
                                        std::span<const Value> values) {
  // libpq reads values as C strings: texts have no NUL (Database::check).
  std::vector<std::string> texts(values.size());
  std::vector<const char*> pointers(values.size(), nullptr);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
      texts[i] = fmt::format("{}", *integer);
    } else if (const auto* text = std::get_if<std::string_view>(&values[i])) {
      texts[i] = *text;
    } else {
      continue;
    }
    pointers[i] = texts[i].c_str();
  }
  if (pq_->send_query_prepared(handle_, statement.c_str(), static_cast<int>(values.size()),
                               pointers.data(), nullptr, nullptr, 0) == 0) {
    return failure(nullptr);
  }
  pq_->set_single_row_mode(handle_);
  return {};
}

// All answers are taken, whatever they say: libpq sends nothing before.
Result<std::uint64_t> PostgreSqlConnection::receive(const EachRow& each) {
  std::uint64_t changed = 0;
  bool is_wanted = static_cast<bool>(each);
  std::optional<Error> problem;
  while (PGresult* result = pq_->get_result(handle_)) {
    const Answer answer(*pq_, result);
    switch (answer.status()) {
      case PGRES_SINGLE_TUPLE:
        is_wanted = is_wanted && each(PostgreSqlRow(*pq_, result));
        break;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        changed = static_cast<std::uint64_t>(to_integer(pq_->cmd_tuples(result)));
        break;
      default:
        if (!problem) {
          problem = failure(result).error();
        }
    }
  }
  if (problem) {
    return std::unexpected(std::move(*problem));
  }
  if (is_lost()) {
    return failure(nullptr);
  }
  return changed;
}

Result<std::uint64_t> PostgreSqlConnection::run(const std::string& sql,
                                                std::span<const Value> values,
                                                const EachRow& each) {
  TALLY_TRY(const std::string statement, prepare(sql));
  TALLY_CHECK(send(statement, values));
  return receive(each);
}

}  // namespace

Result<std::unique_ptr<Connection>> open_postgresql(std::string url, const OpenOptions& options) {
  TALLY_TRY(const Libpq* pq, Libpq::load());
  TALLY_TRY(Target target, read_url(*pq, url));
  auto connection =
      std::make_unique<PostgreSqlConnection>(*pq, std::move(url), std::move(target), options);
  TALLY_CHECK(connection->open());
  return connection;
}

}  // namespace tally::store
