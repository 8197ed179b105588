#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(ComprehensionFunctionsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel({"a":1}.transformMap(k,v,v+1))cel", R"cel({"a": 2})cel", 6},
      {"[1,2].transformMap(i,v,v)", "{0: 1, 1: 2}", 9},
      {R"cel({"a":1}.transformMapEntry(k,v,{v:k}))cel", R"cel({1: "a"})cel", 35},
      {R"cel({"a":1,"b":1}.transformMapEntry(k,v,{v:k}))cel",
       "!insert failed: key 1 already exists"},
  });
  expect_values("kubernetes", kCases);
}

TEST(ComprehensionFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"[1,2,3].transformList(i,v,v>1,v*i)", "[2, 6]"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
