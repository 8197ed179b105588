#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(RegexFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel(regex.replace("hello world hello","hello","hi"))cel", R"cel("hi world hi")cel"},
      {R"cel(regex.replace("banana","a","x",0))cel", R"cel("banana")cel"},
      {R"cel(regex.replace("banana","a","x",1))cel", R"cel("bxnana")cel"},
      {R"cel(regex.replace("banana","a","x",-12))cel", R"cel("bxnxnx")cel"},
      {R"cel(regex.replace("foo bar","(fo)o (ba)r",r"\2 \1"))cel", R"cel("ba fo")cel"},
      {R"cel(regex.replace("test","(.)",r"\2"))cel",
       "!replacement string references group 2 but regex has only 1 group(s)"},
      {R"cel(regex.replace("test","(.)",r"$2"))cel", R"cel("$2$2$2$2")cel"},
      {R"cel(regex.replace("id=123",r"id=(?P<value>\d+)",r"value: \values"))cel",
       R"cel(!invalid replacement string: 'value: \values' \ must be followed by a digit or \)cel"},
      {R"cel(regex.replace("foo bar",r"(fo)o (ba)r",r"\\2 \1\\"))cel", R"cel("\\2 fo\\")cel"},
      {R"cel(regex.replace("abc","","-"))cel", R"cel("-a-b-c-")cel"},
      {R"cel(regex.replace("abc","x","\\"))cel", R"cel("abc")cel"},
      {R"cel(regex.replace("abc","b","\\"))cel",
       R"cel(!invalid replacement string: '\' \ not allowed at end)cel"},
      {R"cel(regex.extract("hello world","hello(.*)"))cel", R"cel(optional.of(" world"))cel"},
      {R"cel(regex.extract("item-A, item-B",r"item-(\w+)"))cel", R"cel(optional.of("A"))cel"},
      {R"cel(regex.extract("HELLO","hello"))cel", "optional.none()"},
      {R"cel(regex.extract("testuser@testdomain","(.*)@([^.]*)"))cel",
       R"cel(!regular expression has more than one capturing group: "(.*)@([^.]*)")cel"},
      {R"cel(regex.extract("abc","b(x)?"))cel", "optional.none()"},
      {R"cel(regex.extractAll("id:123, id:456",r"id:\d+"))cel", R"cel(["id:123", "id:456"])cel"},
      {R"cel(regex.extractAll("id:123, id:456","assa"))cel", "[]"},
      {R"cel(regex.extractAll("a1b22","[a-z](\\d)"))cel", R"cel(["1", "2"])cel"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
