#include "history/since.hpp"

#include <gtest/gtest.h>

namespace tally::history {

namespace {

constexpr std::int64_t kNow = 1'795'176'000'000;  // 2026-11-20T12:00:00Z

TEST(ParseSince, ReadsWhatPeopleWrite) {
  struct Case {
    std::string_view text;
    std::int64_t moment;
  };
  const Case cases[] = {
      {"24h", kNow - 86'400'000},
      {"90m", kNow - 5'400'000},
      {"1h30m", kNow - 5'400'000},
      {"0", kNow},
      {"0d", kNow},
      {"7d", kNow - 7 * std::int64_t{86'400'000}},
      {"2w", kNow - 14 * std::int64_t{86'400'000}},
      {"2026-11-20", kNow - 43'200'000},
      {"1970-01-01", 0},
      {"2026-11-20T11:59:59.5Z", kNow - 500},
      {"2026-11-20T13:00:00+01:00", kNow},
  };
  for (const Case& row : cases) {
    const auto moment = parse_since(row.text, kNow);
    ASSERT_TRUE(moment) << row.text;
    EXPECT_EQ(*moment, row.moment) << row.text;
  }
}

TEST(ParseSince, RefusesTheRest) {
  for (const std::string_view text :
       {"", "d", "w", "-1d", "1.5d", "7 d", "7days", "100001d", "99999999999999999999d", "-24h",
        "yesterday", "2026-13-01", "2026-02-30", "2026-11-20 08:00:00", "24", "h",
        "2026-11-20T25:00:00Z"}) {
    const auto moment = parse_since(text, kNow);
    ASSERT_FALSE(moment) << text;
    EXPECT_NE(moment.error().message.find("is no moment in the past; expected 24h"),
              std::string::npos);
  }
}

}  // namespace

}  // namespace tally::history
