#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(SetFunctionsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"sets.contains([1,2,3],[2])", "true", 4},
      {"sets.contains([1],[1,2])", "false", 3},
      {"sets.equivalent([1,2,2],[2,1])", "true", 13},
      {"sets.intersects([1],[2])", "false", 2},
  });
  expect_values("kubernetes", kCases);
}

TEST(SetFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"sets.contains([1,2.0],[1u,2])", "true"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
