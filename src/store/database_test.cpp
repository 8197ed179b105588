// What holds for both dialects.
#include "store/database.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "store/testing/stores.hpp"

namespace tally::store {

namespace {

class AnyDatabase : public testing::AnyStore {
 protected:
  // With a table of texts and numbers.
  [[nodiscard]] Database open(const OpenOptions& options = {}) {
    auto database = Database::open(url(), options);
    EXPECT_TRUE(database) << database.error().to_string();
    EXPECT_TRUE(database->run_script(
        "CREATE TABLE IF NOT EXISTS items (id BIGINT PRIMARY KEY, word TEXT, number BIGINT)"));
    return std::move(*database);
  }
};
TALLY_BOTH_STORES(AnyDatabase);

Result<std::uint64_t> insert(Database& database, std::int64_t id, Value word,
                             Value number = std::int64_t{0}) {
  const std::array<Value, 3> values{id, word, number};
  return database.execute("INSERT INTO items (id, word, number) VALUES ($1, $2, $3)", values);
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

TEST_P(AnyDatabase, GivesBackWhatWasBound) {
  Database database = open();
  const std::string_view words[] = {"",
                                    "plain",
                                    "it's",
                                    "'; DROP TABLE items; --",
                                    "\"quoted\" \\ back\\slash $1 ?1 :1 @1 %s",
                                    "line\nbreak\ttab\x01",
                                    "ünïcödé 漢字 🦀",
                                    "x'); DELETE FROM items WHERE ('1'='1"};
  std::int64_t id = 0;
  for (const std::string_view word : words) {
    SCOPED_TRACE(word);
    ASSERT_TRUE(insert(database, ++id, word));
    std::vector<std::int64_t> found;
    const std::array<Value, 1> values{word};
    ASSERT_TRUE(
        database.query("SELECT id, word FROM items WHERE word = $1", values, [&](const Row& row) {
          EXPECT_EQ(row.text(1), word);
          EXPECT_FALSE(row.is_null(1));
          found.push_back(row.integer(0));
          return true;
        }));
    EXPECT_EQ(found, std::vector<std::int64_t>{id});
  }
  EXPECT_EQ(count(database), static_cast<std::int64_t>(std::size(words)));
}

TEST_P(AnyDatabase, KeepsNumbersAndNull) {
  Database database = open();
  const std::optional<std::int64_t> numbers[] = {0, -1, std::numeric_limits<std::int64_t>::max(),
                                                 std::numeric_limits<std::int64_t>::min(),
                                                 std::nullopt};
  std::int64_t id = 0;
  for (const auto& number : numbers) {
    ASSERT_TRUE(insert(database, ++id, "x", number ? Value{*number} : Value{}));
  }
  std::vector<std::optional<std::int64_t>> found;
  ASSERT_TRUE(database.query("SELECT number FROM items ORDER BY id", {}, [&](const Row& row) {
    found.push_back(row.is_null(0) ? std::nullopt : std::optional(row.integer(0)));
    return true;
  }));
  EXPECT_EQ(found, std::vector(std::begin(numbers), std::end(numbers)));
}

TEST_P(AnyDatabase, RefusesTextsThatOneDialectWouldChange) {
  using namespace std::string_view_literals;
  OpenOptions options;
  options.limits.text_bytes_max = 1000;
  Database database = open(options);
  const std::string longest(1000, 'x');
  const std::string too_long(1001, 'x');
  struct Case {
    std::string_view text;
    std::string_view error;  // empty: taken
  };
  const Case cases[] = {
      {"fine", ""},
      {longest, ""},
      {too_long, "value $2 has 1001 bytes"},
      {"a\0b"sv, "value $2 has a NUL at byte 1"},
      {"\0"sv, "value $2 has a NUL at byte 0"},
      {"\xff", "value $2 is no UTF-8 at byte 0"},
      {"ab\xc3", "value $2 is no UTF-8 at byte 2"},
      {"\xed\xa0\x80", "value $2 is no UTF-8 at byte 0"},
  };
  std::int64_t id = 0;
  std::int64_t taken = 0;
  for (const Case& row : cases) {
    SCOPED_TRACE(row.error);
    const auto done = insert(database, ++id, row.text);
    EXPECT_EQ(done.has_value(), row.error.empty());
    taken += done ? 1 : 0;
    if (!done) {
      EXPECT_NE(done.error().kind, ErrorKind::Environment);
      EXPECT_TRUE(done.error().message.starts_with(row.error)) << done.error().message;
    }
  }
  EXPECT_EQ(count(database), taken);
}

TEST_P(AnyDatabase, CountsChangedRows) {
  Database database = open();
  for (std::int64_t id = 1; id <= 5; ++id) {
    EXPECT_EQ(insert(database, id, "x").value_or(99), 1U);
  }
  EXPECT_EQ(database.execute("UPDATE items SET number = 7 WHERE id > 2").value_or(99), 3U);
  EXPECT_EQ(database.execute("DELETE FROM items WHERE id > 100").value_or(99), 0U);
  EXPECT_EQ(database
                .execute("INSERT INTO items (id, word) VALUES (1, 'y') ON CONFLICT (id) DO "
                         "NOTHING")
                .value_or(99),
            0U);
}

TEST_P(AnyDatabase, ACallbackEndsTheQuery) {
  Database database = open();
  for (std::int64_t id = 1; id <= 100; ++id) {
    ASSERT_TRUE(insert(database, id, "x"));
  }
  int seen = 0;
  ASSERT_TRUE(database.query("SELECT id FROM items", {}, [&](const Row&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(count(database), 100);  // the connection is free for the next statement
}

TEST_P(AnyDatabase, RollsBackWhatIsNotCommitted) {
  Database database = open();
  {
    auto transaction = database.begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(insert(database, 1, "x"));
    EXPECT_EQ(count(database), 1);
  }
  EXPECT_EQ(count(database), 0);
  {
    auto transaction = database.begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(insert(database, 1, "x"));
    ASSERT_TRUE(transaction->commit());
  }
  EXPECT_EQ(count(database), 1);
  EXPECT_FALSE(database.transact([&]() -> Result<void> {
    EXPECT_TRUE(insert(database, 2, "x"));
    return content_error("changed my mind");
  }));
  EXPECT_EQ(count(database), 1);
  EXPECT_TRUE(database.transact([&]() -> Result<void> {
    EXPECT_TRUE(insert(database, 2, "x"));
    return {};
  }));
  EXPECT_EQ(count(database), 2);
}

TEST_P(AnyDatabase, ErrorsNameTheDatabaseAndNoValue) {
  Database database = open();
  ASSERT_TRUE(insert(database, 1, "x"));
  const auto twice = insert(database, 1, "hunter2");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().kind, ErrorKind::Environment);
  EXPECT_TRUE(twice.error().message.starts_with(database.name())) << twice.error().message;
  EXPECT_EQ(twice.error().message.find("hunter2"), std::string::npos) << twice.error().message;
  EXPECT_FALSE(database.execute("DELETE FROM nowhere"));
  EXPECT_FALSE(database.execute("no sql at all"));
  EXPECT_FALSE(database.run_script("SELEKT 1"));
  EXPECT_EQ(count(database), 1);  // and the connection is as good as before
}

TEST_P(AnyDatabase, KeepsMoreStatementsThanItHolds) {
  OpenOptions options;
  options.limits.statements_max = 2;
  Database database = open(options);
  constexpr std::array<Sql, 4> kQueries{"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"};
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < kQueries.size(); ++i) {
      std::int64_t answer = 0;
      ASSERT_TRUE(database.query(kQueries[i], {}, [&](const Row& row) {
        answer = row.integer(0);
        return true;
      }));
      EXPECT_EQ(answer, static_cast<std::int64_t>(i + 1));
    }
  }
}

TEST_P(AnyDatabase, ReadOnlyWritesNothing) {
  {
    Database database = open();
  }
  auto reader = Database::open(url(), {.is_read_only = true});
  ASSERT_TRUE(reader) << reader.error().to_string();
  EXPECT_EQ(count(*reader), 0);
  EXPECT_FALSE(insert(*reader, 1, "x"));
  EXPECT_FALSE(reader->run_script("CREATE TABLE more (id BIGINT)"));
  EXPECT_EQ(count(*reader), 0);
}

TEST(DatabaseUrl, RefusesWhatIsNoStore) {
  using namespace std::string_view_literals;
  struct Case {
    std::string_view url;
    std::string_view error;
  };
  const Case cases[] = {
      {"", "the path of the store is empty"},
      {"sqlite:", "the path of the store is empty"},
      {"mysql://root:hunter2@db/x", "there is no store of kind \"mysql\""},
      {"http://db", "there is no store of kind \"http\""},
      {"a\0b"sv, "the URL of a store holds a NUL byte"},
      {"/no/such/folder/x.db", "cannot open SQLite /no/such/folder/x.db: No such file"},
      {"/", "cannot open SQLite /: Is a directory"},
      {"postgresql://u:hunter2@host:port/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:a@b@hunter2/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:1/2@hunter2/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:p/q@hunter2/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:@hunter2:x@host/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:hunter2@[::1/db", "the URL of the store is no postgresql:// URL"},
      {"postgres://u:hun%zzter2@host/db", "the URL of the store is no postgresql:// URL"},
      {"postgresql://u:hunter2@%2Fno%2Fsuch%2Ffolder/db",
       "PostgreSQL db at /no/such/folder: connection to server"},
      {"postgresql:///db?host=/no/such/folder&password=hunter2&nonsense=hunter2",
       "the URL of the store is no postgresql:// URL"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.url);
    const auto database = Database::open(row.url);
    ASSERT_FALSE(database);
    EXPECT_TRUE(database.error().message.starts_with(row.error)) << database.error().message;
    EXPECT_EQ(database.error().to_string().find("hunter2"), std::string::npos)
        << database.error().to_string();
  }
}

}  // namespace

}  // namespace tally::store
