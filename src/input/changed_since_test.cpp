#include "input/changed_since.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "input/internal/test_tree.hpp"
#include "input/process.hpp"

namespace tally::input {
namespace {

// A repository of one commit with a few files; runs without the configuration of the machine.
class Repository {
 public:
  Repository() {
    available_ = run({"init", "-q", "-b", "main"});
    tree.write("a.yaml", "1\n2\n3\n4\n5\n");
    tree.write("same.yaml", "x\n");
    tree.write("gone.yaml", "x\n");
    tree.write("sub/with blank.yaml", "1\n2\n");
    tree.write("sub/with\n\"quote\".yaml", "1\n2\n");
    available_ = available_ && run({"add", "-A"}) && commit();
  }
  [[nodiscard]] bool available() const { return available_; }
  bool commit() {
    return run({"-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", "commit",
                "-q", "-m", "x"});
  }
  bool run(std::vector<std::string> arguments) {
    std::vector<std::string> command = {"git", "-C", tree.path()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto output = run_process(command);
    return output && output->status == 0;
  }
  TestTree tree;

 private:
  bool available_ = false;
};

TEST(ChangedSince, FilesAndLines) {
  Repository repository;
  if (!repository.available()) {
    GTEST_SKIP() << "git is not installed";
  }
  const TestTree& tree = repository.tree;
  tree.write("a.yaml", "1\nTWO\n3\n5\n6\n7\n");  // 2 changed, 4 removed, 6 and 7 added
  tree.write("sub/with blank.yaml", "1\nTWO\n");
  tree.write("sub/with\n\"quote\".yaml", "ONE\n2\n");
  tree.write("new.yaml", "--- a/same.yaml\n+++ same.yaml\n@@ -1 +1 @@\n");
  tree.write("ignored.txt", "x");
  tree.write(".gitignore", "ignored.txt\n");
  std::filesystem::remove(tree.path("gone.yaml"));
  const auto changed = changed_since("HEAD", tree.path("sub"));
  ASSERT_TRUE(changed) << changed.error().to_string();
  EXPECT_EQ(changed->files.size(), 5U);
  const ChangedFile* a = changed->find(tree.path("a.yaml"));
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->ranges, (std::vector<LineRange>{{2, 2}, {4, 3}, {5, 6}}));
  struct Row {
    const char* file;
    LineRange lines;
    bool touched;
  };
  const std::vector<Row> rows = {
      {"a.yaml", {1, 1}, false},
      {"a.yaml", {2, 2}, true},
      {"a.yaml", {1, 9}, true},
      {"a.yaml", {3, 3}, true},  // beside what was removed
      {"a.yaml", {4, 4}, true},
      {"a.yaml", {5, 6}, true},
      {"a.yaml", {7, 9}, false},
      {"sub/with blank.yaml", {1, 1}, false},
      {"sub/with blank.yaml", {2, 2}, true},
      {"sub/with\n\"quote\".yaml", {1, 1}, true},
      {"sub/with\n\"quote\".yaml", {2, 2}, false},
      {"sub/../new.yaml", {1, 1}, true},
      {"same.yaml", {1, 1}, false},
      {"ignored.txt", {1, 1}, false},
      {"gone.yaml", {1, 1}, false},
      {"absent.yaml", {1, 1}, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(changed->touches(tree.path(row.file), row.lines), row.touched)
        << row.file << " " << row.lines.first;
  }
}

TEST(ChangedSince, AddedFilesCountWhole) {
  Repository repository;
  if (!repository.available()) {
    GTEST_SKIP() << "git is not installed";
  }
  repository.tree.write("later.yaml", "1\n2\n");
  ASSERT_TRUE(repository.run({"add", "later.yaml"}) && repository.commit());
  const auto changed = changed_since("HEAD~1", repository.tree.path());
  ASSERT_TRUE(changed) << changed.error().to_string();
  EXPECT_TRUE(changed->touches(repository.tree.path("later.yaml"), {2, 2}));
  EXPECT_TRUE(changed_since("main", repository.tree.path())->files.empty());
}

TEST(ChangedSince, RefusesRevisions) {
  Repository repository;
  if (!repository.available()) {
    GTEST_SKIP() << "git is not installed";
  }
  const std::vector<std::string> revisions = {"",
                                              "-",
                                              "--output=x",
                                              "--help",
                                              "nowhere",
                                              "HEAD~9",
                                              "a b",
                                              "HEAD\n",
                                              std::string("HEAD\0x", 6),
                                              "HEAD:a.yaml",
                                              "main..HEAD",
                                              "$(touch x)"};
  for (const std::string& revision : revisions) {
    const auto refused = changed_since(revision, repository.tree.path());
    ASSERT_FALSE(refused) << revision;
    EXPECT_EQ(refused.error().kind, ErrorKind::Content) << revision;
  }
}

TEST(ChangedSince, NeedsARepository) {
  const TestTree tree;
  const auto refused = changed_since("HEAD", tree.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Environment);
  EXPECT_FALSE(changed_since("HEAD", tree.path("absent")));
}

TEST(Process, EndsWhateverTheProgramDoes) {
  const auto hung =
      run_process({"sleep", "100"}, {.time = std::chrono::milliseconds(50), .bytes = 100});
  ASSERT_FALSE(hung);
  EXPECT_NE(hung.error().message.find("did not end within 50 ms"), std::string::npos)
      << hung.error().message;
  const auto endless = run_process({"yes"}, {.time = std::chrono::seconds(30), .bytes = 1000});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().kind, ErrorKind::Limit);
  const auto absent = run_process({"no-such-program-of-ours"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, ErrorKind::Environment);
  const auto failed = run_process({"false"});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 1);
  const auto plain = run_process({"echo", "$HOME", "; ls"});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->out, "$HOME ; ls\n");
}

}  // namespace
}  // namespace tally::input
