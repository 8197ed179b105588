#include "pattern/condition.hpp"

#include <gtest/gtest.h>

#include <string>

#include "document/read.hpp"
#include "document/source.hpp"

namespace tally::pattern {
namespace {

using document::Node;

Node read(Arena& arena, std::string_view json) {
  const auto source = document::Source::from_text("test", "[" + std::string(json) + "]");
  const auto list = document::read_one(*source, arena);
  EXPECT_TRUE(list) << json;
  return document::deep_copy(arena, list->items()[0]);
}

ConditionResult ask(std::string_view op, std::string_view key, std::string_view value,
                    const ConditionOptions& options = {}) {
  static Arena arena;
  const auto parsed = parse_operator(op);
  EXPECT_TRUE(parsed) << op;
  return evaluate(*parsed, read(arena, key), read(arena, value), arena, options);
}

struct Row {
  std::string_view op;
  std::string_view key;
  std::string_view value;
  bool holds;
};

void expect_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const ConditionResult result = ask(row.op, row.key, row.value);
    EXPECT_EQ(result.holds, row.holds) << row.key << " " << row.op << " " << row.value;
    EXPECT_EQ(result.problem, "") << row.key << " " << row.op << " " << row.value;
  }
}

TEST(Condition, NamesOfOperators) {
  EXPECT_EQ(parse_operator("Equal"), Operator::Equals);
  EXPECT_EQ(parse_operator("anyin"), Operator::AnyIn);
  EXPECT_EQ(parse_operator("GreaterThan"), Operator::GreaterThan);
  EXPECT_EQ(parse_operator("greaterthan"), Operator::NeverHolds);
  EXPECT_EQ(operator_name(Operator::NotEquals), "NotEquals");
  EXPECT_TRUE(is_deprecated(Operator::In));
  EXPECT_FALSE(is_deprecated(Operator::AnyIn));
  for (const std::string_view wrong : {"", "==", "AnyIn ", "Contains", "EqualsAll"}) {
    EXPECT_FALSE(parse_operator(wrong)) << wrong;
  }
}

TEST(Condition, Equality) {
  static constexpr Row kRows[] = {
      {"Equals", "\"web\"", "\"web\"", true},
      {"Equals", "\"web-1\"", "\"web-*\"", true},
      {"Equals", "\"1Gi\"", "\"1024Mi\"", true},
      {"Equals", "\"1h\"", "3600", true},
      {"Equals", "5", "\"5\"", true},
      {"Equals", "5", "5.0", true},
      {"Equals", "5.0", "5", true},
      {"Equals", "[1,\"a\"]", "[1,\"a\"]", true},
      {"Equals", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true},
      {"NotEquals", "\"web\"", "\"db\"", true},
      {"NotEquals", "\"5\"", "\"\"", true},
      {"NotEquals", "5", "\"five\"", true},
      {"NotEquals", "true", "\"true\"", true},
      {"Equals", "\"web-*\"", "\"web-1\"", false},
      // The key is a quantity, so that the value is no wildcard.
      {"Equals", "\"5\"", "\"*\"", false},
      {"Equals", "5", "\"5.0\"", false},
      {"Equals", "5", "5.5", false},
      {"Equals", "5", "\"5s\"", false},
      {"Equals", "[1]", "[1.0]", false},
      {"Equals", "[1]", "[1,2]", false},
      {"Equals", "{\"a\":1}", "{\"b\":1}", false},
      {"Equals", "null", "null", false},
      {"NotEquals", "null", "\"x\"", false},
      {"Equals", "true", "\"true\"", false},
      {"NotEquals", "\"1Gi\"", "\"1024Mi\"", false},
      {"Equals", "\"0\"", "\"0s\"", false},
  };
  expect_rows(kRows);
}

