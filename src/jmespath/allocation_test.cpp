// A path costs no allocation on the heap, found or not.
#include <gtest/gtest.h>

#include <new>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "jmespath/expression.hpp"

namespace tally::jmespath {
namespace {

TEST(AllocationTest, PathsCostNone) {
  const auto source = document::Source::from_text(
      "", R"({"request": {"object": {"spec": {"containers": [{"image": "a"}, {"image": "b"}]}}}})");
  Arena arena;
  const auto input = document::read_one(*source, arena);
  ASSERT_TRUE(input);
  for (const std::string_view text :
       {"request.object.spec.containers[1].image", "request.object.spec",
        "@.request | object.spec.containers[0].image",
        "request.object.spec.containers[0].image == 'a' && request.object.spec"}) {
    const auto expression = Expression::compile(text, Dialect::Kyverno);
    ASSERT_TRUE(expression) << text;
    static_cast<void>(expression->search(*input, arena));
    const std::size_t before = allocations;
    const auto value = expression->search(*input, arena);
    EXPECT_EQ(allocations - before, 0U) << text;
    EXPECT_TRUE(value) << text;
  }
}

}  // namespace
}  // namespace tally::jmespath
