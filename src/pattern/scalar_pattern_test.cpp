#include "pattern/scalar_pattern.hpp"

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

struct Row {
  std::string_view value;
  std::string_view pattern;
  bool matches;
};

void expect_rows(std::span<const Row> rows, NumberReading reading = NumberReading::AsWritten) {
  Arena arena;
  for (const Row& row : rows) {
    Budget budget{1'000'000};
    const Node value = read(arena, row.value);
    const Node pattern = read(arena, row.pattern);
    const Match wanted = row.matches ? Match::Yes : Match::No;
    EXPECT_EQ(ScalarPattern::compile(pattern, arena, reading).match(value, budget), wanted)
        << row.value << " against " << row.pattern;
    EXPECT_EQ(match_scalar(value, pattern, budget, reading), wanted)
        << row.value << " against " << row.pattern << ", at once";
  }
}

TEST(ScalarPattern, NumbersBooleansAndNull) {
  static constexpr Row kRows[] = {
      {"3", "3", true},          {"3.0", "3", true},          {"3", "3.0", true},
      {"\"3\"", "3", true},      {"\"+3\"", "3", true},       {"\"3.0\"", "3.0", true},
      {"\"3e0\"", "3.0", true},  {"true", "true", true},      {"null", "null", true},
      {"0", "null", true},       {"0.0", "null", true},       {"\"\"", "null", true},
      {"false", "null", true},   {"{\"x\":1}", "{}", true},   {"4", "3", false},
      {"3.5", "3", false},       {"3", "3.5", false},         {"\"3.0\"", "3", false},
      {"\"three\"", "3", false}, {"\"three\"", "3.5", false}, {"null", "3", false},
      {"true", "1", false},      {"\"true\"", "true", false}, {"false", "true", false},
      {"1", "null", false},      {"\"x\"", "null", false},    {"true", "null", false},
      {"{}", "null", false},     {"[]", "null", false},       {"[]", "{}", false},
      {"\"x\"", "{}", false},    {"[1]", "[1]", false},       {"[]", "[]", false},
  };
  expect_rows(kRows);
}

TEST(ScalarPattern, DoublesOfAnyPattern) {
  static constexpr Row kRows[] = {
      {"5", "5", true},          {"\"5.0\"", "5", true}, {"\"0x5p0\"", "5", true},
      {"\"1_0\"", "10", true},   {"5.5", "5", false},    {"\"5.1\"", "5", false},
      {"\"1__0\"", "10", false}, {"\"_5\"", "5", false}, {"\"1e999\"", "5", false},
  };
  expect_rows(kRows, NumberReading::AsDoubles);
}

TEST(ScalarPattern, TextsAndWildcards) {
  static constexpr Row kRows[] = {
      {"\"web\"", "\"web\"", true},
      {"\"web-1\"", "\"web-?\"", true},
      {"\"a/b/c\"", "\"*/c\"", true},
      {"\"\"", "\"*\"", true},
      {"\"\\u00e9\"", "\"?\"", true},
      {"\"a|b\"", "\"a|b\"", true},
      {"\"b\"", "\"a | b\"", true},
      {"\"abc\"", "\"a* & *c\"", true},
      {"\"abc\"", "\"x | a* & *c\"", true},
      {"\"web\"", "\"!db\"", true},
      {"true", "\"true\"", true},
      {"7", "\"7\"", true},
      {"7", "\"?\"", true},
      {"1.5", "\"1.5E+00\"", true},
      {"1.5", "\"1.5*\"", true},
      {"\"v1.2\"", "\"!*:latest\"", true},
      {"\"web\"", "\"Web\"", false},
      {"\"web\"", "\"web-?\"", false},
      {"\"\"", "\"?*\"", false},
      {"\"c\"", "\"a | b\"", false},
      {"\"abd\"", "\"a* & *c\"", false},
      {"\"db\"", "\"!db\"", false},
      {"null", "\"*\"", false},
      {"null", "\"!db\"", false},
      {"{}", "\"*\"", false},
      {"[]", "\"!x\"", false},
      {"\"b\"", "\">a\"", false},
      {"\"b\"", "\"<=c\"", false},
      {"\"\\u00e9\"", "\"??\"", false},
      {"false", "\"true\"", false},
  };
  expect_rows(kRows);
}

TEST(ScalarPattern, QuantitiesDurationsAndRanges) {
  static constexpr Row kRows[] = {
      {"\"512Mi\"", "\"<=1Gi\"", true},
      {"\"1024Mi\"", "\"1Gi\"", true},
      {"\"100m\"", "\"0.1\"", true},
      {"2", "\"<3\"", true},
      {"2.5", "\">2\"", true},
      {"\"90s\"", "\">1m\"", true},
      {"\"60m\"", "\"1h\"", true},
      {"5", "\"1-10\"", true},
      {"\"512Mi\"", "\"256Mi-1Gi\"", true},
      {"\"15\"", "\"1!-10\"", true},
      {"\"90s\"", "\"1m-2m\"", true},
      {"-3", "\"-5--1\"", true},
      // An absent field is 0, which is the trap.
      {"null", "\"<=1Gi\"", true},
      {"null", "\"0\"", true},
      {"null", "\"<1h\"", true},
      {"null", "\"!5\"", true},
      {"\"2Gi\"", "\"<=1Gi\"", false},
      {"\"1000Mi\"", "\"1Gi\"", false},
      {"3", "\"<3\"", false},
      {"\"60s\"", "\">1m\"", false},
      {"11", "\"1-10\"", false},
      {"\"5\"", "\"1!-10\"", false},
      {"\"3m\"", "\"1m-2m\"", false},
      {"null", "\">0\"", false},
      {"null", "\"1-10\"", false},
      {"true", "\">0\"", false},
      {"\"x\"", "\">0\"", false},
      {"\"\"", "\"<=1Gi\"", false},
      {"5", "\"1-\"", false},
      {"5", "\"10-1\"", false},
      {"99999999999999999999999999999999", "\"1-10\"", false},
      {"5", "\"1-99999999999999999999999999999999x\"", false},
  };
  expect_rows(kRows);
}

TEST(ScalarPattern, CatastrophicWildcardsEnd) {
  // go-wildcard tries every split of the text here.
  std::string stars;
  for (int i = 0; i < 60; ++i) {
    stars += "*a";
  }
  Budget budget{1'000'000};
  EXPECT_EQ(match_wildcard(stars + "*b", std::string(5'000, 'a'), budget), Match::No);
  EXPECT_EQ(match_wildcard(stars, std::string(5'000, 'a'), budget), Match::Yes);
}

TEST(ScalarPattern, WildcardsKeepToTheirBudget) {
  const std::string pattern = "*" + std::string(2'000, 'a') + "b";
  const std::string text(4'000, 'a');
  Budget least{4'010'000};
  EXPECT_EQ(match_wildcard(pattern, text, least), Match::No);
  Budget less{3'000'000};
  EXPECT_EQ(match_wildcard(pattern, text, less), Match::OverBudget);
  EXPECT_EQ(less.left, 0U);
}

}  // namespace
}  // namespace tally::pattern
