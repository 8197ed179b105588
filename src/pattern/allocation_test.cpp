// Matching an object that passes takes nothing from the heap, whatever the pattern uses.
#include <gtest/gtest.h>

#include <string>

#include "base/testing/counted_allocations.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/pattern.hpp"

namespace tally::pattern {
namespace {

using document::Node;

Node read(Arena& arena, std::string_view yaml) {
  const auto source = document::Source::from_text("test", std::string(yaml));
  const auto node = document::read_one(*source, arena);
  EXPECT_TRUE(node) << yaml;
  return document::deep_copy(arena, *node);
}

TEST(PatternAllocation, NoneForAnObjectThatPasses) {
  struct Row {
    std::string_view pattern;
    std::string_view resource;
  };
  static constexpr Row kRows[] = {
      {"{spec: {containers: [{(image): '*:v?', resources: {limits: {memory: '<=4Gi'}}}]}}",
       "{spec: {containers: [{image: a/b:v1, resources: {limits: {memory: 512Mi}}}, {image: c}]}}"},
      {"{a: '1h-2h | 5Mi-10Mi & !7Mi', b: '?*', c: 1.5, d: '10!-20'}",
       "{a: 8388608, b: x, c: 1.5, d: 1234.5678}"},
      {"{=(x): 1, X(z): null, ^(l): [{k: a}], <(g): '*'}", "{l: [{k: b}, {k: a}], g: 1}"},
      {"{metadata: {labels: {app*: web, =(tier?): '*'}, annotations: {(x*): z}}}",
       "{metadata: {labels: {app.kubernetes.io/name: web, tier1: a}, annotations: "
       "{x-long-key-of-an-"
       "annotation: z}}}"},
  };
  for (const Row& row : kRows) {
    Arena texts;
    const Node node = read(texts, row.pattern);
    const Node resource = read(texts, row.resource);
    const auto pattern = Pattern::compile(node);
    ASSERT_TRUE(pattern);
    Arena scratch;
    ASSERT_EQ(pattern->match(resource, scratch).verdict, Verdict::Pass) << row.pattern;
    scratch.reset();
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) {
      scratch.reset();
      std::ignore = pattern->match(resource, scratch);
    }
    EXPECT_EQ(allocations - before, 0U) << row.pattern;
  }
}

}  // namespace
}  // namespace tally::pattern
