#include "document/difference.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "document/read.hpp"
#include "document/source.hpp"

namespace tally::document {
namespace {

struct Read {
  std::shared_ptr<const Source> source;
  Arena arena;
  Node root;

  explicit Read(std::string_view text) : source(Source::from_text("text", text)) {
    const auto value = read_one(*source, arena);
    EXPECT_TRUE(value) << text;
    root = value ? *value : Node{};
  }
};

TEST(Changes, Table) {
  struct Row {
    std::string_view from;
    std::string_view to;
    std::string_view patch;
  };
  constexpr Row kRows[] = {
      {"{a: 1}", "{a: 1.0}", "[]"},
      {"{a: null}", "{a: null}", "[]"},
      {"{a: 1, b: 2}", "{b: 2, a: 1}", "[]"},
      {"{}", "{b: 2, a: 1}",
       R"([{"op":"add","path":"/a","value":1},{"op":"add","path":"/b","value":2}])"},
      {"{a: 1}", "{}", R"([{"op":"remove","path":"/a"}])"},
      {"{a: 1}", "{a: x}", R"([{"op":"replace","path":"/a","value":"x"}])"},
      {"{a: 1}", "{a: null}", R"([{"op":"replace","path":"/a","value":null}])"},
      {"{a: {b: 1}}", "{a: [1]}", R"([{"op":"replace","path":"/a","value":[1]}])"},
      {"{a: {b: {c: 1}}}", "{a: {b: {c: 2}}}", R"([{"op":"replace","path":"/a/b/c","value":2}])"},
      {"{a/b~c: 1}", "{a/b~c: 2}", R"([{"op":"replace","path":"/a~1b~0c","value":2}])"},
      {"{l: [1, 2, 3]}", "{l: [1]}",
       R"([{"op":"remove","path":"/l/2"},{"op":"remove","path":"/l/1"}])"},
      {"{l: [1]}", "{l: [2, 3]}",
       R"([{"op":"add","path":"/l/1","value":3},{"op":"replace","path":"/l/0","value":2}])"},
      {"1", "2", R"([{"op":"replace","path":"","value":2}])"},
  };
  for (const Row& row : kRows) {
    const Read from(row.from);
    const Read to(row.to);
    std::string patch;
    append_json_patch(patch, changes(from.root, to.root));
    EXPECT_EQ(patch, row.patch) << row.from << " " << row.to;
  }
}

std::string diff(std::string_view from, std::string_view to, const DiffOptions& options = {}) {
  std::string out;
  append_unified_diff(out, from, to, options);
  return out;
}

TEST(UnifiedDiff, Table) {
  struct Row {
    std::string_view from;
    std::string_view to;
    std::string_view diff;
  };
  constexpr Row kRows[] = {
      {"a\n", "a\n", ""},
      {"", "a\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+a\n"},
      {"a\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-a\n"},
      {"a\nb\nc\n", "a\nx\nc\n", "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
      {"a", "a\n", "--- a\n+++ b\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
      {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
       "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
      {"1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
       "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n"},
      {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
       "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(diff(row.from, row.to), row.diff) << row.from << "->\n" << row.to;
  }
  EXPECT_EQ(diff("a\n", "b\n", {.from_name = "x", .to_name = "y", .context = 0}),
            "--- x\n+++ y\n@@ -1 +1 @@\n-a\n+b\n");
}

// The two texts that a diff with enough context holds, and how many lines it changes.
struct Applied {
  std::string from;
  std::string to;
  std::size_t changed = 0;
};

Applied read_diff(std::string_view text) {
  Applied result;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (++line_number <= 3) {
      continue;
    }
    result.from += line[0] != '+' ? line.substr(1) : "";
    result.to += line[0] != '-' ? line.substr(1) : "";
    result.changed += line[0] != ' ' ? 1 : 0;
  }
  return result;
}

// The plain quadratic way.
std::size_t shortest(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        table[i][j] = i + j;
      } else if (a[i - 1] == b[j - 1]) {
        table[i][j] = table[i - 1][j - 1];
      } else {
        table[i][j] = 1 + std::min(table[i - 1][j], table[i][j - 1]);
      }
    }
  }
  return table[a.size()][b.size()];
}

std::string as_lines(std::string_view letters) {
  std::string text;
  for (const char letter : letters) {
    text += letter;
    text += '\n';
  }
  return text;
}

TEST(UnifiedDiff, IsCorrectAndShortest) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string letters[2];
    for (std::string& one : letters) {
      for (std::size_t size = random() % 12; size > 0; --size) {
        one += static_cast<char>('a' + random() % 3);
      }
    }
    if (letters[0] == letters[1]) {
      continue;
    }
    const std::string from = as_lines(letters[0]);
    const std::string to = as_lines(letters[1]);
    for (const std::uint64_t steps : {std::uint64_t{1'000'000}, std::uint64_t{5}}) {
      const Applied applied = read_diff(diff(from, to, {.context = 50, .steps = steps}));
      ASSERT_EQ(applied.from, from) << letters[0] << " " << letters[1];
      ASSERT_EQ(applied.to, to) << letters[0] << " " << letters[1];
      if (steps > 5) {
        ASSERT_EQ(applied.changed, shortest(letters[0], letters[1]))
            << letters[0] << " " << letters[1];
      }
    }
  }
}

TEST(UnifiedDiff, EndsForLargeTexts) {
  std::string from;
  std::string to;
  for (int i = 0; i < 100'000; ++i) {
    from += "a" + std::to_string(i) + "\n";
    to += "b" + std::to_string(i) + "\n";
  }
  EXPECT_GT(diff(from, to, {.steps = 100'000}).size(), from.size() + to.size());
}

}  // namespace
}  // namespace tally::document
