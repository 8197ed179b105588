// Pod Security alone: pods a second and core with every check of restricted:latest, findings
// included. The documents exist before the clock starts. Target: 2 million pods a second.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "pod_security/pod_security.hpp"
#include "pod_security/scratch.hpp"

namespace {

using namespace tally;

// A Deployment's pod template as applications write it; meets restricted unless privileged.
std::string pod_text(std::size_t i, bool privileged) {
  const std::string n = std::to_string(i);
  return R"(metadata:
  labels:
    app: svc-)" +
         n + R"(
    tier: api
spec:
  serviceAccountName: svc-)" +
         n + R"(
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: main
    image: registry.bank.example/team/svc-)" +
         n + R"(:1.2.3
    ports:
    - name: http
      containerPort: 8080
    env:
    - name: LEDGER_ADDR
      value: "http://ledger.team:8080"
    - name: LOG_LEVEL
      value: "info"
    resources:
      requests:
        cpu: 100m
        memory: 128Mi
      limits:
        cpu: 500m
        memory: 256Mi
    readinessProbe:
      httpGet:
        path: /healthz
        port: http
    securityContext:
      allowPrivilegeEscalation: false
      privileged: )" +
         (privileged ? "true" : "false") + R"(
      readOnlyRootFilesystem: true
      capabilities:
        drop:
        - ALL
  volumes:
  - name: tmp
    emptyDir: {}
)";
}

// All pods stand in one file, as in a rendered release.
struct Pods {
  Arena arena;
  std::shared_ptr<const document::Source> source;
  std::vector<document::Document> documents;
  std::vector<pod_security::Pod> pods;

  // Every `privileged_every`-th pod is privileged; 0: none.
  Pods(std::size_t count, std::size_t privileged_every) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "---\n" + pod_text(i, privileged_every != 0 && i % privileged_every == 0);
    }
    source = document::Source::from_text("pods.yaml", text);
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source)) {
      document::read_slice(*source, slice, arena, {}, documents, errors);
    }
    if (!errors.empty() || documents.size() != count) {
      std::abort();
    }
    for (const document::Document& document : documents) {
      pods.push_back({.metadata = document.root.find("metadata"),
                      .spec = document.root.find("spec"),
                      .metadata_pointer = "/spec/template/metadata",
                      .spec_pointer = "/spec/template/spec"});
    }
  }
};

const pod_security::Plan& restricted() {
  return pod_security::plan_for(
      {.level = pod_security::Level::Restricted, .version = pod_security::Version::latest()});
}

void evaluate_pods(benchmark::State& state) {
  const Pods pods(static_cast<std::size_t>(state.range(0)),
                  static_cast<std::size_t>(state.range(1)));
  pod_security::Scratch scratch;
  Arena results;
  std::size_t failing = 0;
  for (auto _ : state) {
    results.reset();
    failing = 0;
    for (const pod_security::Pod& pod : pods.pods) {
      failing += pod_security::evaluate(pod, restricted(), scratch, results).empty() ? 0U : 1U;
    }
    benchmark::DoNotOptimize(failing);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["failing"] = static_cast<double>(failing);
}
BENCHMARK(evaluate_pods)
    ->ArgNames({"pods", "privileged_every"})
    ->Args({100, 0})
    ->Args({10'000, 0})
    ->Args({10'000, 37})
    ->Args({10'000, 1})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
