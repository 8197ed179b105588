#include "store/migration.hpp"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <thread>
#include <vector>

#include "store/testing/stores.hpp"

namespace tally::store {

namespace {

class AnyMigration : public testing::AnyStore {
 protected:
  [[nodiscard]] Database open(const OpenOptions& options = {}) const {
    auto database = Database::open(url(), options);
    EXPECT_TRUE(database) << database.error().to_string();
    return std::move(*database);
  }
};
TALLY_BOTH_STORES(AnyMigration);

const Migration kFirst{.version = 1, .sql = "CREATE TABLE items (id BIGINT PRIMARY KEY)"};
const Migration kSecond{.version = 2,
                        .sql = "ALTER TABLE items ADD COLUMN word TEXT",
                        .sqlite = "CREATE TABLE only_sqlite (id BIGINT)",
                        .postgresql = "CREATE TABLE only_postgresql (id BIGINT)"};
const Migration kBroken{.version = 3,
                        .sql = "CREATE TABLE more (id BIGINT); INSERT INTO nowhere VALUES (1)"};

TEST_P(AnyMigration, FromNothingAndFromEachVersion) {
  Database database = open();
  EXPECT_EQ(database.schema_version().value_or(-1), 0);
  ASSERT_TRUE(database.migrate(std::array{kFirst}));
  EXPECT_EQ(database.schema_version().value_or(-1), 1);
  ASSERT_TRUE(database.run_script("INSERT INTO items VALUES (7)"));
  ASSERT_TRUE(database.migrate(std::array{kFirst, kSecond}));
  EXPECT_EQ(database.schema_version().value_or(-1), 2);
  ASSERT_TRUE(database.migrate(std::array{kFirst, kSecond})) << "nothing left to do";
  std::int64_t found = 0;
  ASSERT_TRUE(database.query("SELECT id, word FROM items", {}, [&](const Row& row) {
    found = row.integer(0);
    return row.is_null(1);
  }));
  EXPECT_EQ(found, 7) << "rows stay";
  const bool is_sqlite = database.dialect() == Dialect::Sqlite;
  EXPECT_EQ(database.run_script("DELETE FROM only_sqlite").has_value(), is_sqlite);
  EXPECT_EQ(database.run_script("DELETE FROM only_postgresql").has_value(), !is_sqlite);
}

TEST_P(AnyMigration, ANewerSchemaIsRefused) {
  Database database = open();
  ASSERT_TRUE(database.migrate(std::array{kFirst, kSecond}));
  const auto older = database.migrate(std::array{kFirst});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().message,
            database.name() +
                " has schema version 2; this program knows versions up to 1: a newer Tallystick "
                "has written it");
  EXPECT_EQ(database.schema_version().value_or(-1), 2);
}

TEST_P(AnyMigration, AStepThatFailsLeavesNothing) {
  Database database = open();
  EXPECT_FALSE(database.migrate(std::array{kFirst, kSecond, kBroken}));
  EXPECT_EQ(database.schema_version().value_or(-1), 0);
  EXPECT_FALSE(database.run_script("DELETE FROM items"));
  ASSERT_TRUE(database.migrate(std::array{kFirst, kSecond}));
  EXPECT_FALSE(database.migrate(std::array{kFirst, kSecond, kBroken}));
  EXPECT_EQ(database.schema_version().value_or(-1), 2);
  EXPECT_FALSE(database.run_script("DELETE FROM more"));
}

TEST_P(AnyMigration, AReaderChangesNothing) {
  {
    Database database = open();
    ASSERT_TRUE(database.run_script("CREATE TABLE other (id BIGINT)"));
  }
  Database empty = open({.is_read_only = true});
  const auto none = empty.migrate(std::array{kFirst});
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.ends_with("it has no schema")) << none.error().message;
  {
    Database database = open();
    ASSERT_TRUE(database.migrate(std::array{kFirst}));
  }
  Database reader = open({.is_read_only = true});
  EXPECT_TRUE(reader.migrate(std::array{kFirst}));
  const auto old = reader.migrate(std::array{kFirst, kSecond});
  ASSERT_FALSE(old);
  EXPECT_NE(old.error().message.find("schema version 1; this program reads version 2"),
            std::string::npos)
      << old.error().message;
  EXPECT_EQ(reader.schema_version().value_or(-1), 1);
}

TEST_P(AnyMigration, ManyAtOnceApplyOnce) {
  constexpr std::size_t kThreads = 8;
  std::barrier start(kThreads);
  std::vector<std::string> errors(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        auto database = Database::open(url());
        if (!database) {
          errors[i] = database.error().to_string();
        } else if (const auto done = database->migrate(std::array{kFirst, kSecond}); !done) {
          errors[i] = done.error().to_string();
        }
      });
    }
  }
  EXPECT_EQ(errors, std::vector<std::string>(kThreads));
  Database database = open();
  std::int64_t rows = 0;
  ASSERT_TRUE(database.query("SELECT COUNT(*) FROM schema_versions", {}, [&](const Row& row) {
    rows = row.integer(0);
    return true;
  }));
  EXPECT_EQ(rows, 2);
}

}  // namespace

}  // namespace tally::store