TEST(Condition, Membership) {
  static constexpr Row kRows[] = {
      {"AnyIn", "\"a\"", "[\"a\",\"b\"]", true},
      {"AnyIn", "\"a*\"", "[\"abc\"]", true},
      {"AnyIn", "\"abc\"", "[\"a*\"]", true},
      {"AnyIn", "5", "\"1-10\"", true},
      {"AnyIn", "\"a\"", "\"[\\\"a\\\",\\\"b\\\"]\"", true},
      {"AnyIn", "[\"x\",\"b\"]", "[\"a\",\"b\"]", true},
      {"AnyIn", "[1,2]", "2", true},
      {"AllIn", "[\"a\",\"b\"]", "[\"b\",\"a\",\"c\"]", true},
      {"AllIn", "[3,4]", "\"1-5\"", true},
      {"AllIn", "[]", "[\"a\"]", true},
      {"AnyNotIn", "[\"a\",\"x\"]", "[\"a\"]", true},
      {"AnyNotIn", "[20]", "\"1-10\"", true},
      {"AllNotIn", "[\"x\",\"y\"]", "[\"a\"]", true},
      {"AllNotIn", "[20,30]", "\"1-10\"", true},
      {"In", "\"a\"", "[\"a\"]", true},
      {"In", "[\"a\"]", "[\"a\",\"b\"]", true},
      {"NotIn", "[\"c\"]", "[\"a\",\"b\"]", true},
      // Upstream says that a list of one is not in the text it equals.
      {"NotIn", "[\"a\"]", "\"a\"", true},
      {"AnyIn", "\"c\"", "[\"a\",\"b\"]", false},
      {"AnyIn", "1000000.0", "[\"1000000\"]", false},
      {"AnyIn", "50", "\"1-10\"", false},
      {"AnyIn", "\"a\"", "5", false},
      {"AnyNotIn", "\"a\"", "5", false},
      {"AnyIn", "\"1\"", "\"[1]\"", false},
      {"AnyNotIn", "\"1\"", "\"[1]\"", false},
      {"AnyIn", "null", "[null]", false},
      {"AnyIn", "[]", "[\"a\"]", false},
      {"AllIn", "[\"a\",\"x\"]", "[\"a\"]", false},
      {"AllIn", "[1]", "1", false},
      {"AllIn", "[3,40]", "\"1-5\"", false},
      {"AnyNotIn", "[\"a\"]", "\"a\"", false},
      {"AnyNotIn", "[\"a\"]", "[\"a\"]", false},
      {"AllNotIn", "[\"a\",\"x\"]", "[\"a\"]", false},
      {"AllNotIn", "[2,30]", "\"1-10\"", false},
      {"In", "\"a\"", "\"[\\\"b\\\"]\"", false},
      {"In", "[\"a\"]", "[\"a\",1]", false},
      {"In", "{}", "[\"a\"]", false},
  };
  expect_rows(kRows);
}

TEST(Condition, Orders) {
  static constexpr Row kRows[] = {
      {"GreaterThan", "5", "4", true},
      {"GreaterThan", "\"5\"", "4.5", true},
      {"GreaterThanOrEquals", "\"1Gi\"", "\"1024Mi\"", true},
      {"LessThan", "\"30s\"", "\"1m\"", true},
      {"LessThan", "30", "\"1m\"", true},
      {"LessThanOrEquals", "\"1m\"", "60", true},
      {"LessThan", "\"1.2.3-rc1\"", "\"1.2.3\"", true},
      {"DurationGreaterThan", "\"2h\"", "3600", true},
      {"DurationLessThanOrEquals", "60", "\"1m\"", true},
      {"GreaterThan", "4", "5", false},
      {"greaterthan", "5", "4", false},
      {"GreaterThan", "true", "0", false},
      {"GreaterThan", "null", "0", false},
      {"GreaterThan", "[5]", "4", false},
      {"GreaterThan", "\"x\"", "4", false},
      {"GreaterThan", "\"v1.2.3\"", "\"1.2.2\"", false},
      {"GreaterThan", "\"1.2.3\"", "1", false},
      {"GreaterThan", "5", "\"x\"", false},
      {"GreaterThan", "5", "\"NaN\"", false},
      {"LessThan", "\"1Gi\"", "2000000000", false},
      {"DurationGreaterThan", "\"2h\"", "\"x\"", false},
      {"DurationGreaterThan", "\"x\"", "\"1h\"", false},
      {"DurationLessThan", "true", "5", false},
  };
  expect_rows(kRows);
}

