// CleanupPolicy and ClusterCleanupPolicy.
#include <gtest/gtest.h>

#include "kyverno/testing/bench.hpp"

namespace tally::kyverno {
namespace {

using testing::Bench;

std::string map(std::string_view data, std::string_view name_space = "bank") {
  return "{apiVersion: v1, kind: ConfigMap, metadata: {name: keys, namespace: " +
         std::string(name_space) + "}, data: " + std::string(data) + "}";
}

TEST(Cleanup, DeletesWhatFulfilsItsConditions) {
  Bench bench;
  ASSERT_TRUE(bench.load(
      "{apiVersion: kyverno.io/v2, kind: CleanupPolicy, metadata: {name: c, namespace: bank}, "
      "spec: {schedule: '0 * * * *', match: {any: [{resources: {kinds: [ConfigMap]}}]}, exclude: "
      "{any: [{resources: "
      "{names: [keep]}}]}, conditions: {all: [{key: '{{ target.data.old }}', operator: Equals, "
      "value: 'yes'}]}}}"));
  EXPECT_EQ(bench.verdicts(map("{old: 'yes'}"), Phase::Cleanup), "c=pass");
  EXPECT_EQ(bench.verdicts(map("{old: 'no'}"), Phase::Cleanup), "");
  EXPECT_EQ(bench.verdicts(map("{}"), Phase::Cleanup), "c=error");
  EXPECT_EQ(bench.verdicts(map("{old: 'yes'}", "other"), Phase::Cleanup), "");
  EXPECT_EQ(bench.verdicts("{apiVersion: v1, kind: ConfigMap, metadata: {name: keep, namespace: "
                           "bank}, data: {old: 'yes'}}",
                           Phase::Cleanup),
            "");
  EXPECT_EQ(bench.verdicts(map("{old: 'yes'}"), Phase::Validate), "");
}

// api/kyverno/v2/cleanup_policy_types.go, ValidateSchedule
TEST(Cleanup, NeedsASchedule) {
  struct Row {
    std::string_view schedule;
    std::string_view message;  // "" when there is no problem
  };
  constexpr std::string_view kWrong =
      "schedule spec in the cleanupPolicy is not in proper cron format: ";
  for (const Row& row : std::initializer_list<Row>{
           {"schedule: '*/5 * * * *', ", ""},
           {"schedule: '@daily', ", ""},
           {"", "schedule is required, a text"},
           {"schedule: 5, ", "schedule is required, a text"},
           {"schedule: '', ", "missing field(s)"},
           {"schedule: '61 * * * *', ", "syntax error in minute field: '61'"},
           {"schedule: '0 0 L * *', ", "syntax error in day-of-month field: 'l'"},
           {"schedule: '0 0 * * * 2030', ", "expected exactly 5 fields, found 6"},
       }) {
    Bench bench;
    ASSERT_TRUE(bench.load(
        "{apiVersion: kyverno.io/v2, kind: ClusterCleanupPolicy, metadata: {name: c}, spec: {" +
        std::string(row.schedule) + "match: {any: [{resources: {kinds: [ConfigMap]}}]}}}"));
    if (row.message.empty()) {
      EXPECT_TRUE(bench.loaded.problems.empty()) << row.schedule;
      EXPECT_EQ(bench.verdicts(map("{}"), Phase::Cleanup), "c=pass");
      continue;
    }
    ASSERT_EQ(bench.loaded.problems.size(), 1U) << row.schedule;
    const LoadProblem& problem = bench.loaded.problems[0];
    EXPECT_EQ(problem.pointer, "/spec/schedule");
    EXPECT_TRUE(problem.message == row.message ||
                problem.message == std::string(kWrong) + std::string(row.message))
        << problem.message;
    EXPECT_TRUE(problem.is_refused);
    EXPECT_EQ(bench.verdicts(map("{}"), Phase::Cleanup), "") << "a refused policy deletes nothing";
  }
}

}  // namespace
}  // namespace tally::kyverno
