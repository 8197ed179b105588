#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(ListFunctionsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"[1,2,3,4].slice(1,3)", "[2, 3]", 13},
      {"[1,2].slice(2,1)",
       "!cannot slice(2, 1), start index must be less than or equal to end index"},
      {"[1,2].slice(0,5)", "!cannot slice(0, 5), list is length 2"},
      {"[1,2].slice(-1,1)", "!cannot slice(-1, 1), negative indexes not supported"},
      {"[3,1,2].sort()", "[1, 2, 3]", 29},
      {R"cel(["b","a"].sort())cel", R"cel(["a", "b"])cel", 19},
      {"[].sort()", "[]", 11},
      {R"cel(["aa","b"].sortBy(e, e.size()))cel", R"cel(["b", "aa"])cel", 50},
      {"lists.range(3)", "[0, 1, 2]", 14},
      {"lists.range(-1)", "!lists.range: size must be non-negative, got -1"},
      {"[1,2,3].reverse()", "[3, 2, 1]", 14},
      {"[1,2,2,1].distinct()", "[1, 2]", 43},
      {R"cel(["a","a"].distinct())cel", R"cel(["a"])cel", 19},
  });
  expect_values("kubernetes", kCases);
}

TEST(ListFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"[4,2].sort()", "[2, 4]"},
      {R"cel([4,"a"].sort())cel", "!list elements must have the same type"},
      {"[dyn(1),dyn(1.0)].sort()", "!list elements must have the same type"},
      {"[1.0,2.0].sort()", "[1.0, 2.0]"},
      {R"cel([b"b",b"a"].sort())cel", R"cel([b"a", b"b"])cel"},
      {R"cel(["foo","bar","baz"].sortBy(e,e))cel", R"cel(["bar", "baz", "foo"])cel"},
      {"[1,[2,[3,[4]]]].flatten()", "[1, 2, [3, [4]]]"},
      {"[1,[2,[3,[4]]]].flatten(2)", "[1, 2, 3, [4]]"},
      {"[1,[2,[3,[4]]]].flatten(9)", "[1, 2, 3, 4]"},
      {"[1,[2]].flatten(-1)", "!level must be non-negative"},
      {R"cel([1,2.0,1.0,"a","a",[1],[1.0]].distinct())cel", R"cel([1, 2.0, "a", [1]])cel"},
      {"lists.range(0)", "[]"},
      {"lists.range(1000001)", "!lists.range: size 1000001 exceeds maximum allowed (1000000)"},
      {"[].first()", "optional.none()"},
      {"[1,2].last()", "optional.of(2)"},
      {"[1,2,3].reverse()", "[3, 2, 1]"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
