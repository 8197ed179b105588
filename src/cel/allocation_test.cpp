// After warm-up an evaluation takes nothing from the heap, whatever the expression is.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "cel/program.hpp"
#include "document/read.hpp"

namespace {

thread_local std::size_t allocations = 0;

void* counted(std::size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);  // NOLINT(cppcoreguidelines-no-malloc)
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }

namespace tally::cel {
namespace {

constexpr std::string_view kObject =
    R"({"metadata":{"name":"web-1","labels":{"tier":"web","app":"shop"}},"spec":{"replicas":3,"items":[
{"name":"a","image":"x/a:1","size":1},{"name":"b","size":2.5},{"name":"c","image":"x/c:1","size":"3"}]}})";

constexpr std::string_view kExpressions[] = {
    // friendly
    "object.spec.replicas <= 5",
    "object.spec.items.all(i, has(i.image) && i.image.startsWith('x/'))",
    "object.metadata.labels.exists(k, k == 'tier' && object.metadata.labels[k] in ['web', 'db'])",
    "object.spec.items.map(i, i.name).size() == 3",
    "object.spec.items.filter(i, has(i.image)).map(i, i.name + '!')",
    "object.metadata.?labels[?'tier'].orValue('none') == 'web'",
    "object.metadata.name.matches('^web-[0-9]+$')",
    // adversarial: missing fields, wrong types, errors in loops, growing texts and lists
    "object.nothing.at.all == 1 || object.spec.replicas == 'x'",
    "object.spec.items.map(i, i.image)",
    "object.spec.items.all(i, i.size > 1)",
    "object.spec.items.exists(i, i.size / 0 == 1)",
    "object.spec.items[99].name == object.spec.items['x']",
    "object.spec.items.map(a, object.spec.items.map(b, [a, b, a.name + b.name]))",
    "object.metadata.name < 1 || int(object.metadata.name) == 2",
    "object.spec.replicas.all(x, x)",
};

TEST(Evaluation, AllocatesNothingAfterWarmUp) {
  TypePool pool;
  Environment::Options options;
  options.profile = *parse_profile("kubernetes");
  options.variables = {{"object", &kDyn}};
  const auto environment = Environment::create(pool, std::move(options));
  ASSERT_TRUE(environment);
  const auto source = document::Source::from_text("object.json", std::string(kObject));
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  ASSERT_EQ(documents.size(), 1U);
  const Value variables[] = {Value::from_node(documents[0].root)};
  Evaluator evaluator;
  for (const std::string_view expression : kExpressions) {
    const auto program = compile(expression, *environment);
    ASSERT_TRUE(program) << expression << "\n" << program.error().message;
    for (int i = 0; i < 3; ++i) {
      evaluator.reset();
      static_cast<void>(evaluator.evaluate(*program, variables));
    }
    evaluator.reset();
    const std::size_t before = allocations;
    const Value result = evaluator.evaluate(*program, variables);
    EXPECT_EQ(allocations, before) << expression << " = " << to_literal(arena, result);
  }
}

}  // namespace
}  // namespace tally::cel
