#include <array>

#include "cel/functions/expression_cases.hpp"

namespace tally::cel {
namespace {

TEST(StringFunctionsTest, InKubernetes) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel("hello".charAt(4))cel", R"cel("o")cel", 1},
      {R"cel("hello".charAt(5))cel", R"cel("")cel", 1},
      {R"cel("hello".charAt(6))cel", "!index out of range: 6"},
      {R"cel("héllo".charAt(1))cel", R"cel("é")cel", 1},
      {R"cel("abc".indexOf(""))cel", "0", 0},
      {R"cel("abc".indexOf("",9))cel", "3", 0},
      {R"cel("abc".indexOf("c",-1))cel", "!index out of range: -1"},
      {R"cel("日本語日".indexOf("日",1))cel", "3", 1},
      {R"cel("abcabc".lastIndexOf("abc"))cel", "3", 0},
      {R"cel("abcabc".lastIndexOf("abc",2))cel", "0", 0},
      {R"cel("aaaa".lastIndexOf("aa",1))cel", "1", 0},
      {R"cel("".lastIndexOf("a"))cel", "-1", 0},
      {R"cel("".lastIndexOf(""))cel", "0", 0},
      {R"cel("abc".lastIndexOf("",-1))cel", "!index out of range: -1"},
      {R"cel("TacoCÆt".lowerAscii())cel", R"cel("tacocÆt")cel", 1},
      {R"cel("TacoCæt".upperAscii())cel", R"cel("TACOCæT")cel", 1},
      {R"cel("abc".replace("","-"))cel", R"cel("-a-b-c-")cel", 1},
      {R"cel("abc".replace("","-",2))cel", R"cel("-a-bc")cel", 1},
      {R"cel("abc".replace("b",""))cel", R"cel("ac")cel", 1},
      {R"cel("hello hello".replace("he","we",1))cel", R"cel("wello hello")cel", 3},
      {R"cel("hello".replace("l","L",0))cel", R"cel("hello")cel", 1},
      {R"cel("a,b,c".split(",",2))cel", R"cel(["a", "b,c"])cel", 1},
      {R"cel("a,b,c".split(",",0))cel", "[]", 1},
      {R"cel("a,b,c".split(",",-1))cel", R"cel(["a", "b", "c"])cel", 1},
      {R"cel("héé".split(""))cel", R"cel(["h", "é", "é"])cel", 1},
      {R"cel("héé".split("",2))cel", R"cel(["h", "éé"])cel", 1},
      {R"cel("".split(","))cel", R"cel([""])cel", 0},
      {R"cel("".split(""))cel", "[]", 0},
      {R"cel("tacocat".substring(4))cel", R"cel("cat")cel", 1},
      {R"cel("tacocat".substring(8))cel", "!index out of range: 8"},
      {R"cel("tacocat".substring(3,2))cel", "!invalid substring range. start: 3, end: 2"},
      {R"cel("tacocat".substring(0,9))cel", "!index out of range: 9"},
      {R"cel("tacocat".substring(-1,2))cel", "!index out of range: -1"},
      {R"cel("\u00a0 x\u3000\t".trim())cel", R"cel("x")cel", 1},
      {R"cel(["a","b"].join("--"))cel", R"cel("a--b")cel", 1},
      {"[].join()", R"cel("")cel", 0},
      {R"cel(strings.quote("a\"b\\\n\u0007é"))cel", R"cel("\"a\\\"b\\\\\\n\\aé\"")cel", 1},
      {R"cel(["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","b"].indexOf("b"))cel", "1", 3},
      {R"cel("aaaaaaaaaabaaaaaaaaaab".lastIndexOf("ab"))cel", "20"},
      {R"cel("abc".indexOf("abcd"))cel", "-1"},
      {R"cel("x".split("x"))cel", R"cel(["", ""])cel"},
      {R"cel("aXbX".replace("X","yy",1))cel", R"cel("ayybX")cel"},
      {R"cel("abc".charAt(-1))cel", "!index out of range: -1"},
  });
  expect_values("kubernetes", kCases);
}

TEST(StringFunctionsTest, InSpec) {
  constexpr auto kCases = std::to_array<ExpressionCase>({
      {R"cel("gums".reverse())cel", R"cel("smug")cel"},
      {R"cel("héllo日".reverse())cel", R"cel("日olléh")cel"},
  });
  expect_values("spec", kCases);
}

}  // namespace
}  // namespace tally::cel
