#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KyvernoTimeTest, InKyverno) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(time.toCron(timestamp("2024-05-01T10:42:00Z")))cel", R"cel("42 10 1 5 3")cel"},
      {R"cel(time.toCron(timestamp("1969-12-31T23:59:59Z")))cel", R"cel("59 23 31 12 3")cel"},
      {R"cel(string(time.truncate(timestamp("2024-05-01T10:42:31.5Z"), duration("1h"))))cel",
       R"cel("2024-05-01T10:00:00Z")cel"},
      {R"cel(string(time.truncate(timestamp("2024-05-01T10:42:31.5Z"), duration("24h"))))cel",
       R"cel("2024-05-01T00:00:00Z")cel"},
      {R"cel(string(time.truncate(timestamp("2024-05-01T10:42:31.5Z"), duration("0s"))))cel",
       R"cel("2024-05-01T10:42:31.5Z")cel"},
      {R"cel(string(time.truncate(timestamp("2024-05-01T10:42:31.5Z"), duration("168h"))))cel",
       R"cel("2024-04-29T00:00:00Z")cel"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel
