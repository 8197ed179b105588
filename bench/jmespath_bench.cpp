// Compiling and evaluating four expressions: a path, a projection, a filter, functions.
#include <benchmark/benchmark.h>

#include <array>
#include <string_view>

#include "document/read.hpp"
#include "document/source.hpp"
#include "jmespath/expression.hpp"

namespace {

using namespace tally;

constexpr std::array<std::string_view, 4> kExpressions{
    "request.object.metadata.name",
    "request.object.spec.containers[].image",
    "request.object.spec.containers[?securityContext.privileged == `true`].name | length(@) > `0`",
    "request.object.metadata.labels.app | to_upper(@) | split(@, '-')[0] | starts_with(@, 'W')",
};

constexpr std::string_view kInput =
    R"({"request":{"operation":"CREATE","object":{"metadata":{"name":"web","namespace":"shop",
"labels":{"app":"web-front","tier":"web"}},"spec":{"containers":[
{"name":"main","image":"registry.example.org/a:1","securityContext":{"privileged":false}},
{"name":"side","image":"registry.example.org/b:1","securityContext":{"privileged":true}},
{"name":"third","image":"registry.example.org/c:1"}]}}}})";

std::string_view expression_of(const benchmark::State& state) {
  return kExpressions[static_cast<std::size_t>(state.range(0))];
}

void compile_expression(benchmark::State& state) {
  for (auto _ : state) {
    auto expression =
        jmespath::Expression::compile(expression_of(state), jmespath::Dialect::Kyverno);
    benchmark::DoNotOptimize(expression);
  }
  state.SetLabel(std::string(expression_of(state)));
}
BENCHMARK(compile_expression)->DenseRange(0, kExpressions.size() - 1);

void search_expression(benchmark::State& state) {
  const auto source = document::Source::from_text("", kInput);
  Arena input_arena;
  const auto input = document::read_one(*source, input_arena);
  const auto expression =
      jmespath::Expression::compile(expression_of(state), jmespath::Dialect::Kyverno);
  if (!input || !expression) {
    state.SkipWithError("the input or the expression is refused");
    return;
  }
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    auto value = expression->search(*input, arena);
    benchmark::DoNotOptimize(value);
  }
  state.SetLabel(std::string(expression_of(state)));
}
BENCHMARK(search_expression)->DenseRange(0, kExpressions.size() - 1);

}  // namespace
