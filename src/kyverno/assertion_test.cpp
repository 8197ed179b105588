#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kyverno/testing/assertion_values.hpp"

namespace tally::kyverno::internal {
namespace {

using document::Node;

TEST(Assertion, ReadsKeys) {
  struct KeyRow {
    std::string_view text;
    std::string_view expected;  // foreach name|binding|expression or name|statement
  };
  // kyverno-json pkg/engine/assert/expression_test.go, and what its expressions imply.
  constexpr KeyRow kKeys[] = {
      {"", "-||name|"},
      {"test", "-||name|test"},
      {"(test)", "-||expression|test"},
      {"test.test", "-||name|test.test"},
      {"~.test", "~||name|test"},
      {"~.(test.test)", "~||expression|test.test"},
      {"~index.(test)->foo", "~index|foo|expression|test"},
      {"test->foo", "-|foo|name|test"},
      {"(test)->foo", "-|foo|expression|test"},
      {"(test)-> foo", "-|foo|expression|test"},
      {R"(\~(test)->foo\)", R"(-||name|~(test)->foo)"},
      {R"(\test\)", "-||name|test"},
      {R"(~index.\(test)\->name)", "~index|name|name|(test)"},
      {"(jp:test)", "-||expression|test"},
      // Not what they look like.
      {"(test) -> foo", "-|foo|name|(test) "},
      {"~test", "-||name|~test"},
      {"~a-b.test", "-||name|~a-b.test"},
      {"()", "-||name|()"},
      {R"(\\)", R"(-||name|\\)"},
      {"(a\nb)", "-||name|(a\nb)"},
      {"test->foo-bar", "-||name|test->foo-bar"},
      {"test->", "-||name|test->"},
      {"(jp:)", "-||expression|jp:"},
      {"~.a\nb", "~||name|a"},
  };
  for (const KeyRow& row : kKeys) {
    const AssertionText key = AssertionText::parse(row.text);
    EXPECT_EQ(fmt::format("{}{}|{}|{}|{}", key.is_foreach ? "~" : "-", key.foreach_name,
                          key.binding, key.is_expression ? "expression" : "name", key.statement),
              row.expected)
        << row.text;
  }
}

TEST(Assertion, RefusesWhatCannotBeRead) {
  struct BadRow {
    std::string_view assertion;
    std::string_view pointer;
    std::string_view message;
  };
  constexpr BadRow kBad[] = {
      {R"~({"spec": {"(a b)": 1}})~", "/spec/(a b)", "Unexpected token at the end"},
      {R"~({"spec": {"a~/b": "x", "c": "(])"}})~", "/spec/c", "Invalid token: TOKRbracket"},
      {R"~({"a~/b": [1, {"b": "(x ==)"}]})~", "/a~0~1b/1/b", "Incomplete expression"},
      {R"~({"a": "~i.(b)"})~", "/a", "foreach is not supported on the RHS"},
      {R"~({"a": "(b)->c"})~", "/a", "binding is not supported on the RHS"},
      {R"~({"(let $a in b)": 1})~", "/(let $a in b)", "Expected TOKAssign"},
      {R"~({"(let $a = b)": 1})~", "/(let $a = b)", "Expected keyword in, received: TOKEOF"},
      {R"~({"('a'(b))": 1})~", "/('a'(b))", "Invalid node as function name."},
      {R"~({"(a[1)": 1})~", "/(a[1)", "Expected TOKRbracket"},
  };
  for (const BadRow& row : kBad) {
    const Json tree(row.assertion);
    const auto assertion = Assertion::compile(tree.root, {});
    ASSERT_FALSE(assertion) << row.assertion;
    EXPECT_EQ(assertion.error().pointer, row.pointer) << row.assertion;
    EXPECT_NE(assertion.error().message.find(row.message), std::string::npos)
        << assertion.error().message;
  }
}

TEST(Assertion, HasLimits) {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) {
      text += "{\"a\":";
    }
    return text + "1" + std::string(depth, '}');
  };
  const Json deep(nested(63));
  EXPECT_TRUE(Assertion::compile(deep.root, {}));
  const Json too_deep(nested(64));
  const auto refused = Assertion::compile(too_deep.root, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the assertion is nested too deeply");

  const Json list("[1,2,3]");
  EXPECT_TRUE(Assertion::compile(list.root, {.nodes = 4}));
  ASSERT_FALSE(Assertion::compile(list.root, {.nodes = 3}));

  const Json wrong("[0,0,0]");
  const Values values{Node{}};
  Arena arena;
  const auto few = Assertion::compile(list.root, {.mismatches = 2});
  ASSERT_TRUE(few);
  const auto all = few->check(wrong.root, arena, values, nullptr);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 2);

  const Json tree(R"~({"~.(@)": {"~.(@)": 0}})~");
  const Json value(R"~([[0,0,0],[0,0,0]])~");
  // 1 + 2 + 6 assertions, and 6 comparisons.
  const auto enough = Assertion::compile(tree.root, {.steps = 15});
  ASSERT_TRUE(enough);
  EXPECT_TRUE(enough->check(value.root, arena, values, nullptr));
  const auto too_few = Assertion::compile(tree.root, {.steps = 13});
  ASSERT_TRUE(too_few);
  const auto work = too_few->check(value.root, arena, values, nullptr);
  ASSERT_FALSE(work);
  EXPECT_EQ(work.error(), "too much work: the assertion takes too many steps");
}

TEST(Assertion, PointsIntoTheInput) {
  const Json tree(
      R"~({"spec": {"~.containers": {"image": "x"}, "(labels)": {"app": 1}, "none": 1}})~");
  const Json value(
      R"~({"spec": {"containers": [{"image": "x"}, {"image": "y"}], "labels": {"app": 2}}})~");
  Arena arena;
  const Values values{Node{}};
  const auto assertion = Assertion::compile(tree.root, {});
  ASSERT_TRUE(assertion);
  const auto outcome = assertion->check(value.root, arena, values, nullptr);
  ASSERT_TRUE(outcome);
  ASSERT_EQ(outcome->size(), 3);
  EXPECT_EQ((*outcome)[0].pointer, "/spec/containers/1/image");
  EXPECT_EQ((*outcome)[1].pointer, "/spec");
  EXPECT_EQ((*outcome)[2].pointer, "/spec");
}

}  // namespace
}  // namespace tally::kyverno::internal