TEST(Condition, ReadingOfNumbers) {
  EXPECT_TRUE(ask("AnyIn", "1000000", "[\"1000000\"]").holds);
  EXPECT_FALSE(ask("AnyIn", "1000000", "[\"1000000\"]", {.key = NumberReading::AsDoubles}).holds);
  EXPECT_TRUE(ask("AnyIn", "1000000", "[\"1e+06\"]", {.key = NumberReading::AsDoubles}).holds);
  EXPECT_TRUE(ask("Equals", "5", "\"5.0\"", {.key = NumberReading::AsDoubles}).holds);
}

TEST(Condition, Problems) {
  struct Problem {
    std::string_view op;
    std::string key;
    std::string value;
    std::string_view problem;
  };
  const std::string long_text = "\"" + std::string(3'000, 'a') + "\"";
  const std::string hard = "\"*" + std::string(2'000, 'a') + "b\"";
  const Problem rows[] = {
      {"In", "[1]", "[\"a\"]", "In and NotIn take a list of texts only"},
      {"NotIn", "[null]", "[\"a\"]", "In and NotIn take a list of texts only"},
      {"AnyIn", "[[" + long_text + "]]", "[\"a\"]",
       "an operand of the condition is too large or too deep to be compared as text"},
      {"AnyIn", long_text, "[" + hard + "]", "the condition needs too many steps"},
      {"Equals", long_text, hard, "the condition needs too many steps"},
      {"AllIn", "[" + long_text + "]", hard, "the condition needs too many steps"},
  };
  for (const Problem& row : rows) {
    const auto result = ask(row.op, row.key, row.value, {.steps = 100'000, .text_bytes = 1'000});
    EXPECT_FALSE(result.holds) << row.op << " " << row.key.substr(0, 20);
    EXPECT_EQ(result.problem, row.problem) << row.op << " " << row.key.substr(0, 20);
  }
}

TEST(Condition, TextsThatMayBeJson) {
  static constexpr Row kRows[] = {
      {"AnyIn", "\"\\u00e9\"", R"(" [ \"\\u00e9\" ] ")", true},
      {"AnyIn", "\"\\ud83d\\ude00\"", R"("[\"\\ud83d\\ude00\"]")", true},
      {"AnyIn", "\"\"", R"("[null]")", true},
      {"AllIn", "[\"a\",\"b\"]", R"("[\"a\",\"b\",\"c\"]")", true},
      {"AnyIn", "[\"a\"]", R"("[\"a\"")", false},
      {"AnyIn", "\"a\"", R"("[\"a\",]")", false},
      {"AnyIn", "\"a\"", R"("[\"a\"]]")", false},
      {"AnyIn", "\"a\"", R"("[\"a\",1]")", false},
      {"AnyIn", "\"a\"", R"("[\"a\",[\"b\"]]")", false},
      {"AnyIn", "\"a\"", R"("{\"a\":\"a\"}")", false},
      {"AnyIn", "\"a\"", R"("null")", false},
      {"AnyIn", "\"a\"", R"("[\"\\x\"]")", false},
      {"AnyNotIn", "\"a\"", R"("true")", false},
      {"AnyNotIn", "\"a\"", R"("01")", true},
  };
  expect_rows(kRows);
  std::string deep(100'000, '[');
  EXPECT_FALSE(ask("AnyIn", "\"a\"", "\"" + deep + "\"").holds);
}

}  // namespace
}  // namespace tally::pattern
