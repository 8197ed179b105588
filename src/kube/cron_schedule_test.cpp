#include "kube/internal/cron_schedule.hpp"

#include <gtest/gtest.h>

namespace tally::kube::internal {
namespace {

TEST(CronSchedule, AcceptsWhatTheParserAccepts) {
  for (const char* text :
       {"* * * * *", "0 0 1 1 0", "59 23 31 12 6", "*/15 0-23/2 1,15 jan,JUL mon-FRI", "? ? ? ? ?",
        "5/10 * * * *", "*-7 * * * *", ", * * * *", "1,,2 * * * *", " 0\t0 * * * ", "+5 * * * *",
        "@daily", "@midnight", "@every 1h30m", "@every 1.5h", "@every -0", "TZ=UTC 0 0 * * *",
        "CRON_TZ=Europe/Berlin @hourly"}) {
    EXPECT_EQ(cron_schedule_problem(text), "") << text;
  }
}

TEST(CronSchedule, RefusesWithTheParsersWords) {
  struct Row {
    const char* text;
    const char* wanted;
  };
  const Row rows[] = {
      {"* * * *", "expected exactly 5 fields, found 4: [* * * *]"},
      {"* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"},
      {"60 * * * *", "end of range (60) above maximum (59): 60"},
      {"* 24 * * *", "end of range (24) above maximum (23): 24"},
      {"* * 0 * *", "beginning of range (0) below minimum (1): 0"},
      {"* * * 13 *", "end of range (13) above maximum (12): 13"},
      {"* * * * 7", "end of range (7) above maximum (6): 7"},
      {"30-10 * * * *", "beginning of range (30) beyond end of range (10): 30-10"},
      {"*/0 * * * *", "step of range should be a positive number: */0"},
      {"1-2-3 * * * *", "too many hyphens: 1-2-3"},
      {"*/2/3 * * * *", "too many slashes: */2/3"},
      {"a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"},
      {"mon * * * *",
       "failed to parse int from mon: strconv.Atoi: parsing \"mon\": invalid syntax"},
      {"-5 * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"},
      {"99999999999999999999 * * * *",
       "failed to parse int from 99999999999999999999: strconv.Atoi: parsing "
       "\"99999999999999999999\": value out of range"},
      {"@reboot", "unrecognized descriptor: @reboot"},
      {"@every day", "failed to parse duration @every day"},
      {"@every 5", "failed to parse duration @every 5"},
      {"TZ=UTC", "invalid schedule format"},
  };
  for (const Row& row : rows) {
    const std::string problem = cron_schedule_problem(row.text);
    EXPECT_TRUE(problem.starts_with(row.wanted)) << row.text << ": " << problem;
  }
}

}  // namespace
}  // namespace tally::kube::internal
