#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KubernetesRegexTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel("abc 123".find("[0-9]+"))cel", R"cel("123")cel", 2},
      {R"cel("abc 123".find("xyz"))cel", R"cel("")cel", 1},
      {R"cel("123 abc 456".findAll("[0-9]*"))cel", R"cel(["123", "", "", "", "", "456"])cel", 4},
      {R"cel("123 abc 456".findAll("[0-9]*",1))cel", R"cel(["123"])cel", 4},
      {R"cel("123 abc 456".findAll("[0-9]+",0))cel", "[]", 4},
      {R"cel("aéb".findAll(""))cel", R"cel(["", "", "", ""])cel", 0},
      {R"cel("abc".findAll("b|$"))cel", R"cel(["b", ""])cel", 1},
      {R"cel("foo bar".findAll("\\bb"))cel", R"cel(["b"])cel", 1},
  });
  expect_values("kubernetes", kCases);
}

}  // namespace
}  // namespace tally::cel
