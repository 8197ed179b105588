// Dialect::KyvernoJson: what github.com/jmespath-community/go-jmespath adds, by the program and by
// the tree walker. What kyverno-json itself says to such expressions is in
// src/kyverno/assertion_upstream_test.cpp.
#include <gtest/gtest.h>

#include "jmespath/testing/evaluate.hpp"

namespace tally::jmespath {
namespace {

TEST(KyvernoJsonTest, Expressions) {
  struct Row {
    std::string_view expression;
    std::string_view expected;
  };
  constexpr std::string_view kInput =
      R"({"a": "héllo", "n": 7, "l": [1, 2, 3], "o": {"k": "v"}, "t": "x"})";
  for (const Row& row : std::initializer_list<Row>{
           {"let $x = n in $x + `1`", "V 8"},
           {"let $x = n in let $x = t in $x", "V \"x\""},
           {"let $x = n, $y = t in [$x, $y]", "V [7,\"x\"]"},
           {"(let $x = n in $x) | @", "V 7"},
           {"l[?@ > let $x = `1` in $x]", "V [2,3]"},
           {"let", "V null"},
           {"let.in", "V null"},
           {"n - `2` - `1`", "V 4"},
           {"`1` - `2` * `3`", "V -5"},
           {"n % `4` // `2`", "V 1"},
           {"-n", "V -7"},
           {"+t", "V null"},
           {"n+`1` > n", "V true"},
           {"a[1:3]", "V \"él\""},
           {"a[::-2]", "V \"olh\""},
           {"a[::0]", "V null"},
           {"l[::-1]", "V [3,2,1]"},
           {"$", "V null"},
           {"'a\\\\b'", R"(V "a\\b")"},
           {"missing.deeper", "V null"},
           {"missing.{a: @}", "V null"},
           {"[missing]", "V [null]"},
           {"n - 1", "S 4 SyntaxError: Invalid token: TOKNumber"},
           {"n -1", "S 2 SyntaxError: Unexpected token at the end of the expression: TOKNumber"},
           {"$x", "E variable not defined: $x"},
           {"(let $x = n in t) && $x", "E variable not defined: $x"},
           {"let $x = n, $y = $x in $y", "E variable not defined: $x"},
           {"let $x in n", "S 7 SyntaxError: Expected TOKAssign, received: TOKUnquotedIdentifier"},
           {"let $x = n", "S 10 SyntaxError: Expected keyword in, received: TOKEOF"},
           {"a = b", "S 2 SyntaxError: Unexpected token at the end of the expression: TOKAssign"},
           {"l[::0]", "E Invalid slice, step cannot be 0"},
           {"n ^ n", "S 2 SyntaxError: Unknown char: '^'"},
           {"`1` / `0`", "E json: unsupported value: +Inf"},
           {"length(n)",
            R"(E invalid type for: 7, expected: []functions.JpType{"string", "array", "object"})"},
           {"at(l, `1`)", "E invalid type, second argument must be an int"},
           {"from_items([t])", "E invalid type, first argument must be an array of arrays"},
       }) {
    EXPECT_EQ(evaluate_text(row.expression, kInput, {.dialect = Dialect::KyvernoJson}),
              row.expected)
        << row.expression;
  }
}

// Nothing of it is known elsewhere.
TEST(KyvernoJsonTest, OtherDialectsDoNotKnowIt) {
  for (const std::string_view expression :
       {"$x", "$", "let $x = n in $x", "n + n", "n % n", "n / n", "n * n", "-n"}) {
    for (const Dialect dialect : {Dialect::Standard, Dialect::Kyverno}) {
      EXPECT_TRUE(evaluate_text(expression, "{}", {.dialect = dialect}).starts_with("S "))
          << expression;
    }
  }
}

TEST(KyvernoJsonTest, HasLimits) {
  const EvaluateOptions few{.dialect = Dialect::KyvernoJson, .limits = {.steps = 20}};
  EXPECT_EQ(evaluate_text("let $x = n in $x", R"({"n": 1})", few), "V 1");
  EXPECT_EQ(evaluate_text("map(&(let $x = @ in [$x, $x]), n)", R"({"n": [1, 2, 3, 4, 5]})", few),
            "E the expression takes too many steps");
  std::string deep = "n";
  for (int i = 0; i < 300; ++i) {
    deep = "let $x = " + deep + " in $x";
  }
  EXPECT_NE(evaluate_text(deep, "{}", {.dialect = Dialect::KyvernoJson}).find("nested too deeply"),
            std::string::npos);
}

}  // namespace
}  // namespace tally::jmespath
