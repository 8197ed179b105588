// How long the writers take for 10,000 workloads with two findings each, whose places are spread
// over 12.8 MB of text. The goal for JSON is 15 ms on two threads.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finding/assessment.hpp"
#include "report/report.hpp"

namespace {

using namespace tally;
using namespace std::string_view_literals;

constexpr std::uint32_t kWorkloads = 10'000;

constexpr std::array kControls = {finding::Control{"PCI DSS", "4.0.1", "2.2.6"},
                                  finding::Control{"NIST 800-53", "5", "AC-6"},
                                  finding::Control{"CIS Kubernetes", "1.10", "5.2.5"}};
constexpr std::array kReferences = {
    "https://kubernetes.io/docs/concepts/security/pod-security-standards/"sv};
constexpr std::array kChecks = {
    finding::Check{
        .engine = "pod-security",
        .policy = "restricted",
        .id = "allow-privilege-escalation",
        .title = "Privilege escalation",
        .description = "A process that can gain rights is not bound by those it began with.",
        .remedy = "Set securityContext.allowPrivilegeEscalation to false.",
        .severity = finding::Severity::Medium,
        .controls = kControls,
        .references = kReferences},
    finding::Check{.engine = "workload",
                   .policy = "",
                   .id = "resource-limits",
                   .title = "No resource limits",
                   .description = "A container without limits can starve its neighbours.",
                   .remedy = "Set resources.limits.memory to what the program needs at most.",
                   .severity = finding::Severity::Low,
                   .controls = kControls,
                   .references = kReferences}};

document::Node named(Arena& arena, std::string_view name) {
  const std::array values = {document::Node::make_string(name, 0)};
  const std::array keys = {"name"sv};
  return document::Node::make_object(arena, values, keys, {}, 0);
}
document::Node under(Arena& arena, std::string_view key, document::Node value) {
  const std::array values = {value};
  const std::array keys = {key};
  return document::Node::make_object(arena, values, keys, {}, 0);
}

struct Cluster {
  finding::Assessment assessment;
  std::vector<finding::Subject> subjects;

  Cluster() {
    assessment.arenas.push_back(std::make_unique<Arena>());
    Arena& arena = *assessment.arenas.back();
    // 40 lines of 32 bytes a workload: as much text as the common Deployment has.
    std::string text;
    for (std::uint32_t line = 0; line < kWorkloads * 40; ++line) {
      text += "        field: value of this line\n";
    }
    assessment.sources.push_back(document::Source::from_text("cluster.yaml", text));
    const document::Source& source = *assessment.sources.back();
    subjects.resize(kWorkloads);
    const std::size_t step = source.text().size() / kWorkloads;
    for (std::uint32_t i = 0; i < kWorkloads; ++i) {
      const std::string_view container = arena.copy("container-" + std::to_string(i));
      const std::array containers = {named(arena, container)};
      const auto pod =
          under(arena, "spec",
                under(arena, "containers", document::Node::make_array(arena, containers, 0)));
      finding::Subject& subject = subjects[i];
      subject.ref = {"apps", "v1", "Deployment", arena.copy("namespace-" + std::to_string(i / 30)),
                     arena.copy("workload-" + std::to_string(i))};
      subject.root = under(arena, "spec", under(arena, "template", pod));
      for (std::size_t check = 0; check < kChecks.size(); ++check) {
        finding::Finding made;
        made.check = &kChecks[check];
        made.subject = &subject;
        made.container = container;
        made.pointer = "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation";
        made.location = {
            &source, static_cast<std::uint32_t>(i * step + check * (step / 2)), i + 1, {}};
        made.severity = made.check->severity;
        made.found = "not set";
        made.allowed = "false";
        made.message =
            arena.copy("allowPrivilegeEscalation != false (container \"" + std::string(container) +
                       "\" must set securityContext.allowPrivilegeEscalation=false)");
        assessment.findings.push_back(made);
      }
    }
    (void)source.position(0);  // the newline index belongs to reading, not to writing
    assessment.totals.objects = kWorkloads;
    assessment.totals.workloads = kWorkloads;
  }
};

class CountingSink final : public report::Sink {
 public:
  [[nodiscard]] bool write(std::string_view bytes) override {
    bytes_ += bytes.size();
    return true;
  }
  [[nodiscard]] std::int64_t bytes() const { return static_cast<std::int64_t>(bytes_); }

 private:
  std::size_t bytes_ = 0;
};

void write_report(benchmark::State& state, report::Format format) {
  static const Cluster kCluster;
  report::WriteOptions options;
  options.threads = static_cast<unsigned>(state.range(0));
  std::int64_t bytes = 0;
  for (auto _ : state) {
    CountingSink sink;
    benchmark::DoNotOptimize(report::write(format, kCluster.assessment, options, sink));
    bytes += sink.bytes();
  }
  state.SetBytesProcessed(bytes);
}

}  // namespace

BENCHMARK_CAPTURE(write_report, json, tally::report::Format::Json)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(write_report, yaml, tally::report::Format::Yaml)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_report, sarif, tally::report::Format::Sarif)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_report, table, tally::report::Format::Table)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_report, html, tally::report::Format::Html)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_report, junit, tally::report::Format::Junit)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_report, policyreport, tally::report::Format::PolicyReport)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
