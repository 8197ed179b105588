// What only SQLite can do wrong: files.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <string>

#include "store/database.hpp"
#include "store/testing/temporary_folder.hpp"

namespace tally::store {

namespace {

using testing::TemporaryFolder;

constexpr Sql kTable = "CREATE TABLE items (id BIGINT PRIMARY KEY, word TEXT)";

Result<std::uint64_t> insert(Database& database, std::int64_t id, std::string_view word) {
  const std::array<Value, 2> values{id, word};
  return database.execute("INSERT INTO items (id, word) VALUES ($1, $2)", values);
}

unsigned mode_of(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
}

TEST(Sqlite, FilesAreForTheirOwnerOnly) {
  const TemporaryFolder folder;
  const mode_t before = umask(0);
  const std::string path = folder.file("store.db");
  auto database = Database::open(path);
  ASSERT_TRUE(database) << database.error().to_string();
  ASSERT_TRUE(database->run_script(kTable));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(mode_of(path + "-wal"), 0600U);
  EXPECT_EQ(mode_of(path + "-shm"), 0600U);
  umask(before);
}

TEST(Sqlite, NamesWithMeaningAreFiles) {
  const TemporaryFolder folder;
  ASSERT_EQ(chdir(folder.path().c_str()), 0);
  for (const std::string name : {":memory:", "file:x.db?mode=memory", "with space", "-o"}) {
    SCOPED_TRACE(name);
    {
      auto database = Database::open(name);
      ASSERT_TRUE(database) << database.error().to_string();
      ASSERT_TRUE(database->run_script(kTable));
    }
    EXPECT_EQ(mode_of("./" + name), 0600U);
  }
  ASSERT_EQ(chdir("/"), 0);
}

TEST(Sqlite, IsConfigured) {
  const TemporaryFolder folder;
  auto database = Database::open(folder.file("store.db"));
  ASSERT_TRUE(database);
  struct Case {
    Sql pragma;
    std::string_view value;
  };
  const Case cases[] = {{"PRAGMA journal_mode", "wal"},
                        {"PRAGMA synchronous", "1"},
                        {"PRAGMA foreign_keys", "1"},
                        {"PRAGMA busy_timeout", "10000"}};
  for (const Case& row : cases) {
    SCOPED_TRACE(row.pragma.text());
    ASSERT_TRUE(database->query(row.pragma, {}, [&](const Row& found) {
      EXPECT_EQ(found.text(0), row.value);
      return true;
    }));
  }
  EXPECT_FALSE(database->run_script("ATTACH 'other.db' AS other"));
  EXPECT_FALSE(database->run_script("SELECT load_extension('x')"));
}

TEST(Sqlite, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  const std::string text_file = folder.file("text");
  std::ofstream(text_file) << std::string(8192, 'x');
  const std::string half = folder.file("half");
  {
    auto database = Database::open(half);
    ASSERT_TRUE(database && database->run_script(kTable));
    for (std::int64_t id = 0; id < 500; ++id) {
      ASSERT_TRUE(insert(*database, id, std::string(500, 'x')));
    }
  }
  ASSERT_EQ(truncate(half.c_str(), 40'960), 0);
  {
    // Pages that nothing has made: garbage in the middle.
    std::fstream file(half, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8192);
    file << std::string(8192, '\xab');
  }
  struct Case {
    std::string path;
    bool is_read_only;
    std::string_view error;
  };
  const Case cases[] = {
      {text_file, false, "the file is no SQLite database"},
      {text_file, true, "the file is no SQLite database"},
      {half, false, "the file is damaged"},
      {half, true, "the file is damaged"},
      {folder.file("absent"), true, "there is no store at "},
      {folder.file("absent/too"), false, "No such file or directory"},
      {folder.path(), false, "Is a directory"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.path);
    auto database = Database::open(row.path, {.is_read_only = row.is_read_only});
    Result<void> done;
    if (!database) {
      done = std::unexpected(database.error());
    } else {
      done = database->query("SELECT id, word FROM items ORDER BY word", {},
                             [](const Row&) { return true; });
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::Environment);
    EXPECT_NE(done.error().message.find(row.error), std::string::npos) << done.error().message;
  }
  EXPECT_EQ(access(folder.file("absent").c_str(), F_OK), -1) << "a reader makes no file";
}

TEST(Sqlite, AFullDiskLosesNothingThatWasCommitted) {
  const TemporaryFolder folder;
  auto database = Database::open(folder.file("store.db"));
  ASSERT_TRUE(database && database->run_script(kTable));
  ASSERT_TRUE(insert(*database, 1, "kept"));
  ASSERT_TRUE(database->run_script("PRAGMA max_page_count = 20"));
  std::string error;
  for (std::int64_t id = 2; id < 100 && error.empty(); ++id) {
    if (const auto done = insert(*database, id, std::string(3000, 'x')); !done) {
      error = done.error().message;
    }
  }
  EXPECT_TRUE(error.ends_with("the disk is full")) << error;
  EXPECT_FALSE(database->transact([&]() -> Result<void> {
    for (std::int64_t id = 200; id < 300; ++id) {
      if (auto done = insert(*database, id, std::string(3000, 'x')); !done) {
        return std::unexpected(done.error());
      }
    }
    return {};
  }));
  ASSERT_TRUE(database->run_script("PRAGMA max_page_count = 10000"));
  EXPECT_TRUE(insert(*database, 1000, "again")) << "room again: it goes on";
}

// The kernel's own limit, as `ulimit -f` sets it, in a process of its own.
TEST(Sqlite, AFileThatMayNotGrowIsAnError) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
    const rlimit limit{.rlim_cur = 200'000, .rlim_max = 200'000};
    auto database = Database::open(folder.file("store.db"));
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || !database || !database->run_script(kTable)) {
      _exit(1);
    }
    for (std::int64_t id = 0; id < 1000; ++id) {
      if (const auto done = insert(*database, id, std::string(3000, 'x')); !done) {
        _exit(done.error().kind == ErrorKind::Environment && id > 10 ? 42 : 2);
      }
    }
    _exit(3);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
  auto database = Database::open(folder.file("store.db"));
  ASSERT_TRUE(database);
  std::int64_t rows = 0;
  ASSERT_TRUE(database->query("SELECT COUNT(*) FROM items", {}, [&](const Row& row) {
    rows = row.integer(0);
    return true;
  }));
  EXPECT_GT(rows, 10);
}

TEST(Sqlite, AnotherWritersLockIsWaitedForAndThenNamed) {
  const TemporaryFolder folder;
  const std::string path = folder.file("store.db");
  auto first = Database::open(path);
  ASSERT_TRUE(first && first->run_script(kTable));
  auto second = Database::open(path, {.busy_timeout = std::chrono::milliseconds(20)});
  ASSERT_TRUE(second) << second.error().to_string();
  auto transaction = first->begin();
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(insert(*first, 1, "x"));
  const auto locked = insert(*second, 2, "y");
  ASSERT_FALSE(locked);
  EXPECT_TRUE(locked.error().message.ends_with("locked by another program for more than 20 ms"))
      << locked.error().message;
  std::int64_t rows = -1;
  EXPECT_TRUE(second->query("SELECT COUNT(*) FROM items", {}, [&](const Row& row) {
    rows = row.integer(0);
    return true;
  }));
  EXPECT_EQ(rows, 0) << "readers do not wait, and see what is committed";
  ASSERT_TRUE(transaction->commit());
  EXPECT_TRUE(insert(*second, 2, "y"));
}

}  // namespace

}  // namespace tally::store
