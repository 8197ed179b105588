#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(KyvernoObjectsTest, InKyverno) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {"math.round(3.14159, 2)", "3.14"},
      {"math.round(2.5)", "3.0"},
      {"math.round(1234.5, -2)", "1200.0"},
      {R"cel(parseServiceAccount("system:serviceaccount:a:b").Name)cel", R"cel("b")cel"},
      {R"cel(user.parseServiceAccount("system:serviceaccount:a:b:c").Name)cel", R"cel("b:c")cel"},
      {R"cel(user.parseServiceAccount("bob").Namespace)cel", R"cel("")cel"},
      {R"cel(listObjToMap([{"k":"a"},{"k":"b"}], [{"v":1},{"v":2}], "k","v"))cel",
       R"cel({"b": 2, "a": 1})cel"},
      {R"cel(listObjToMap([{"k":"a"}], [], "k","v"))cel",
       "!listObjToMap must take lists of equal length. list1: 1, list2: 0"},
      {R"cel(listObjToMap([{"k":"a"}], [{"w":1}], "k","v"))cel", R"cel({"a": null})cel"},
      {R"cel(listObjToMap([{"k":1}], [{"v":1}], "k","v"))cel",
       "!the passed key name cannot be handled as a string in the key object list"},
  });
  expect_values("kyverno", kCases);
}

}  // namespace
}  // namespace tally::cel
