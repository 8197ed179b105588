// What only a server can do: go away.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "store/database.hpp"
#include "store/testing/postgresql_server.hpp"

namespace tally::store {

namespace {

class PostgreSql : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::PostgreSqlServer* server = testing::PostgreSqlServer::get();
    if (server == nullptr) {
      GTEST_SKIP() << testing::PostgreSqlServer::why();
    }
    url_ = server->new_database();
  }
  [[nodiscard]] Database open() const {
    auto database = Database::open(url_);
    EXPECT_TRUE(database) << database.error().to_string();
    EXPECT_TRUE(database->run_script("CREATE TABLE IF NOT EXISTS items (id BIGINT PRIMARY KEY)"));
    return std::move(*database);
  }
  // Ends every other connection to the database, as an administrator or a restart does.
  void cut() const {
    Database other = open();
    // NOLINTNEXTLINE(bugprone-unused-return-value)
    EXPECT_TRUE(
        other.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
                    "current_database() AND pid <> pg_backend_pid()",
                    {}, [](const Row&) { return true; }));
  }
  std::string url_;  // NOLINT(*-non-private-member-*)
};

Result<std::uint64_t> insert(Database& database, std::int64_t id) {
  const std::array<Value, 1> values{id};
  return database.execute("INSERT INTO items (id) VALUES ($1)", values);
}
std::int64_t count(Database& database) {
  std::int64_t found = -1;
  const auto done = database.query("SELECT COUNT(*) FROM items", {}, [&](const Row& row) {
    found = row.integer(0);
    return true;
  });
  EXPECT_TRUE(done) << done.error().to_string();
  return found;
}

TEST_F(PostgreSql, AQuestionIsAskedAgainOverANewConnection) {
  Database database = open();
  ASSERT_TRUE(insert(database, 1));
  EXPECT_EQ(count(database), 1);
  cut();
  EXPECT_EQ(count(database), 1);
  cut();
  EXPECT_EQ(count(database), 1);
}

TEST_F(PostgreSql, ATransactionIsRunAgainFromItsBeginning) {
  Database database = open();
  int runs = 0;
  const auto done = database.transact([&]() -> Result<void> {
    ++runs;
    TALLY_CHECK(insert(database, 1));
    if (runs == 1) {
      cut();
    }
    TALLY_CHECK(insert(database, 2));
    return {};
  });
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(database), 2);
}

TEST_F(PostgreSql, ItIsRunAgainOnce) {
  Database database = open();
  int runs = 0;
  const auto done = database.transact([&]() -> Result<void> {
    ++runs;
    cut();
    TALLY_CHECK(insert(database, 1));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(runs, 2);
  EXPECT_NE(done.error().message.find("was lost"), std::string::npos) << done.error().message;
  EXPECT_EQ(count(database), 0);
}

TEST_F(PostgreSql, ALostWriteIsNeverRepeatedSilently) {
  Database database = open();
  EXPECT_EQ(count(database), 0);
  cut();
  const auto lost = insert(database, 1);
  ASSERT_FALSE(lost);
  EXPECT_NE(lost.error().message.find("the connection to "), std::string::npos);
  EXPECT_EQ(count(database), 0);
}

TEST_F(PostgreSql, ALostCommitSaysThatNobodyKnows) {
  Database database = open();
  auto transaction = database.begin();
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(insert(database, 1));
  cut();
  const auto done = transaction->commit();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("whether it was done is not known"), std::string::npos)
      << done.error().message;
  EXPECT_EQ(count(database), 0);
}

TEST_F(PostgreSql, AFailedTransactionIsNotCommitted) {
  Database database = open();
  {
    auto transaction = database.begin();
    ASSERT_TRUE(transaction);
    EXPECT_TRUE(insert(database, 1));
    EXPECT_FALSE(insert(database, 1));
    EXPECT_FALSE(transaction->commit());
  }
  EXPECT_EQ(count(database), 0);
  EXPECT_TRUE(insert(database, 1));
}

TEST_F(PostgreSql, ErrorsOfTheServerShowNoValues) {
  Database database = open();
  ASSERT_TRUE(database.run_script("CREATE TABLE words (word TEXT PRIMARY KEY)"));
  const std::array<Value, 1> values{std::string_view("hunter2")};
  ASSERT_TRUE(database.execute("INSERT INTO words (word) VALUES ($1)", values));
  const auto twice = database.execute("INSERT INTO words (word) VALUES ($1)", values);
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("SQLSTATE 23505"), std::string::npos);
  EXPECT_EQ(twice.error().message.find("hunter2"), std::string::npos) << twice.error().message;
}

TEST_F(PostgreSql, AWrongDatabaseIsNamed) {
  const auto database = Database::open(testing::PostgreSqlServer::get()->url("nowhere"));
  ASSERT_FALSE(database);
  EXPECT_NE(database.error().message.find("database \"nowhere\" does not exist"), std::string::npos)
      << database.error().message;
}

}  // namespace

}  // namespace tally::store
