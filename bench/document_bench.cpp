// Reading manifests: 10,000 workloads as one stream of YAML documents (about 12 MB) and the same
// values as JSON, on one core. The floor is one memchr per line, the yardstick libyaml's bare event
// loop.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <yaml.h>

#include <array>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "document/internal/fast_yaml.hpp"
#include "document/internal/json_reader.hpp"
#include "document/internal/libyaml_reader.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/symbol.hpp"

namespace tally::document {
namespace {

constexpr std::array kNames = {"apiVersion",
                               "kind",
                               "metadata",
                               "name",
                               "namespace",
                               "labels",
                               "spec",
                               "replicas",
                               "selector",
                               "matchLabels",
                               "template",
                               "serviceAccountName",
                               "securityContext",
                               "runAsNonRoot",
                               "seccompProfile",
                               "type",
                               "containers",
                               "image",
                               "ports",
                               "containerPort",
                               "env",
                               "value",
                               "resources",
                               "requests",
                               "limits",
                               "cpu",
                               "memory",
                               "readinessProbe",
                               "httpGet",
                               "path",
                               "port",
                               "allowPrivilegeEscalation",
                               "privileged",
                               "readOnlyRootFilesystem",
                               "capabilities",
                               "drop",
                               "volumes",
                               "emptyDir"};

void append_workload(std::string& out, int number) {
  fmt::format_to(std::back_inserter(out), R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{0}
  namespace: team-{1}
  labels:
    app.kubernetes.io/name: service-{0}
    app.kubernetes.io/part-of: bank
    tier: {2}
spec:
  replicas: {3}
  selector:
    matchLabels:
      app: service-{0}
  template:
    metadata:
      labels:
        app: service-{0}
        tier: {2}
    spec:
      serviceAccountName: service-{0}
      securityContext:
        runAsNonRoot: {4}
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: main
        image: registry.bank.example/team-{1}/service-{0}:1.{3}.7
        ports:
        - name: http
          containerPort: {5}
        env:
        - name: LEDGER_ADDRESS
          value: "http://ledger.team-{1}:8080"
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
          privileged: {6}
          readOnlyRootFilesystem: true
          capabilities:
            drop:
            - ALL
      volumes:
      - name: scratch
        emptyDir: {{}}
---
)",
                 number, number % 40, number % 3 == 0 ? "edge" : "core", 1 + number % 5,
                 number % 7 != 0, 8000 + number % 100, number % 11 == 0);
}

// The input of all benches, made once.
struct Input {
  std::shared_ptr<const Source> yaml;
  std::vector<Slice> slices;
  std::shared_ptr<const Source> json;  // one list
  std::vector<Document> documents;
  Arena arena;
  std::size_t nodes = 0;

  static std::size_t count(const Node& node) {
    std::size_t total = 1;
    for (const Node& item : node.items()) {
      total += count(item);
    }
    return total;
  }

  Input() {
    for (const char* name : kNames) {
      static_cast<void>(intern(name));
    }
    std::string text;
    for (int i = 0; i < 10'000; ++i) {
      append_workload(text, i);
    }
    yaml = Source::from_text("workloads", text);
    slices = split(*yaml);
    std::vector<DocumentError> errors;
    std::string list = "[";
    for (const Slice& slice : slices) {
      read_slice(*yaml, slice, arena, {}, documents, errors);
      list += list.size() > 1 ? "," : "";
      append_json(list, documents.back().root);
      nodes += count(documents.back().root);
    }
    json = Source::from_text("workloads", list + "]");
  }
};

const Input& input() {
  static const Input the_input;
  return the_input;
}

void report(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
  state.counters["nodes"] = benchmark::Counter(static_cast<double>(input().nodes),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

void read_yaml_fast(benchmark::State& state) {
  const std::string_view text = input().yaml->text();
  FastYamlScratch scratch;
  for (auto _ : state) {
    Arena arena;
    for (const Slice& slice : input().slices) {
      if (!read_fast_yaml(text, slice.begin, slice.end, arena, scratch, {})) {
        state.SkipWithError("left to libyaml");
      }
    }
  }
  report(state, text.size());
}
BENCHMARK(read_yaml_fast)->Unit(benchmark::kMillisecond);

void read_yaml(benchmark::State& state, YamlReader reader) {
  for (auto _ : state) {
    Arena arena;
    std::vector<Document> documents;
    std::vector<DocumentError> errors;
    for (const Slice& slice : input().slices) {
      read_slice(*input().yaml, slice, arena, {.limits = {}, .reader = reader}, documents, errors);
    }
    benchmark::DoNotOptimize(documents.data());
  }
  report(state, input().yaml->text().size());
}
BENCHMARK_CAPTURE(read_yaml, fast, YamlReader::Fast)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_yaml, libyaml, YamlReader::Libyaml)->Unit(benchmark::kMillisecond);

void libyaml_events(benchmark::State& state) {
  const std::string_view text = input().yaml->text();
  for (auto _ : state) {
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
    for (bool more = true; more;) {
      yaml_event_t event;
      more = yaml_parser_parse(&parser, &event) != 0 && event.type != YAML_STREAM_END_EVENT;
      yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
  }
  report(state, text.size());
}
BENCHMARK(libyaml_events)->Unit(benchmark::kMillisecond);

void memchr_floor(benchmark::State& state) {
  const std::string_view text = input().yaml->text();
  for (auto _ : state) {
    std::size_t lines = 0;
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1)) {
      ++lines;
    }
    benchmark::DoNotOptimize(lines);
  }
  report(state, text.size());
}
BENCHMARK(memchr_floor)->Unit(benchmark::kMillisecond);

void split_documents(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(split(*input().yaml));
  }
  report(state, input().yaml->text().size());
}
BENCHMARK(split_documents)->Unit(benchmark::kMillisecond);

void read_json_minified(benchmark::State& state) {
  const std::string_view text = input().json->text();
  for (auto _ : state) {
    Arena arena;
    const auto value = read_json(text, 0, static_cast<std::uint32_t>(text.size()), arena, {});
    if (!value) {
      state.SkipWithError("refused");
    }
  }
  report(state, text.size());
}
BENCHMARK(read_json_minified)->Unit(benchmark::kMillisecond);

void write_json(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const Document& document : input().documents) {
      append_json(out, document.root);
    }
  }
  report(state, out.size());
}
BENCHMARK(write_json)->Unit(benchmark::kMillisecond);

void look_up_symbols(benchmark::State& state) {
  static_cast<void>(input());
  for (auto _ : state) {
    for (const char* name : kNames) {
      benchmark::DoNotOptimize(find_symbol(name));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kNames.size()) * state.iterations());
}
BENCHMARK(look_up_symbols);

}  // namespace
}  // namespace tally::document
