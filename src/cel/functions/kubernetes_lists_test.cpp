#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesListsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"[1,2,3].isSorted()", "true", 3},
      {"[3,1].isSorted()", "false", 2},
      {R"cel(["a","b","b"].isSorted())cel", "true", 0},
      {"[1,3].sum()", "4", 2},
      {"[1.0,3.0].sum()", "4.0", 2},
      {"[9223372036854775807,1].sum()", "!integer overflow"},
      {R"cel([duration("1m"),duration("1s")].sum())cel", R"cel(duration("61s"))cel", 2},
      {"[1u,2u].sum()", "3u", 2},
      {"[].sum()", "0", 0},
      {"[3,1,2].max()", "3", 3},
      {R"cel(["b","a"].min())cel", R"cel("a")cel", 0},
      {"[].min()", "!min called on empty list"},
      {"[1,2,2,3].indexOf(2)", "1", 4},
      {"[1,2,2,3].lastIndexOf(2)", "2", 4},
      {"[1.0].indexOf(1.1)", "-1", 1},
      {R"cel(["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","b"].indexOf("b"))cel", "1", 3},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
