// The nouns of Kubernetes on 10,000 Deployments (630,000 nodes, the shape of
// bench/cluster_generator's uniform cluster): documents to Objects, the structure check, the
// Snapshot and its indexes. TALLY_BENCH_FILE names another manifest file.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"
#include "kube/snapshot.hpp"
#include "kube/structure.hpp"
#include "scalar/quantity.hpp"

namespace {

using namespace tally;

std::string deployment(int i) {
  const std::string n = std::to_string(i);
  const std::string team = "team-" + std::to_string(i % 50);
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: svc-" + n +
         "\n  namespace: " + team + "\n  labels:\n    app.kubernetes.io/name: svc-" + n +
         "\n    app.kubernetes.io/part-of: bank\n    tier: api\n"
         "spec:\n  replicas: 3\n  selector:\n    matchLabels:\n      app: svc-" +
         n + "\n  template:\n    metadata:\n      labels:\n        app: svc-" + n +
         "\n        tier: api\n    spec:\n"
         "      serviceAccountName: svc-" +
         n +
         "\n      securityContext:\n        runAsNonRoot: true\n        seccompProfile:\n"
         "          type: RuntimeDefault\n      containers:\n      - name: main\n        image: "
         "registry.bank.example/" +
         team + "/svc-" + n +
         ":1.2.3\n        ports:\n        - name: http\n          containerPort: 8080\n        "
         "env:\n        - name: LEDGER\n"
         "          value: \"http://ledger:8080\"\n        - name: LOG_LEVEL\n          value: "
         "info\n        resources:\n          requests:\n"
         "            cpu: 100m\n            memory: 128Mi\n          limits:\n            cpu: "
         "500m\n            memory: 256Mi\n"
         "        readinessProbe:\n          httpGet:\n            path: /healthz\n            "
         "port: http\n        securityContext:\n"
         "          allowPrivilegeEscalation: false\n          privileged: false\n          "
         "readOnlyRootFilesystem: true\n"
         "          capabilities:\n            drop: [ALL]\n        volumeMounts:\n        - name: "
         "tmp\n          mountPath: /tmp\n"
         "      volumes:\n      - name: tmp\n        emptyDir: {}\n---\n";
}

// Read once, shared by all benches.
struct Cluster {
  std::shared_ptr<const document::Source> source;
  Arena arena;
  std::vector<document::Document> documents;
  std::vector<document::DocumentError> errors;
  std::vector<kube::Object> objects;
  std::vector<kube::NotAnObject> rejected;
  std::size_t nodes = 0;
};

std::size_t count(const document::Node& node) {
  std::size_t total = 1;
  for (const document::Node& item : node.items()) {
    total += count(item);
  }
  return total;
}

const Cluster& cluster() {
  static const Cluster the_cluster = [] {
    Cluster made;
    kube::load_api_kinds();
    if (const char* file = std::getenv("TALLY_BENCH_FILE"); file != nullptr) {
      auto read = document::Source::read_file(file);
      if (!read) {
        std::abort();
      }
      made.source = *read;
    } else {
      std::string text;
      for (int i = 0; i < 10'000; ++i) {
        text += deployment(i);
      }
      made.source = document::Source::from_text("cluster.yaml", text);
    }
    for (const document::Slice& slice : document::split(*made.source)) {
      document::read_slice(*made.source, slice, made.arena, {}, made.documents, made.errors);
    }
    for (const document::Document& document : made.documents) {
      kube::append_objects(document, *made.source, made.objects, made.rejected);
      made.nodes += count(document.root);
    }
    return made;
  }();
  return the_cluster;
}

void load_table(benchmark::State& state) {
  // The first call of the process: what `load_api_kinds` costs a command that needs it.
  for (auto _ : state) {
    kube::load_api_kinds();
  }
}
BENCHMARK(load_table)->Iterations(1)->Unit(benchmark::kMicrosecond);

void append_objects(benchmark::State& state) {
  const Cluster& made = cluster();
  for (auto _ : state) {
    std::vector<kube::Object> objects;
    std::vector<kube::NotAnObject> rejected;
    objects.reserve(made.objects.size());
    for (const document::Document& document : made.documents) {
      kube::append_objects(document, *made.source, objects, rejected);
    }
    benchmark::DoNotOptimize(objects.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(made.objects.size()));
}
BENCHMARK(append_objects)->Unit(benchmark::kMillisecond);

void check_structure(benchmark::State& state) {
  const Cluster& made = cluster();
  Arena arena;
  kube::StructureScratch scratch;
  std::size_t problems = 0;
  for (auto _ : state) {
    for (const kube::Object& object : made.objects) {
      problems += kube::check_structure(object, arena, scratch).size();
    }
    arena.reset();
  }
  state.counters["problems"] =
      static_cast<double>(problems) / static_cast<double>(state.iterations());
  state.counters["nodes"] = static_cast<double>(made.nodes);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(made.nodes));
}
BENCHMARK(check_structure)->Unit(benchmark::kMillisecond);

void create_snapshot(benchmark::State& state) {
  const Cluster& made = cluster();
  for (auto _ : state) {
    benchmark::DoNotOptimize(kube::Snapshot::create(made.objects, "default"));
  }
}
BENCHMARK(create_snapshot)->Unit(benchmark::kMillisecond);

void index_snapshot(benchmark::State& state) {
  const Cluster& made = cluster();
  for (auto _ : state) {
    const auto snapshot = kube::Snapshot::create(made.objects, "default");
    benchmark::DoNotOptimize(
        snapshot->by_kind("apps", "Deployment").size() + snapshot->by_namespace("team-1").size() +
        snapshot->by_label("tier", "api").size() +
        snapshot->by_owner("ReplicaSet", "a", "b").size() + snapshot->namespaces().size());
  }
}
BENCHMARK(index_snapshot)->Unit(benchmark::kMillisecond);

void parse_quantity(benchmark::State& state) {
  for (auto _ : state) {
    for (const char* text : {"100m", "128Mi", "1", "1.5Gi", "0.25"}) {
      benchmark::DoNotOptimize(scalar::Quantity::try_parse(text));
    }
  }
  state.SetItemsProcessed(state.iterations() * 5);
}
BENCHMARK(parse_quantity);

}  // namespace
