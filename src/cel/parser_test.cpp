#include "cel/parser.hpp"

#include <gtest/gtest.h>

#include "cel/internal/ast_text.hpp"

namespace tally::cel {
namespace {

std::string parsed(std::string_view text, std::string_view profile = "spec") {
  const auto ast = parse(text, {.profile = *parse_profile(profile), .limits = {}});
  return ast ? ast_text(*ast) : to_string(ast.error(), text, "<input>");
}

// The first line of the messages, without "ERROR: <input>:".
std::string first_error(std::string_view text, const ParseOptions& options) {
  const auto ast = parse(text, options);
  if (ast) {
    return "accepted: " + ast_text(*ast).substr(0, 200);
  }
  const std::string all = to_string(ast.error(), text, "");
  return all.substr(0, all.find('\n')).substr(std::string_view("ERROR: :").size());
}

std::string first_error(std::string_view text, std::string_view profile = "spec") {
  return first_error(text, {.profile = *parse_profile(profile), .limits = {}});
}

struct Row {
  std::string_view text;
  std::string_view expected;
};

TEST(Parser, Shapes) {
  const Row rows[] = {
      {"1 + 2 * 3 - 4", "_-_(_+_(1, _*_(2, 3)), 4)"},
      {"(1 + 2) * 3", "_*_(_+_(1, 2), 3)"},
      {"a < b == c", "_==_(_<_(a, b), c)"},
      {"a in b && !c", "_&&_(@in(a, b), !_(c))"},
      {"a || b && c || d", "_||_(_||_(a, _&&_(b, c)), d)"},
      {"a && b && c && d && e", "_&&_(_&&_(_&&_(a, b), c), _&&_(d, e))"},
      {"a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"},
      {"-1 - -1 * - x", "_-_(-1, _*_(-1, -_(x)))"},
      {"--1", "1"},
      {"---x", "-_(x)"},
      {"!!true == !false", "_==_(true, !_(false))"},
      {"!-1", "!_(-1)"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"0xFF + 0xfu", "_+_(255, 15u)"},
      {"1.5e3 + .5 - 1e-400", "_-_(_+_(1500, 0.5), 0)"},
      {"a.b.c(d).e[f]", "_[_](a.b.c(d).e, f)"},
      {"a.?b[?0].c", "_[?_](_?._(a, \"b\"), 0).c"},
      {".a.b(.c)", ".a.b(.c)"},
      {". a", ".a"},
      {"a.if.in_", "a.if.in_"},
      {"a.while(1)", "a.while(1)"},
      {"[1, ?x, 2,]", "[1, ?x, 2]"},
      {"[,]", "[]"},
      {"{?'a': b, c: d,}", "{?\"a\": b, c: d}"},
      {"T.U{f: 1, ?g: 2}", "T.U{f: 1, ?g: 2}"},
      {".T{}", ".T{}"},
      {"T . U {`f-g`: 1}", "T.U{f-g: 1}"},
      {"a.`b-c/d`", "a.b-c/d"},
      {"r\"\\n\" + '''a\"b'''", "_+_(\"\\x5cn\", \"a\\x22b\")"},
      {"'\\u00e9\\U0001F431\\x41\\101\\a\\?'", "\"\u00e9\U0001F431AA\\x07?\""},
      {"b'\\xff\\303\u00e9'", "b\"\\xff\\xc3\\xc3\\xa9\""},
      {"bR'\\x' + Br\"\"\"q\"\"\"", "_+_(b\"\\x5cx\", b\"q\")"},
      {"'''a\r\nb\rc'''", "\"a\\x0ab\\x0ac\""},
      {"a // b\n + c", "_+_(a, c)"},
      {"true ? null : false", "_?_:_(true, null, false)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(parsed(row.text), row.expected) << row.text;
  }
}

// cel-go parser/macro.go, cel/library.go, ext/: the shape decides what an expression costs.
TEST(Parser, Macros) {
  const Row rows[] = {
      {"has(a.b)", "has(a.b)"},
      {"l.all(x, p)",
       "fold(x in l; @result = true; @not_strictly_false(@result); _&&_(@result, p); @result)"},
      {"l.exists(x, p)",
       "fold(x in l; @result = false; @not_strictly_false(!_(@result)); _||_(@result, p); "
       "@result)"},
      {"l.exists_one(x, p)",
       "fold(x in l; @result = 0; true; _?_:_(p, _+_(@result, 1), @result); _==_(@result, 1))"},
      {"l.map(x, f)", "fold(x in l; @result = []; true; _+_(@result, [f]); @result)"},
      {"l.map(x, p, f)",
       "fold(x in l; @result = []; true; _?_:_(p, _+_(@result, [f]), @result); @result)"},
      {"l.filter(x, p)",
       "fold(x in l; @result = []; true; _?_:_(p, _+_(@result, [x]), @result); @result)"},
      {"l.all(i, v, p)",
       "fold(i, v in l; @result = true; @not_strictly_false(@result); _&&_(@result, p); @result)"},
      {"m.transformList(i, v, p, f)",
       "fold(i, v in m; @result = []; true; _?_:_(p, _+_(@result, [f]), @result); @result)"},
      {"m.transformMap(k, v, f)",
       "fold(k, v in m; @result = {}; true; cel.@mapInsert(@result, k, f); @result)"},
      {"m.transformMapEntry(k, v, p, {v: k})",
       "fold(k, v in m; @result = {}; true; _?_:_(p, cel.@mapInsert(@result, {v: k}), @result); "
       "@result)"},
      {"cel.bind(x, 1, x)", "fold(#unused in []; x = 1; false; x; x)"},
      {"l.sortBy(x, -x)",
       "fold(#unused in []; @__sortBy_input__ = l; false; @__sortBy_input__; "
       "@__sortBy_input__.@sortByAssociatedKeys(fold(x in @__sortBy_input__; @result = []; true; "
       "_+_(@result, [-_(x)]); @result)))"},
      {"o.optMap(x, f)",
       "_?_:_(o.hasValue(), optional.of(fold(#unused in []; x = o.value(); false; x; f)), "
       "optional.none())"},
      {"math.least(1, 2, 3)", "math.@min([1, 2, 3])"},
      {"math.greatest(1, x)", "math.@max(1, x)"},
      {"m.greatest(1, 2)", "m.greatest(1, 2)"},
      {"proto.getExt(m, a.b.c)", "m.a.b.c"},
      {"proto.hasExt(m, a.b.c)", "has(m.a.b.c)"},
      {"cel.block([1, cel.index(0)], cel.index(1) + cel.iterVar(0, 1))",
       "cel.@block([1, @index0], _+_(@index1, @it:0:1))"},
      {"a.has(b)", "a.has(b)"},
      {"all(l, x)", "all(l, x)"},
      {"l.all(x)", "l.all(x)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(parsed(row.text), row.expected) << row.text;
  }
}

TEST(Parser, MacrosOutsideTheProfileStayCalls) {
  EXPECT_EQ(parsed("l.all(i, v, p)", "kubernetes:1.31"), "l.all(i, v, p)");
  EXPECT_EQ(parsed("l.sortBy(x, x)", "kubernetes:1.33"), "l.sortBy(x, x)");
  EXPECT_EQ(parsed("cel.bind(x, 1, x)", "kubernetes"), "cel.bind(x, 1, x)");
  // cel-go 0.26, which the API server of 1.36 uses, evaluates the target twice.
  EXPECT_EQ(parsed("a.b.optFlatMap(x, f)", "kubernetes"),
            "_?_:_(a.b.hasValue(), fold(#unused in []; x = a.b.value(); false; x; f), "
            "optional.none())");
  const auto plain =
      parse("has(a.b)", {.profile = *parse_profile("spec"), .macros = false, .limits = {}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(ast_text(*plain), "has(a.b)");
  EXPECT_EQ((*plain)[plain->root].kind, ExprKind::Call);
}

#define EXPRESSION_FIRST                                                                           \
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, " \
  "BYTES, IDENTIFIER}"

// Texts and positions are cel-go 0.31's.
TEST(Parser, Rejects) {
  const Row rows[] = {
      {"", "1:1: Syntax error: mismatched input '<EOF>' expecting " EXPRESSION_FIRST},
      {"1 +", "1:4: Syntax error: mismatched input '<EOF>' expecting " EXPRESSION_FIRST},
      {"*@a | b", "1:1: Syntax error: extraneous input '*' expecting " EXPRESSION_FIRST},
      {"a | b", "1:3: Syntax error: token recognition error at: '| '"},
      {"1 + $", "1:5: Syntax error: token recognition error at: '$'"},
      {"\"\\xFh\"", "1:1: Syntax error: token recognition error at: '\"\\xFh'"},
      {"'a", "1:1: Syntax error: token recognition error at: ''a'"},
      {"1 2", "1:3: Syntax error: extraneous input '2' expecting <EOF>"},
      {"1 2 3", "1:3: Syntax error: mismatched input '2' expecting <EOF>"},
      {"T(){}", "1:4: Syntax error: mismatched input '{' expecting <EOF>"},
      {"(1", "1:3: Syntax error: missing ')' at '<EOF>'"},
      {"(1 2", "1:4: Syntax error: mismatched input '2' expecting ')'"},
      {"(1 2)", "1:4: Syntax error: extraneous input '2' expecting ')'"},
      {"f(1", "1:4: Syntax error: missing ')' at '<EOF>'"},
      {"[1 2 3]", "1:4: Syntax error: mismatched input '2' expecting {']', ','}"},
      {"{a}", "1:3: Syntax error: mismatched input '}' expecting ':'"},
      {"{'a': 1}.\"a\"", "1:10: Syntax error: no viable alternative at input '.\"a\"'"},
      {"a.true", "1:3: Syntax error: mismatched input 'true' expecting IDENTIFIER"},
      {"a.", "1:3: Syntax error: no viable alternative at input '.'"},
      {"--", "1:3: Syntax error: no viable alternative at input '-'"},
      {"a ? b", "1:6: Syntax error: mismatched input '<EOF>' expecting ':'"},
      {"func{{a}}",
       "1:6: Syntax error: extraneous input '{' expecting {'}', ',', '?', IDENTIFIER, "
       "ESC_IDENTIFIER}"},
      {"in", "1:1: Syntax error: mismatched input 'in' expecting " EXPRESSION_FIRST},
      {"as", "1:1: reserved identifier: as"},
      {".while(1)", "1:1: reserved identifier: while"},
      {"9223372036854775808", "1:1: invalid int literal"},
      {"-9223372036854775809", "1:1: invalid int literal"},
      {"0xFFFFFFFFFFFFFFFFF", "1:1: invalid int literal"},
      {"18446744073709551616u", "1:1: invalid uint literal"},
      {"1.99e90000009", "1:1: invalid double literal"},
      {"'\\ud800'", "1:1: invalid unicode code point"},
      {"b'\\u00e9'", "1:1: unable to unescape string"},
      {"has(m)", "1:5: invalid argument to has() macro"},
      {"1.all(2, 3)", "1:7: argument must be a simple name"},
      {"m.map(__result__, 1)", "1:7: iteration variable overwrites accumulator variable"},
      {"m.filter(a.b, false)", "1:11: argument is not an identifier"},
      {"m.all(i, i, true)", "1:10: duplicate variable name: i"},
      {"cel.bind(a.b, 1, 2)", "1:11: cel.bind() variable names must be simple identifiers"},
      {"o.optMap(1, 2)", "1:10: optMap() variable name must be a simple identifier"},
      {"math.least()", "1:1: math.least() requires at least one argument"},
      {"math.least('a')", "1:12: math.least() invalid single argument value"},
      {"math.greatest(1, [])", "1:18: math.greatest() simple literal arguments must be numeric"},
      {"{}.sortBy(x, x)",
       "1:1: sortBy can only be applied to a list, identifier, comprehension, call or select "
       "expression"},
      {"proto.getExt(m, x)", "1:17: invalid extension field"},
      {"cel.block(1, 2)", "1:11: cel.block requires the first arg to be a list literal"},
      {"[1, 2].map(var, var)", "1:12: reserved identifier: var"},
      {"'\u00e9' + \u00e9", "1:7: Syntax error: token recognition error at: '\u00e9'"},
      {"a\n + +", "2:4: Syntax error: mismatched input '+' expecting " EXPRESSION_FIRST},
      {"'\xff'", "1:2: Syntax error: the text is not valid UTF-8"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(first_error(row.text), row.expected) << row.text;
  }
}

TEST(Parser, SyntaxOutsideTheProfile) {
  EXPECT_EQ(first_error("a.?b", "kubernetes:1.27"),
            "1:2: unsupported syntax '.?', which exists since Kubernetes 1.28");
  EXPECT_EQ(first_error("a[?b]", "kubernetes:1.27"),
            "1:2: unsupported syntax '[?', which exists since Kubernetes 1.28");
  EXPECT_EQ(first_error("[?a]", "kubernetes:1.27"),
            "1:2: unsupported syntax '?', which exists since Kubernetes 1.28");
  EXPECT_EQ(first_error("a.`b`", "kubernetes"), "1:3: unsupported syntax: '`'");
  EXPECT_EQ(parsed("a.?b", "kubernetes:1.28"), "_?._(a, \"b\")");
}

TEST(Parser, Messages) {
  EXPECT_EQ(parsed("1 +\n\t'\u00e9' $"),
            "ERROR: <input>:2:6: Syntax error: token recognition error at: '$'\n"
            " |  '\u00e9' $\n"
            " | ..\uff0e..^");
  EXPECT_EQ(parsed("[1, 2].map(var, 1)"),
            "ERROR: <input>:1:12: reserved identifier: var\n"
            " | [1, 2].map(var, 1)\n"
            " | ...........^\n"
            "ERROR: <input>:1:12: argument is not an identifier\n"
            " | [1, 2].map(var, 1)\n"
            " | ...........^");
  std::string many;
  for (int i = 0; i < 300; ++i) {
    many += "$ ";
  }
  const auto ast = parse(many, {.profile = {}, .limits = {}});
  ASSERT_FALSE(ast);
  EXPECT_EQ(ast.error().size(), 100U);
}

TEST(Parser, Positions) {
  const auto ast = parse("foo(a.b, c[0]) + -x", {.profile = {}, .limits = {}});
  ASSERT_TRUE(ast);
  const Expr& sum = (*ast)[ast->root];
  EXPECT_EQ(sum.offset, 15U);
  EXPECT_EQ(sum.end, 19U);
  const Expr& call = (*ast)[ast->child(sum, 0)];
  EXPECT_EQ(call.offset, 3U);
  EXPECT_EQ(call.end, 14U);
  EXPECT_EQ((*ast)[ast->child(call, 0)].offset, 5U);
  EXPECT_EQ((*ast)[ast->child(call, 1)].offset, 10U);
  EXPECT_EQ((*ast)[ast->child(sum, 1)].offset, 17U);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

// Each limit: what is just inside, what is just outside.
TEST(Parser, Limits) {
  const auto nested = [](std::size_t n) { return repeated("(", n) + "1" + repeated(")", n); };
  EXPECT_EQ(parsed(nested(249)), "1");
  EXPECT_EQ(first_error(nested(250)), "-1:0: expression recursion limit exceeded: 250");
  const auto lists = [](std::size_t n) { return repeated("[", n) + repeated("]", n); };
  EXPECT_EQ(parsed(lists(250)).size(), 500U);
  EXPECT_EQ(first_error(lists(251)), "-1:0: expression recursion limit exceeded: 250");
  EXPECT_TRUE(first_error("a" + repeated(".a", 250)).starts_with("accepted"));
  EXPECT_EQ(first_error("a" + repeated(".a", 251)), "-1:0: max recursion depth exceeded");
  EXPECT_TRUE(first_error("1" + repeated("+1", 250)).starts_with("accepted"));
  EXPECT_EQ(first_error("1" + repeated("+1", 251)), "-1:0: max recursion depth exceeded");
  EXPECT_TRUE(first_error("a" + repeated("&&a", 20'000)).starts_with("accepted"));
  EXPECT_TRUE(first_error(repeated("!", 99'999) + "a").starts_with("accepted"));
  EXPECT_TRUE(first_error("a" + repeated(" ", 99'999)).starts_with("accepted"));
  EXPECT_EQ(first_error("a" + repeated(" ", 100'000)),
            "-1:0: expression code point size exceeds limit: size: 100001, limit 100000");
  EXPECT_TRUE(first_error("'" + repeated("\u00e9", 99'998) + "'").starts_with("accepted"));

  ParseOptions few{.profile = *parse_profile("spec"), .limits = {.nodes_max = 8}};
  EXPECT_TRUE(first_error("[1, 2, 3, 4, 5, 6, 7]", few).starts_with("accepted"));
  EXPECT_EQ(first_error("[1, 2, 3, 4, 5, 6, 7, 8]", few),
            "-1:0: expression node count exceeds limit: 8");
  EXPECT_EQ(first_error("l.all(x, true)", few), "-1:0: expression node count exceeds limit: 8");
}

// Megabytes of one thing: neither time nor native stack may depend on it, with limits off either.
TEST(Parser, HostileInput) {
  constexpr std::size_t kTimes = 2'000'000;
  ParseOptions open{
      .profile = *parse_profile("spec"),
      .limits = {.characters_max = 100'000'000, .depth_max = 0xFFFFFFFF, .nodes_max = 1'000'000}};
  EXPECT_EQ(first_error(repeated("(", kTimes), open),
            "-1:0: expression recursion limit exceeded: 1000");
  EXPECT_EQ(first_error(repeated("[", kTimes), open),
            "-1:0: expression recursion limit exceeded: 1000");
  EXPECT_EQ(first_error(repeated("{1:", kTimes / 3), open),
            "-1:0: expression recursion limit exceeded: 1000");
  EXPECT_EQ(first_error(repeated("a?b:", kTimes / 4), open),
            "-1:0: expression recursion limit exceeded: 1000");
  EXPECT_EQ(first_error("a" + repeated(".a", kTimes / 2), open),
            "-1:0: max recursion depth exceeded");
  EXPECT_EQ(first_error("1" + repeated("+1", kTimes / 2), open),
            "-1:0: max recursion depth exceeded");
  EXPECT_TRUE(first_error(repeated("!", kTimes), open).ends_with("IDENTIFIER}"));
  EXPECT_EQ(first_error("a" + repeated("||a", kTimes / 3), open),
            "-1:0: expression node count exceeds limit: 1000000");
  // Each optMap() of the API server's cel-go doubles the target.
  std::string doubled = "a.b";
  for (int i = 0; i < 60; ++i) {
    doubled += ".optMap(x, x)";
  }
  EXPECT_EQ(first_error(doubled, "kubernetes"),
            "-1:0: expression node count exceeds limit: 100000");
}

}  // namespace
}  // namespace tally::cel
