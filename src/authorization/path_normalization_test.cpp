#include "authorization/path_normalization.hpp"

#include <gtest/gtest.h>

namespace tally::authorization {
namespace {

std::string normalized(std::string_view path, PathNormalization mode) {
  std::string buffer;
  const auto out = normalize_path(path, mode, buffer);
  return out ? std::string(*out) : "400";
}

// The rows of upstream are in the conformance suite (path-normalization.json).
TEST(PathNormalization, Modes) {
  struct Row {
    std::string_view path;
    std::string_view none;
    std::string_view base;
    std::string_view merged;
    std::string_view decoded;
  };
  for (const Row& row : {
           Row{"/", "/", "/", "/", "/"},
           Row{"", "", "/", "/", "/"},
           Row{"a", "a", "/a", "/a", "/a"},
           Row{"/a/./b", "/a/./b", "/a/b", "/a/b", "/a/b"},
           Row{"/a/.", "/a/.", "/a/", "/a/", "/a/"},
           Row{"/a/..", "/a/..", "/", "/", "/"},
           Row{"/../../a", "/../../a", "/a", "/a", "/a"},
           Row{"/a/..b", "/a/..b", "/a/..b", "/a/..b", "/a/..b"},
           Row{"/a/%2e%2E/b", "/a/%2e%2E/b", "/b", "/b", "/b"},
           Row{"/a\\..\\b", "/a\\..\\b", "/b", "/b", "/b"},
           Row{"//a///b//", "//a///b//", "//a///b//", "/a/b/", "/a/b/"},
           Row{"/a%2Fb", "/a%2Fb", "/a%2Fb", "/a%2Fb", "/a/b"},
           Row{"/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/a%2f..%2fb", "/b"},
           Row{"/a%5cb", "/a%5cb", "/a%5cb", "/a%5cb", "/a/b"},
           Row{"/%41%7e%2d", "/%41%7e%2d", "/A~-", "/A~-", "/A~-"},
           Row{"/a b\"<>", "/a b\"<>", "/a%20b%22%3C%3E", "/a%20b%22%3C%3E", "/a%20b%22%3C%3E"},
           Row{"/%zz%4", "/%zz%4", "/%zz%4", "/%zz%4", "/%zz%4"},
           Row{"/%", "/%", "/%", "/%", "/%"},
           // What was no escape does not become one.
           Row{"/%%300", "/%%300", "/%2500", "/%2500", "/%2500"},
           Row{"/%%30%30", "/%%30%30", "/%2500", "/%2500", "/%2500"},
           Row{"/a?b//../c#d", "/a?b//../c", "/a?b//../c", "/a?b//../c", "/a?b//../c"},
           Row{"/a/../b?x=%41", "/a/../b?x=%41", "/b?x=%41", "/b?x=%41", "/b?x=%41"},
           Row{"/a#?b", "/a", "/a", "/a", "/a"},
           Row{"/%00", "/%00", "400", "400", "400"},
           Row{std::string_view{"/\0", 2}, std::string_view{"/\0", 2}, "400", "400", "400"},
       }) {
    EXPECT_EQ(normalized(row.path, PathNormalization::None), row.none) << row.path;
    EXPECT_EQ(normalized(row.path, PathNormalization::Base), row.base) << row.path;
    EXPECT_EQ(normalized(row.path, PathNormalization::MergeSlashes), row.merged) << row.path;
    EXPECT_EQ(normalized(row.path, PathNormalization::DecodeAndMergeSlashes), row.decoded)
        << row.path;
  }
}

// A second pass changes nothing: what the rules see and what the application decodes agree.
TEST(PathNormalization, IsStable) {
  const std::string_view alphabet = "/.%2eEfF5cC0aA\\";
  std::string path = "/";
  for (unsigned n = 0; n < 60'000; ++n) {
    path.resize(1);
    for (unsigned rest = n * 2654435761U, i = 0; i < 8; ++i, rest /= 15) {
      path += alphabet[rest % alphabet.size()];
    }
    const std::string once = normalized(path, PathNormalization::Base);
    if (once != "400") {
      ASSERT_EQ(normalized(once, PathNormalization::Base), once) << path;
    }
  }
}

TEST(PathNormalization, Words) {
  EXPECT_EQ(parse_path_normalization("DEFAULT"), PathNormalization::Base);
  EXPECT_EQ(parse_path_normalization("NONE"), PathNormalization::None);
  EXPECT_EQ(parse_path_normalization("base"), std::nullopt);
  EXPECT_EQ(parse_path_normalization(""), std::nullopt);
  EXPECT_EQ(path_without_query("/a?b#c"), "/a");
  EXPECT_EQ(path_without_query("/a#b?c"), "/a");
}

}  // namespace
}  // namespace tally::authorization
