// The flat program and the tree walker agree: on a table here, and on every expression of the
// conformance suite where its files are at hand ($TALLY_CORPUS/cel).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../../conformance/cel/textproto.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"
#include "tree_walker.hpp"

namespace tally::cel {
namespace {

constexpr std::string_view kExpressions[] = {
    "1 + 2 * 3 - 4 / 2 % 3",
    "[1, 2, 3].map(x, x * 2).filter(x, x > 2)",
    "[1, 0, 2].all(x, 4 / x > 1)",
    "[1, 0, 2].exists(x, 4 / x > 3)",
    "[0, 1].exists(x, 1 / x == 7)",
    "[1, 2].exists_one(x, x > 1)",
    "[1, 'a', 2.0, null].map(x, type(x))",
    "{'a': 1, 'b': 2}.all(k, k < 'c')",
    "{'a': 1, 'b': 2}.transformMap(k, v, v + 1)",
    "{'a': 1, 'b': 2}.transformMapEntry(k, v, {v: k})",
    "{'a': 1, 'b': 1}.transformMapEntry(k, v, {v: k})",
    "[1, 2].transformList(i, v, i > 0, i + v)",
    "cel.bind(x, [1, 2], x + x)",
    "cel.bind(x, 1 / 0, true || x == 1)",
    "cel.bind(x, 1, cel.bind(y, x + 1, [x, y].map(x, x + y)))",
    "[1, 2].map(x, cel.bind(y, x + 1, y * y))",
    "1 / 0 == 1 && false",
    "true || 1 / 0 == 1",
    "(1 / 0 == 1) || false",
    "(1 / 0 == 1) ? 1 : 2",
    "true ? 1 : 1 / 0",
    "{'a': [1, {'b': 2}]}.a[1].b",
    "{'a': 1}.b",
    "dyn({'a': 1}).?b.?c.orValue(3)",
    "dyn({'a': {'b': 5}}).?a.b.orValue(3)",
    "[?optional.of(1), ?optional.none(), 2]",
    "{?'a': optional.none(), 'b': 1}",
    "has({'a': 1}.a) && !has({'a': 1}.b)",
    "'a' in ['a', 'b'] && !('c' in {'a': 1})",
    "dyn(1) + dyn('a')",
    "dyn(1) && true",
    "dyn('a') || dyn(1)",
    "[1, 2][5]",
    "'abc'.matches('b+') && 'abc'.matches(['x', 'c'][1])",
    "timestamp('2020-01-01T00:00:00Z') + duration('1h') > timestamp('2020-01-01T00:00:00Z')",
    "[[1, 2], [3]].map(x, x.map(y, y + size(x)))",
    "[1, 2, 3].map(x, x / (x - 2))",
    "[3, 0].filter(x, 1 / x > 0)",
};

bool agree(Arena& arena, const Value& a, const Value& b) {
  if (a.is_error() && b.is_error()) {
    return a.as_error().message == b.as_error().message || a.as_error().code == b.as_error().code;
  }
  return to_literal(arena, a) == to_literal(arena, b);
}

// The two answers when they differ, else nothing. Sets `judged` when there were two to compare.
std::string disagreement(std::string_view text, const Environment& environment, bool& judged) {
  auto ast = parse(text, {.profile = environment.options().profile, .macros = true, .limits = {}});
  if (!ast) {
    return {};
  }
  auto checked = check(std::move(*ast), environment);
  if (!checked) {
    return {};
  }
  const auto program = compile(*checked, environment);
  if (!program) {
    return {};
  }
  Arena arena;
  Evaluator evaluator;
  const Value flat = evaluator.evaluate(*program, {});
  const Value walked = walk(*checked, environment, arena, {}, 1'000'000);
  if (walked.is_error() && walked.as_error().code == ErrorCode::CostLimit) {
    return {};
  }
  judged = true;
  if (agree(arena, flat, walked)) {
    return {};
  }
  return "flat: " + std::string(to_literal(arena, flat)) +
         "\nwalk: " + std::string(to_literal(arena, walked));
}

class Agreement : public testing::Test {
 protected:
  Agreement() {
    Environment::Options options;
    options.profile = {.dialect = Dialect::Spec};
    environment_.emplace(*Environment::create(pool_, std::move(options)));
  }
  TypePool pool_;
  std::optional<Environment> environment_;
};

TEST_F(Agreement, OnExpressionsOfEveryKind) {
  for (const std::string_view expression : kExpressions) {
    bool judged = false;
    EXPECT_EQ(disagreement(expression, *environment_, judged), "") << expression;
    EXPECT_TRUE(judged) << expression;
  }
}

void expressions_of(const conformance::Field& field, std::vector<std::string>& out) {
  for (const conformance::Field& inner : field.fields) {
    if (inner.name == "expr" && inner.is_string) {
      out.push_back(inner.text);
    } else if (inner.name == "section" || inner.name == "test") {
      expressions_of(inner, out);
    }
  }
}

TEST_F(Agreement, OnTheConformanceSuite) {
  const char* given = std::getenv("TALLY_CORPUS");
  const std::filesystem::path folder =
      (given != nullptr ? std::string(given)
                        : std::string(TALLY_SOURCE_DIR) + "/../shared/corpus") +
      "/cel";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "the conformance suite is not here";
  }
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".textproto") {
      continue;
    }
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto file = conformance::parse_textproto(text);
    ASSERT_TRUE(file) << entry.path();
    std::vector<std::string> expressions;
    expressions_of(*file, expressions);
    for (const std::string& expression : expressions) {
      bool judged = false;
      EXPECT_EQ(disagreement(expression, *environment_, judged), "") << expression;
      compared += judged ? 1U : 0U;
    }
  }
  EXPECT_GT(compared, 1000U);
}

}  // namespace
}  // namespace tally::cel
