#include "scalar/cron.hpp"

#include <gtest/gtest.h>

#include <string>

#include "scalar/time_text.hpp"

namespace tally::scalar {
namespace {

std::string next_of(std::string_view text, Cron::Syntax syntax, std::string_view now) {
  const Result<Cron> cron = Cron::parse(text, syntax);
  if (!cron) {
    return "E " + cron.error().message;
  }
  const auto next = cron->next(parse_timestamp(now)->seconds);
  return next ? std::string(timestamp_text({.seconds = *next}).text()) : "never";
}

struct Row {
  std::string_view schedule;
  std::string_view expected;
};

// The answers are those of github.com/aptible/supercronic v0.2.48 cronexpr; where its text says
// names an entry, ours names it in small letters.
TEST(Cron, AgreesWithUpstream) {
  for (const Row& row : std::initializer_list<Row>{
           {"* * * * *", "2026-11-21T21:41:00Z"},
           {"*/5 * * * *", "2026-11-21T21:45:00Z"},
           {"0 0 * * *", "2026-11-22T00:00:00Z"},
           {"30 2 1 * *", "2026-12-01T02:30:00Z"},
           {"0 0 31 * *", "2026-12-31T00:00:00Z"},
           {"0 0 29 2 *", "2028-02-29T00:00:00Z"},
           {"0 12 * * mon-fri", "2026-11-23T12:00:00Z"},
           {"0 12 * * 7", "2026-11-22T12:00:00Z"},
           {"15 10 L * *", "2026-11-30T10:15:00Z"},
           {"0 0 LW * *", "2026-11-30T00:00:00Z"},
           {"0 0 15W * *", "2026-12-15T00:00:00Z"},
           {"0 0 1W * *", "2026-12-01T00:00:00Z"},
           {"0 0 * * 5L", "2026-11-27T00:00:00Z"},
           {"0 0 * * 1#1", "2026-12-07T00:00:00Z"},
           {"0 0 * * sun#5", "2026-11-29T00:00:00Z"},
           {"0 0 13 * 5", "2026-11-27T00:00:00Z"},
           {"@daily", "2026-11-22T00:00:00Z"},
           {"@hourly", "2026-11-21T22:00:00Z"},
           {"@weekly", "2026-11-22T00:00:00Z"},
           {"@monthly", "2026-12-01T00:00:00Z"},
           {"@yearly", "2027-01-01T00:00:00Z"},
           {"0 0 1 jan *", "2027-01-01T00:00:00Z"},
           {"0 0 1 january ? 2030", "2030-01-01T00:00:00Z"},
           {"10,20 0 0 1 1 * 2027", "2027-01-01T00:00:10Z"},
           {"40 21 21 11 *", "2027-11-21T21:40:00Z"},
           {"41 21 21 11 *", "2026-11-21T21:41:00Z"},
           {"0 0 0 1 1 * 2026", "never"},
           {"59 23 31 12 * 2099", "2099-12-31T23:59:00Z"},
           {"5/20 * * * *", "2026-11-21T21:45:00Z"},
           {"10-20/5 8-10 * * *", "2026-11-22T08:10:00Z"},
           {"0 0 1-7 * mon", "2026-11-23T00:00:00Z"},
           {"* * * * * 2020", "never"},
           {"45 40 21 * * * *", "2026-11-21T21:40:45Z"},
           {"0 22 * * SAT", "2026-11-21T22:00:00Z"},
           {"1 2 3 4 5 6 7 8", "E syntax error in year field: '7'"},
           {"* * * *", "E missing field(s)"},
           {"60 * * * *", "E syntax error in minute field: '60'"},
           {"* 24 * * *", "E syntax error in hour field: '24'"},
           {"* * 0 * *", "E syntax error in day-of-month field: '0'"},
           {"* * * 13 *", "E syntax error in month field: '13'"},
           {"* * * * 8", "E syntax error in day-of-week field: '8'"},
           {"a * * * *", "E syntax error in minute field: 'a'"},
           {"5-1 * * * *", "E invalid interval 5-1 (normalized to 5-1)"},
           {"*/0 * * * *", "E invalid interval */0"},
           {"*/60 * * * *", "E invalid interval */60"},
           {"* * * foo *", "E syntax error in month field: 'foo'"},
           {"* * W * *", "E syntax error in day-of-month field: 'w'"},
           {"* * * * 1#6", "E syntax error in day-of-week field: '1#6'"},
           {"* * * * 1#0", "E syntax error in day-of-week field: '1#0'"},
           {", * * * *", "E minute field: missing directive"},
           {"", "E missing field(s)"},
           {"* * * * * 1969", "E syntax error in year field: '1969'"},
           {"-1 * * * *", "E syntax error in minute field: '-1'"},
           {"*/ * * * *", "E syntax error in minute field: '*/'"},
           {"1//2 * * * *", "E syntax error in minute field: '1//2'"},
       }) {
    EXPECT_EQ(next_of(row.schedule, Cron::Syntax::Extended, "2026-11-21T21:40:30Z"), row.expected)
        << row.schedule;
  }
}

// What CleanupPolicies may say (robfig/cron ParseStandard).
TEST(Cron, StandardIsNarrower) {
  for (const Row& row : std::initializer_list<Row>{
           {"*/5 * * * *", "2026-11-21T21:45:00Z"},
           {"@daily", "2026-11-22T00:00:00Z"},
           {"0 12 * * mon-fri", "2026-11-23T12:00:00Z"},
           {"0 0 L * *", "E syntax error in day-of-month field: 'l'"},
           {"0 0 15W * *", "E syntax error in day-of-month field: '15w'"},
           {"0 0 * * 5L", "E syntax error in day-of-week field: '5l'"},
           {"0 0 * * 1#1", "E syntax error in day-of-week field: '1#1'"},
           {"0 0 * * 7", "E syntax error in day-of-week field: '7'"},
           {"0 0 * * * *", "E expected exactly 5 fields, found 6"},
           {"@midnight", "E missing field(s)"},
           {"@every 5m", "E missing field(s)"},
       }) {
    EXPECT_EQ(next_of(row.schedule, Cron::Syntax::Standard, "2026-11-21T21:40:30Z"), row.expected)
        << row.schedule;
  }
}

// Second by second, by asking every second of two days whether the fields name it.
TEST(Cron, IsTheFirstSecondThatTheFieldsName) {
  const auto cron = Cron::parse("15,45 7-50/7 */5 * * * *", Cron::Syntax::Extended);
  ASSERT_TRUE(cron);
  std::int64_t wanted = 0;
  const std::int64_t begin = parse_timestamp("2027-02-28T00:00:00Z")->seconds;
  for (std::int64_t now = begin + 2 * 86'400; now >= begin; --now) {
    if (wanted != 0) {
      ASSERT_EQ(cron->next(now), wanted) << now;
    }
    const std::int64_t second = now % 60;
    const std::int64_t minute = now / 60 % 60;
    const std::int64_t hour = now / 3600 % 24;
    if ((second == 15 || second == 45) && minute >= 7 && minute <= 50 && (minute - 7) % 7 == 0 &&
        hour % 5 == 0) {
      wanted = now;
    }
  }
}

TEST(Cron, HasALimit) {
  EXPECT_TRUE(Cron::parse("* * * * *" + std::string(1015, ' '), Cron::Syntax::Extended));
  EXPECT_FALSE(Cron::parse("* * * * *" + std::string(1016, ' '), Cron::Syntax::Extended));
}

}  // namespace
}  // namespace tally::scalar
