#include "jmespath/expression.hpp"

#include <gtest/gtest.h>

#include <array>

#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "jmespath/testing/evaluate.hpp"

namespace tally::jmespath {
namespace {

constexpr std::string_view kInput = R"({
  "name": "web", "n": 2, "yes": true, "no": false, "nil": null, "empty": {}, "none": [],
  "spec": {"replicas": 3, "containers": [
    {"name": "a", "image": "nginx:1.25", "ports": [80, 443], "cpu": 2},
    {"name": "b", "image": "redis", "ports": [6379], "cpu": 1},
    {"name": "c", "image": "busybox", "cpu": 3, "tty": true}]},
  "labels": {"app": "web", "tier": "front"},
  "nested": [[1, 2], [3, [4]], 5]
})";

struct Row {
  std::string_view expression;
  std::string_view expected;
};

void check(std::span<const Row> rows, const EvaluateOptions& options = {}) {
  for (const Row& row : rows) {
    EXPECT_EQ(evaluate_text(row.expression, kInput, options), row.expected) << row.expression;
  }
}

TEST(ExpressionTest, Selects) {
  constexpr auto kRows = std::to_array<Row>({
      {"name", R"(V "web")"},
      {"\"name\"", R"(V "web")"},
      {"@.name", R"(V "web")"},
      {"spec.replicas", "V 3"},
      {"spec.containers[0].image", R"(V "nginx:1.25")"},
      {"spec.containers[-1].name", R"(V "c")"},
      {"spec.containers[7].name", "V null"},
      {"spec.containers[*].name", R"(V ["a","b","c"])"},
      {"spec.containers[].ports", "V [[80,443],[6379]]"},
      {"spec.containers[].ports[]", "V [80,443,6379]"},
      {"spec.containers[?cpu > `1`].name", R"(V ["a","c"])"},
      {"spec.containers[?tty].name", R"(V ["c"])"},
      {"spec.containers[?!tty].name | [0]", R"(V "a")"},
      {"spec.containers[1:].name", R"(V ["b","c"])"},
      {"spec.containers[::-1].name", R"(V ["c","b","a"])"},
      {"spec.containers[*].{n: name, p: ports[0]}",
       R"(V [{"n":"a","p":80},{"n":"b","p":6379},{"n":"c","p":null}])"},
      {"[name, n]", R"(V ["web",2])"},
      {"{a: name, a: n}", R"(V {"a":2})"},
      {"nested[]", "V [1,2,3,[4],5]"},
      {"nested[][]", "V [1,2,3,4,5]"},
      {"labels.*", R"(V ["web","front"])"},
      {"empty.*", "V []"},
      {"`{\"a\": [1.50, 1e3]}`", R"(V {"a":[1.5,1000]})"},
      {"'it\\'s'", R"(V "it's")"},
      {"'a\\n'", R"(V "a\\n")"},
      {"`\"\\u0041\\`\"`", R"(V "A`")"},
      {"n == `2.0`", "V true"},
      {"n != `3`", "V true"},
      {"n < `3` && n >= `2`", "V true"},
      {"name < `3`", "V null"},
      {"labels == {tier: 'front', app: 'web'}", "V true"},
      {"no || none || empty || nil || ''", R"(V "")"},
      {"no || name", R"(V "web")"},
      {"yes && name", R"(V "web")"},
      {"none && name", "V []"},
      {"!none", "V true"},
      {"!n", "V false"},
      {"(name)", R"(V "web")"},
      {"spec.containers | [0] | name", R"(V "a")"},
      {"length(spec.containers[?cpu == max(`[1, 2]`)])", "V 1"},
      {"map(&cpu, spec.containers)", "V [2,1,3]"},
      {"sort_by(spec.containers, &cpu)[*].name", R"(V ["b","a","c"])"},
      {"&name", "V {}"},
      {"@ == @", "V true"},
      {"missing || 'x'", R"(V "x")"},
      {"spec.missing[0] || 'x'", R"(V "x")"},
      {"missing == nil", "V true"},
      {"length(to_string(missing))", "V 4"},
      {"missing[*].a", "V null"},
      {"missing[?a]", "V null"},
      {"[missing, name]", R"(V [null,"web"])"},
      {"missing | @", "V null"},
      {"name.first", "V null"},
      // The grammar forgives these.
      {"contains('abc' 'b')", "V true"},
      {"length(name,)", "V 3"},
      {"{a: name b: n}", R"(V {"a":"web","b":2})"},
      {"'length'(name)", "V 3"},
      // Before the values of `*` stand as many nulls.
      {"labels.*.to_string(@)", R"(V ["null","null","web","front"])"},
      // Errors in a source of these are null.
      {"length(n)[?a]", "V null"},
      {"length(n)[]", "V null"},
  });
  check(kRows);
}

TEST(ExpressionTest, FailsToFind) {
  constexpr auto kRows = std::to_array<Row>({
      {"missing", R"(N Unknown key "missing" in path)"},
      {"spec.missing", R"(N Unknown key "missing" in path)"},
      {"spec.missing.deeper", R"(N Unknown key "missing" in path)"},
      {"empty.a[0]", R"(N Unknown key "a" in path)"},
      {"yes && missing", R"(N Unknown key "missing" in path)"},
      {"labels.\"a b\"", R"(N Unknown key "a b" in path)"},
      {"missing[0:1]", "V null"},
      {"missing.[a, b]", R"(N Unknown key "missing" in path)"},
  });
  check(kRows);
}

TEST(ExpressionTest, FailsToEvaluate) {
  constexpr auto kRows = std::to_array<Row>({
      {"nothing(name)", "E unknown function: nothing"},
      {"spec.containers[0](name)", "E invalid node value type"},
      {"length()", "E incorrect number of args"},
      {"length(name, n)", "E incorrect number of args"},
      {"not_null()", "E Invalid arity."},
      {"length(n)",
       R"(E Invalid type for: 2, expected: []jmespath.JpType{"string", "array", "object"})"},
      {"abs('a')", R"(E Invalid type for: a, expected: []jmespath.JpType{"number"})"},
      {"sum(nil)", R"(E Invalid type for: <nil>, expected: []jmespath.JpType{"array"})"},
      {"nested[::0]", "E Invalid slice, step cannot be 0"},
      {"[1", "E Unknown AST node: ASTEmpty"},
      {"[99999999999999999999]",
       "S 1 SyntaxError: Unexpected token at the end of the expression: tNumber"},
      {"type(&name)", "E unknown type"},
      {"contains([labels], labels)",
       "E runtime error: comparing uncomparable type map[string]interface {}"},
      {"merge(labels, 'x')", R"(E Invalid type for: x, expected: []jmespath.JpType{"object"})"},
      {"labels.*.length(@)",
       R"(E Invalid type for: <nil>, expected: []jmespath.JpType{"string", "array", "object"})"},
      {"avg(`[]`)", "E json: unsupported value: NaN"},
      {"[to_number('inf')]", "E json: unsupported value: +Inf"},
  });
  check(kRows);
}

TEST(ExpressionTest, RefusesSyntax) {
  constexpr auto kRows = std::to_array<Row>({
      {"", "S 0 SyntaxError: Incomplete expression"},
      {"a.", "S 2 SyntaxError: Expected identifier, lbracket, or lbrace"},
      {".a", "S 0 SyntaxError: Invalid token: tDot"},
      {"a b",
       "S 2 SyntaxError: Unexpected token at the end of the expression: tUnquotedIdentifier"},
      {"a[", "S 2 SyntaxError: Expected tStar, received: tEOF"},
      {"a[1", "S 3 SyntaxError: Expected tRbracket, received: tEOF"},
      {"a[1:2:3:4]", "S 8 SyntaxError: Expected tRbracket, received: tNumber"},
      {"a[-]", "S 2 strconv.Atoi: parsing \"-\": invalid syntax"},
      {"a[?b", "S 4 SyntaxError: Expected tRbracket, received: tEOF"},
      {"{a: b", "S 5 SyntaxError: Expected tQuotedIdentifier or tUnquotedIdentifier"},
      {"{a b}", "S 3 SyntaxError: Expected tColon, received: tUnquotedIdentifier"},
      {"{'a': b}", "S 1 SyntaxError: Expected tQuotedIdentifier or tUnquotedIdentifier"},
      {"(a", "S 2 SyntaxError: Expected tRparen, received: tEOF"},
      {"a)", "S 1 SyntaxError: Unexpected token at the end of the expression: tRparen"},
      {"f(a", "S 3 SyntaxError: Incomplete expression"},
      {"\"f\"(a)", "S 0 SyntaxError: Can't have quoted identifier as function Name."},
      {"'abc", "S 4 SyntaxError: Unclosed delimiter: '"},
      {"'abc\\'", "S 6 SyntaxError: Unclosed delimiter: '"},
      {"\"abc", "S 4 SyntaxError: Unclosed delimiter: \""},
      {"`abc", "S 4 SyntaxError: Unclosed delimiter: `"},
      {"`abc`", "S 0 invalid character 'a' looking for beginning of value"},
      {"`[1, ]`", "S 0 invalid character ']' looking for beginning of value"},
      {"`1 2`", "S 0 invalid character '2' after top-level value"},
      {"`1e999`", "S 0 json: cannot unmarshal number 1e999 into Go value of type float64"},
      {"\"\\x\"", "S 0 invalid character 'x' in string escape code"},
      {"a = b", "S 2 SyntaxError: Unexpected token at the end of the expression: tUnknown"},
      {"a # b", "S 2 SyntaxError: Unknown char: '#'"},
      {"\xC3\xA4", "S 0 SyntaxError: Unknown char: '\\u00e4'"},
      {"a.!b", "S 2 SyntaxError: Expected identifier, lbracket, or lbrace"},
      {"a !b", "S 3 SyntaxError: Unexpected token: tNot"},
      {"a[*]!", "S 4 SyntaxError: Error"},
      {"*.", "S 2 SyntaxError: Expected identifier, lbracket, or lbrace"},
  });
  check(kRows);
}

TEST(ExpressionTest, StandardDialectFindsNull) {
  constexpr auto kRows = std::to_array<Row>({
      {"missing", "V null"},
      {"spec.missing.deeper", "V null"},
      {"labels.*.to_string(@)", R"(V ["web","front"])"},
      {"avg(`[]`)", "V null"},
      {"contains([labels], labels)", "V true"},
      {"sum(`[]`)", "V 0"},
      {"split('a,b', ',')", "E unknown function: split"},
      {"length(n)[]",
       R"(E Invalid type for: 2, expected: []jmespath.JpType{"string", "array", "object"})"},
      {"{a: missing}", R"(V {"a":null})"},
  });
  check(kRows, {.dialect = Dialect::Standard});
}

// What is only selected keeps its text; what is computed is written as Go writes it.
TEST(ExpressionTest, NumbersKeepTheirText) {
  const auto source = document::Source::from_text(
      "", R"({"a": 1.50, "big": 12345678901234567890123, "list": [1e2, 2.0]})");
  Arena arena;
  const auto input = document::read_one(*source, arena);
  ASSERT_TRUE(input);
  constexpr auto kRows = std::to_array<Row>({
      {"a", "1.50"},
      {"big", "12345678901234567890123"},
      {"list", "[1e2,2.0]"},
      {"list[?@ > `1`]", "[1e2,2.0]"},
      {"sort(list)", "[2.0,1e2]"},
      {"abs(a)", "1.5"},
      {"to_string(list)", R"("[100,2]")"},
      {"add(big, `0`)", "1.2345678901234568e+22"},
      {"sum([`0.1`, `0.2`])", "0.30000000000000004"},
      {"divide(`1`, `3`)", "0.3333333333333333"},
      {"multiply(`1e10`, `1e10`)", "100000000000000000000"},
      {"multiply(`1e11`, `1e10`)", "1e+21"},
      {"divide(`1`, `10000000`)", "1e-7"},
      {"ceil(`-0.5`)", "-0"},
  });
  for (const Row& row : kRows) {
    const auto expression = Expression::compile(row.expression, Dialect::Kyverno);
    ASSERT_TRUE(expression) << row.expression;
    const auto value = expression->search(*input, arena);
    ASSERT_TRUE(value) << row.expression << ": " << value.error().message;
    std::string json;
    document::append_json(json, *value);
    EXPECT_EQ(json, row.expected) << row.expression;
  }
}

TEST(ExpressionTest, KnowsWhichFieldsItReads) {
  struct Fields {
    std::string_view expression;
    std::vector<std::string> fields;
    bool everything;
  };
  const std::vector<Fields> rows{
      {"request.object.metadata.name", {"request"}, false},
      {"a.b || c[?d == 'x'].e | f", {"a", "c"}, false},
      {"length(a) + b", {}, false},  // no such operator
      {"length(element.containers)", {"element"}, false},
      {"map(&x, list)", {"list"}, false},
      {"[a, {k: b}, !c, d < e]", {"a", "b", "c", "d", "e"}, false},
      {"`1`", {}, false},
      {"@", {}, true},
      {"@.a", {"a"}, false},
      {"(@ | @).a", {"a"}, false},
      {"*", {}, true},
      {"[0]", {}, true},
      {"[*].a", {}, true},
      {"keys(@)", {}, true},
      {"a || @", {"a"}, true},
      {"(a || @).b", {"a", "b"}, false},
      {"[@][0].a", {}, true},
      {"a && b", {"a", "b"}, false},
  };
  for (const Fields& row : rows) {
    const auto expression = Expression::compile(row.expression, Dialect::Kyverno);
    if (!expression) {
      EXPECT_TRUE(row.fields.empty()) << row.expression;
      continue;
    }
    const auto fields = expression->root_fields();
    EXPECT_EQ(std::vector<std::string>(fields.begin(), fields.end()), row.fields) << row.expression;
    EXPECT_EQ(expression->reads_everything(), row.everything) << row.expression;
  }
}

TEST(ExpressionTest, ErrorsSayWhere) {
  struct Where {
    std::string_view expression;
    std::uint32_t offset;
  };
  constexpr auto kRows = std::to_array<Where>({
      {"name || nothing(n)", 0},  // not reached: no error
      {"empty || nothing(n)", 9},
      {"spec.missing", 5},
      {"[n, length(n)]", 4},
      {"map(&length(@), nested)", 5},
      {"nested | [::0]", 9},
  });
  Arena arena;
  const auto source = document::Source::from_text("", kInput);
  const auto input = document::read_one(*source, arena);
  ASSERT_TRUE(input);
  for (const Where& row : kRows) {
    const auto expression = Expression::compile(row.expression, Dialect::Kyverno);
    ASSERT_TRUE(expression) << row.expression;
    const auto value = expression->search(*input, arena);
    EXPECT_EQ(value ? 0 : value.error().offset, row.offset) << row.expression;
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

TEST(ExpressionTest, LimitsHold) {
  const auto outcome = [](const std::string& expression, const Limits& limits) {
    const std::string text = evaluate_text(expression, kInput, {.limits = limits});
    return text.substr(0, 60);
  };
  // Bytes of the text.
  EXPECT_EQ(outcome("name", {.text_bytes = 4}), R"(V "web")");
  EXPECT_EQ(outcome("name", {.text_bytes = 3}),
            "S 3 SyntaxError: the expression has 4 bytes, more than 3");
  // Depth of the text; long paths have none.
  EXPECT_EQ(outcome(repeated("(", 98) + "n" + repeated(")", 98), {.depth = 99}), "V 2");
  EXPECT_EQ(outcome(repeated("(", 99) + "n" + repeated(")", 99), {.depth = 99}),
            "S 99 SyntaxError: the expression is nested too deeply");
  EXPECT_EQ(outcome("nil" + repeated(".a", 10'000), {}), "V null");
  EXPECT_EQ(outcome("nil" + repeated(" || nil", 198), {}), "V null");
  EXPECT_TRUE(outcome("nil" + repeated(" || nil", 10'000), {}).starts_with("S "));
  for (const std::string_view bomb : {"(", "[", "!", "{a:", "a[?", "f(", "&", "a.f().", "a | "}) {
    EXPECT_TRUE(outcome(repeated(bomb, 5'000), {}).starts_with("S ")) << bomb;
  }
  // Depth of the evaluation: a reference that reaches itself.
  EXPECT_EQ(outcome("map(&map(@, [@]), [&map(@, [@])])", {}),
            "E the evaluation is nested too deeply");
  // Steps and bytes.
  EXPECT_EQ(outcome("nested[*][*]", {.steps = 30}), "V [[1,2],[3,[4]]]");
  EXPECT_EQ(outcome("nested[*][*]", {.steps = 8}), "E the expression takes too many steps");
  EXPECT_EQ(outcome("to_upper('abcd')", {.bytes = 4}), R"(V "ABCD")");
  EXPECT_EQ(outcome("to_upper('abcde')", {.bytes = 4}), "E the expression makes too much data");
  // A limit is not forgiven where errors are.
  EXPECT_EQ(outcome("to_upper('abcde')[]", {.bytes = 4}), "E the expression makes too much data");
  // Doubling.
  std::string doubling = "'0123456789'";
  for (int i = 0; i < 40; ++i) {
    doubling += " | join('', [@, @])";
  }
  EXPECT_EQ(outcome(doubling, {}), "E the expression makes too much data");
  EXPECT_EQ(
      outcome("replace_all('" + repeated("a", 10'000) + "', '', '" + repeated("b", 10'000) + "')",
              {}),
      "E the expression makes too much data");
  EXPECT_EQ(outcome("parse_json('" + repeated("[", 501) + repeated("]", 501) + "')", {}),
            "E exceeded max depth");
  EXPECT_TRUE(outcome("parse_json('" + repeated("[", 500) + repeated("]", 500) + "')", {})
                  .starts_with("V [["));
  EXPECT_TRUE(outcome("regex_match('(((a{100}){100}){100})', 'a')", {}).starts_with("E "));
  EXPECT_EQ(outcome("regex_match('(a*)*b', '" + repeated("a", 10'000) + "')", {}), "V false");
  EXPECT_EQ(
      outcome("pattern_match('" + repeated("a*", 500) + "b', '" + repeated("a", 20'000) + "')",
              {.steps = 1000}),
      "E the expression takes too many steps");
  EXPECT_EQ(outcome("random('((((x{1000}){1000}){1000}))')", {}),
            "E the expression takes too many steps");
}

// The names of expressions that are made from input stay out of the symbol table, and are found.
TEST(ExpressionTest, NamesMayBeLookedUp) {
  EXPECT_EQ(evaluate_text("spec.containers[0].name", kInput, {.limits = {.names = Names::LookUp}}),
            R"(V "a")");
  EXPECT_EQ(evaluate_text("spec.nope", kInput, {.limits = {.names = Names::LookUp}}),
            R"(N Unknown key "nope" in path)");
}

}  // namespace
}  // namespace tally::jmespath
