// Deciding about one request beside many policies: 10,000 of them in 500 namespaces, as a mesh has
// them (a deny-all and a few allowing policies a namespace, some of the root namespace), and the
// worst case, where all of a namespace's policies select one workload.
//
//   build/bench/bench/authorization_bench
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "authorization/decide.hpp"
#include "authorization/reach.hpp"
#include "base/arena.hpp"
#include "document/read.hpp"
#include "kube/api_kinds.hpp"
#include "kube/objects.hpp"

namespace {

using namespace tally;
using namespace tally::authorization;

class Mesh {
 public:
  // `selects`: every policy but the first of a namespace has a selector, three the same.
  Mesh(int namespaces, int policies, bool selects = true) {
    kube::load_api_kinds();
    std::string yaml;
    for (int n = 0; n < namespaces; ++n) {
      yaml += fmt::format(
          "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: "
          "deny-all, namespace: ns-{}}}\nspec: {{}}\n",
          n);
      for (int p = 1; p < policies; ++p) {
        yaml += fmt::format(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
            "metadata: {{name: p-{}, namespace: ns-{}}}\n"
            "spec:\n{}  action: {}\n  rules:\n"
            "  - from: [{{source: {{principals: [cluster.local/ns/ns-{}/sa/app-{}, "
            "cluster.local/ns/*]}}}}]\n"
            "    to: [{{operation: {{methods: [GET, POST], paths: [/api/v1/*, '/users/{{*}}/{}'], "
            "ports: ['8080']}}}}]\n",
            p, n,
            selects ? fmt::format("  selector: {{matchLabels: {{app: app-{}}}}}\n", p / 3)
                    : std::string{},
            p % 3 == 0 ? "DENY" : "ALLOW", (n + 1) % namespaces, p, p);
      }
    }
    load(yaml);
  }

  [[nodiscard]] const PolicySet& set() const { return loaded_->set; }

  [[nodiscard]] Request request(std::string_view name_space, std::string_view app) {
    Request out;
    out.source.principal = "cluster.local/ns/ns-8/sa/app-1";
    out.source.ip = scalar::IpAddress{};
    out.destination.name_space = name_space;
    out.destination.labels = labels(app);
    out.destination.port = 8080;
    out.is_http = true;
    out.method = "GET";
    out.path = "/other/path?query=1";
    out.host = "app.example";
    return out;
  }

 private:
  void load(const std::string& yaml) {
    source_ = document::Source::from_text("mesh", yaml);
    std::vector<document::Document> documents;
    std::vector<document::DocumentError> errors;
    for (const document::Slice& slice : document::split(*source_)) {
      document::read_slice(*source_, slice, arena_, {}, documents, errors);
    }
    std::vector<kube::Object> objects;
    std::vector<kube::NotAnObject> rejected;
    for (const document::Document& document : documents) {
      kube::append_objects(document, *source_, objects, rejected);
    }
    snapshot_ = kube::Snapshot::create(std::move(objects), "default");
    loaded_ = std::make_unique<Loaded>(PolicySet::load(*snapshot_));
  }

  document::Node labels(std::string_view app) {
    const auto text = fmt::format("{{app: {}, version: v1, pod-template-hash: abcdef}}", app);
    label_sources_.push_back(document::Source::from_text("labels", text));
    return document::read_one(*label_sources_.back(), arena_).value_or(document::Node{});
  }

  Arena arena_;
  std::shared_ptr<const document::Source> source_;
  std::vector<std::shared_ptr<const document::Source>> label_sources_;
  std::shared_ptr<const kube::Snapshot> snapshot_;
  std::unique_ptr<Loaded> loaded_;

 public:
  [[nodiscard]] const kube::Snapshot& snapshot() const { return *snapshot_; }
};

void decide_among_10000(benchmark::State& state) {
  Mesh mesh(500, 20);
  Request request = mesh.request("ns-7", "app-1");
  request.point = static_cast<Point>(state.range(0));
  Decision decision;
  for (auto _ : state) {
    decide(mesh.set(), request, decision);
    benchmark::DoNotOptimize(decision.verdict);
  }
  state.SetLabel(fmt::format("{} policies, {}, {}", mesh.set().authorization_count(),
                             point_name(request.point), to_text(decision.verdict)));
}
BENCHMARK(decide_among_10000)
    ->Arg(static_cast<int>(Point::Sidecar))
    ->Arg(static_cast<int>(Point::Ztunnel));

// All policies in the namespace of the workload; its own are three.
void decide_in_one_namespace(benchmark::State& state) {
  Mesh mesh(1, 10'000);
  const Request request = mesh.request("ns-0", "app-1");
  Decision decision;
  for (auto _ : state) {
    decide(mesh.set(), request, decision);
    benchmark::DoNotOptimize(decision.verdict);
  }
}
BENCHMARK(decide_in_one_namespace);

// The worst case: all of them are attached to the workload, and none matches.
void decide_all_attached(benchmark::State& state) {
  Mesh mesh(1, static_cast<int>(state.range(0)), false);
  const Request request = mesh.request("ns-0", "app-1");
  Decision decision;
  for (auto _ : state) {
    decide(mesh.set(), request, decision);
    benchmark::DoNotOptimize(decision.verdict);
  }
}
BENCHMARK(decide_all_attached)->Arg(100)->Arg(10'000);

void reach_among_10000(benchmark::State& state) {
  Mesh mesh(500, 20);
  const Request request = mesh.request("ns-7", "app-1");
  for (auto _ : state) {
    const Reach reach = find_reach(mesh.set(), {.source = request.source,
                                                .source_blocks = {},
                                                .destination = request.destination,
                                                .protocol = Protocol::Http});
    benchmark::DoNotOptimize(reach.kind);
  }
}
BENCHMARK(reach_among_10000);

void load_10000(benchmark::State& state) {
  Mesh mesh(500, 20);
  for (auto _ : state) {
    const Loaded loaded = PolicySet::load(mesh.snapshot());
    benchmark::DoNotOptimize(loaded.set.authorization_count());
  }
}
BENCHMARK(load_10000)->Unit(benchmark::kMillisecond);

}  // namespace
