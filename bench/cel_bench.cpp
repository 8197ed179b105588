// Compiling and evaluating one admission expression: three macros over two containers, one over
// labels. bench/cel_go/ runs the same expression over the same object through cel-go.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "cel/program.hpp"
#include "document/read.hpp"
#include "document/source.hpp"

namespace {

using namespace tally;

constexpr std::string_view kExpression =
    "!has(object.spec.template.spec.containers) || object.spec.template.spec.containers.all(c, "
    "!has(c.securityContext) || !has(c.securityContext.privileged) || c.securityContext.privileged "
    "== false)\n  && object.spec.template.spec.containers.all(c, "
    "c.image.startsWith('registry.bank.example/') && has(c.resources.limits) && "
    "c.resources.limits.exists(k, k == 'memory'))\n  && object.metadata.labels.exists(k, k == "
    "'tier' && object.metadata.labels[k] in ['web','api','db'])";

constexpr std::string_view kObject =
    R"({"metadata":{"name":"svc-1","labels":{"app.kubernetes.io/name":"svc-1","tier":"web"}},"spec":{"replicas":3,"template":{"spec":{"containers":[
{"name":"main","image":"registry.bank.example/a:1","securityContext":{"privileged":false,"allowPrivilegeEscalation":false},"resources":{"limits":{"cpu":"500m","memory":"256Mi"}}},
{"name":"side","image":"registry.bank.example/b:1","resources":{"limits":{"memory":"1Gi"}}}]}}}})";

cel::Environment environment(cel::TypePool& pool) {
  cel::Environment::Options options;
  options.profile = *cel::parse_profile("kubernetes");
  options.variables = {{"object", &cel::kDyn}};
  return *cel::Environment::create(pool, std::move(options));
}

void compile_expression(benchmark::State& state) {
  cel::TypePool pool;
  const cel::Environment env = environment(pool);
  for (auto _ : state) {
    auto program = cel::compile(kExpression, env);
    if (!program) {
      state.SkipWithError(program.error().message.c_str());
      return;
    }
    benchmark::DoNotOptimize(program);
  }
}
BENCHMARK(compile_expression);

void evaluate_expression(benchmark::State& state) {
  cel::TypePool pool;
  const cel::Environment env = environment(pool);
  auto program = cel::compile(kExpression, env);
  if (!program) {
    state.SkipWithError(program.error().message.c_str());
    return;
  }
  const auto source = document::Source::from_text("object.json", std::string(kObject));
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  for (const document::Slice& slice : document::split(*source)) {
    document::read_slice(*source, slice, arena, {}, documents, errors);
  }
  const cel::Value variables[] = {cel::Value::from_node(documents.at(0).root)};
  cel::Evaluator evaluator;
  for (auto _ : state) {
    evaluator.reset();
    const cel::Value result = evaluator.evaluate(*program, variables, {.cost_max = 1'000'000});
    if (!result.is_true()) {
      state.SkipWithError("expected true");
      return;
    }
    benchmark::DoNotOptimize(result);
  }
  state.counters["cost"] = static_cast<double>(evaluator.cost());
}
BENCHMARK(evaluate_expression);

// Loops inside of loops: every turn costs the same, however deep it stands.
void evaluate_nested_comprehensions(benchmark::State& state) {
  cel::TypePool pool;
  cel::Environment::Options options;
  options.profile = *cel::parse_profile("kubernetes");
  options.variables = {{"n", &cel::kDyn}};
  const cel::Environment env = *cel::Environment::create(pool, std::move(options));
  std::string text = "true";
  const std::int64_t depth = state.range(0);
  for (std::int64_t i = 0; i < depth; ++i) {
    text = "n.all(x" + std::to_string(i) + ", x" + std::to_string(i) + " >= 0 && " + text + ")";
  }
  auto program = cel::compile(text, env);
  if (!program) {
    state.SkipWithError(program.error().message.c_str());
    return;
  }
  const auto source = document::Source::from_text("n.json", "[0,1,2,3,4,5,6,7]");
  Arena arena;
  const auto list = document::read_one(*source, arena);
  const cel::Value variables[] = {cel::Value::from_node(*list)};
  cel::Evaluator evaluator;
  std::int64_t turns = 0;
  for (std::int64_t level = 0, width = 8; level < depth; ++level, width *= 8) {
    turns += width;
  }
  for (auto _ : state) {
    evaluator.reset();
    const cel::Value result = evaluator.evaluate(*program, variables, {.cost_max = 100'000'000});
    if (!result.is_true()) {
      state.SkipWithError("expected true");
      return;
    }
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations() * turns);
}
BENCHMARK(evaluate_nested_comprehensions)->DenseRange(1, 5, 2);

}  // namespace

// --print_expression and --print_object hand both to the peer's bench.
int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--print_expression" || first == "--print_object") {
    const std::string_view text = first == "--print_object" ? kObject : kExpression;
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
