#include "serve/policy_files.hpp"

#include <gtest/gtest.h>

namespace tally::serve {

namespace {

using admission::PolicyText;

PolicyText text(std::string identity, std::string place) {
  return {.place = std::move(place), .identity = std::move(identity), .text = "{}"};
}

Error error_in(std::string file) {
  Error error;
  error.file = std::move(file);
  return error;
}

TEST(KeepUnread, KeepsWhatStoodInFilesThatCannotBeRead) {
  struct Case {
    std::string_view name;
    PolicyText before;
    std::vector<PolicyText> read;
    std::vector<Error> errors;
    bool is_kept;
  };
  const PolicyText known = text("g/K//a", "p/a.yaml:3");
  const Case cases[] = {
      {"its file", known, {}, {error_in("p/a.yaml")}, true},
      {"its folder", known, {}, {error_in("p")}, true},
      {"an error about no file", known, {}, {error_in("")}, true},
      {"the second of two errors", known, {}, {error_in("p/b.yaml"), error_in("p/a.yaml")}, true},
      {"removed, and nothing is wrong", known, {}, {}, false},
      {"removed, another file is broken", known, {}, {error_in("p/b.yaml")}, false},
      {"a file whose name begins alike", known, {}, {error_in("p/a")}, false},
      {"a folder whose name begins alike",
       text("g/K//a", "pq/a.yaml:1"),
       {},
       {error_in("p")},
       false},
      {"read all the same", known, {text("g/K//a", "p/a.yaml:9")}, {error_in("p/a.yaml")}, false},
      {"moved to another file",
       known,
       {text("g/K//a", "p/b.yaml:1")},
       {error_in("p/a.yaml")},
       false},
  };
  for (const Case& row : cases) {
    PolicyFiles::Read read{.texts = row.read, .errors = row.errors};
    EXPECT_EQ(keep_unread(read, {row.before}), row.is_kept ? 1U : 0U) << row.name;
    ASSERT_EQ(read.texts.size(), row.read.size() + (row.is_kept ? 1 : 0)) << row.name;
    if (row.is_kept) {
      EXPECT_EQ(read.texts.back(), row.before) << row.name;
    }
  }
}

}  // namespace

}  // namespace tally::serve
