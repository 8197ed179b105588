#include "input/glob.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "input/internal/test_tree.hpp"

namespace tally::input {
namespace {

struct MatchRow {
  const char* pattern;
  const char* path;
  bool matches;
};

TEST(Glob, MatchesWholePaths) {
  static constexpr std::array kRows = {
      MatchRow{"a.yaml", "a.yaml", true},
      MatchRow{"./a.yaml", "a.yaml", true},
      MatchRow{"*.yaml", "a.yaml", true},
      MatchRow{"*.yaml", "dir/a.yaml", false},
      MatchRow{"**/*.yaml", "dir/a.yaml", true},
      MatchRow{"**/*.yaml", "a.yaml", true},
      MatchRow{"**/*.yaml", "a/b/c/d.yaml", true},
      MatchRow{"a/**", "a/b/c", true},
      MatchRow{"a/**", "b/c", false},
      MatchRow{"a/**/z/*.yaml", "a/b/z/c/z/d.yaml", true},
      MatchRow{"a/**/z/*.yaml", "a/b/z/c/y/d.yaml", false},
      MatchRow{"?.yaml", "a.yaml", true},
      MatchRow{"?.yaml", "ab.yaml", false},
      MatchRow{"?.yaml", "\xC3\xA9.yaml", true},
      MatchRow{"[a-c].yaml", "b.yaml", true},
      MatchRow{"[a-c].yaml", "d.yaml", false},
      MatchRow{"[!a-c].yaml", "d.yaml", true},
      MatchRow{"[^a-c].yaml", "b.yaml", false},
      MatchRow{"[]].yaml", "].yaml", true},
      MatchRow{"[a.yaml", "[a.yaml", true},
      MatchRow{"[a.yaml", "a.yaml", false},
      MatchRow{"*", ".hidden", false},
      MatchRow{".*", ".hidden", true},
      MatchRow{"**", ".hidden/a", false},
      MatchRow{"/a/*", "/a/b", true},
      MatchRow{"a/*", "/a/b", false},
      MatchRow{"a*b*c", "aXXbYYbZc", true},
      MatchRow{"a*b*c", "aXXbYYbZ", false},
      MatchRow{"", "a", false},
      MatchRow{"a", "", false},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(glob_matches(row.pattern, row.path), row.matches)
        << row.pattern << " against " << row.path;
  }
}

TEST(Glob, HostilePatternsAreQuick) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) {
    pattern += "*a";
  }
  EXPECT_FALSE(glob_matches(pattern, std::string(20'000, 'a') + "b"));
  std::string deep;
  for (int i = 0; i < 200; ++i) {
    deep += "**/a/";
  }
  std::string path;
  for (int i = 0; i < 5'000; ++i) {
    path += "a/";
  }
  EXPECT_FALSE(glob_matches(deep + "b", path));
}

TEST(Glob, ExpandsSorted) {
  const TestTree tree;
  for (const char* path :
       {"b.yaml", "a.yaml", "sub/c.yaml", "sub/deep/d.yaml", ".hidden/e.yaml", "sub/f.txt"}) {
    tree.write(path, "x");
  }
  struct Row {
    const char* pattern;
    std::vector<std::string> expected;
  };
  const std::array rows = {
      Row{"*.yaml", {"a.yaml", "b.yaml"}},
      Row{"**/*.yaml", {"a.yaml", "b.yaml", "sub/c.yaml", "sub/deep/d.yaml"}},
      Row{"**/**/d.yaml", {"sub/deep/d.yaml"}},
      Row{"s?b/[c-d].yaml", {"sub/c.yaml"}},
      Row{".*/*.yaml", {".hidden/e.yaml"}},
      Row{"none/*.yaml", {}},
      Row{"*/nothing", {}},
      Row{"sub/**", {"sub/c.yaml", "sub/deep/d.yaml", "sub/f.txt"}},
  };
  for (const auto& row : rows) {
    const auto found = expand_glob(tree.path(row.pattern));
    ASSERT_TRUE(found) << row.pattern;
    std::vector<std::string> expected;
    expected.reserve(row.expected.size());
    for (const auto& path : row.expected) {
      expected.push_back(tree.path(path));
    }
    EXPECT_EQ(*found, expected) << row.pattern;
  }
}

TEST(Glob, StopsAtItsLimit) {
  const TestTree tree;
  for (int i = 0; i < 5; ++i) {
    tree.write(std::to_string(i) + ".yaml", "");
  }
  EXPECT_TRUE(expand_glob(tree.path("*.yaml"), 5));
  const auto refused = expand_glob(tree.path("*.yaml"), 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Limit);
}

}  // namespace
}  // namespace tally::input
