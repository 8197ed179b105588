// One classic pattern rule over a Deployment: compiling it, an object that passes, one that fails.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "base/arena.hpp"
#include "document/read.hpp"
#include "document/source.hpp"
#include "pattern/condition.hpp"
#include "pattern/pattern.hpp"

namespace {

using namespace tally;

constexpr std::string_view kPattern = R"(
metadata: {labels: {app.kubernetes.io/*: "?*"}}
spec:
  template:
    spec:
      =(hostNetwork): false
      =(securityContext): {=(runAsNonRoot): true}
      containers:
        - (name): "!istio-proxy"
          image: "registry.bank.example/* | *.bank.example/*"
          =(securityContext): {=(privileged): "false", =(allowPrivilegeEscalation): "false"}
          resources: {limits: {memory: "<=4Gi", cpu: "<=2"}, requests: {memory: "?*"}}
)";

std::string deployment(std::string_view memory) {
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"svc","labels":{"app.kubernetes.io/name":"svc","tier":"web"}},
"spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"svc"}},"spec":{"hostNetwork":false,"containers":[
{"name":"main","image":"registry.bank.example/a:1","securityContext":{"privileged":false},"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"memory":"128Mi"}}},
{"name":"side","image":"docker.bank.example/b:1","resources":{"limits":{"cpu":1,"memory":")" +
         std::string(memory) + R"("},"requests":{"memory":"64Mi"}}}]}}}})";
}

document::Node read(Arena& arena, std::string_view text) {
  const auto source = document::Source::from_text("bench", std::string(text));
  const auto node = document::read_one(*source, arena);
  if (!node) {
    std::abort();
  }
  return document::deep_copy(arena, *node);
}

void compile_pattern(benchmark::State& state) {
  Arena arena;
  const auto node = read(arena, kPattern);
  for (auto _ : state) {
    benchmark::DoNotOptimize(pattern::Pattern::compile(node));
  }
}
BENCHMARK(compile_pattern);

void match_pattern(benchmark::State& state, std::string_view memory, pattern::Verdict verdict) {
  Arena arena;
  const auto compiled = pattern::Pattern::compile(read(arena, kPattern));
  const auto resource = read(arena, deployment(memory));
  Arena scratch;
  if (compiled->match(resource, scratch).verdict != verdict) {
    state.SkipWithError("another verdict");
    return;
  }
  for (auto _ : state) {
    scratch.reset();
    benchmark::DoNotOptimize(compiled->match(resource, scratch));
  }
}
BENCHMARK_CAPTURE(match_pattern, passes, "1Gi", pattern::Verdict::Pass);
BENCHMARK_CAPTURE(match_pattern, fails, "8Gi", pattern::Verdict::Fail);

void evaluate_condition(benchmark::State& state) {
  Arena arena;
  const auto key = read(arena, R"(["NET_ADMIN","SYS_TIME"])");
  const auto value = read(arena, R"(["AUDIT_WRITE","CHOWN","KILL","NET_*"])");
  Arena scratch;
  for (auto _ : state) {
    scratch.reset();
    benchmark::DoNotOptimize(
        pattern::evaluate(pattern::Operator::AnyNotIn, key, value, scratch).holds);
  }
}
BENCHMARK(evaluate_condition);

}  // namespace
