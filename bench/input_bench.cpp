// Reading: from files to objects, one file and many, one thread and all. The manifests are made
// here, so that the bench runs from a fresh clone; bench/run measures the whole process on a
// generated cluster.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/parallel.hpp"
#include "input/read_inputs.hpp"

namespace {

constexpr int kWorkloads = 10'000;

std::string deployment(int number) {
  const std::string name = "app-" + std::to_string(number);
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name +
         "\n  namespace: team-" + std::to_string(number % 50) + "\n  labels:\n    app: " + name +
         "\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: " + name +
         "\n  template:\n    metadata:\n      labels:\n        app: " + name +
         "\n    spec:\n      containers:\n        - name: main\n          image: "
         "registry.example/" +
         name +
         ":1.0.0\n          ports:\n            - containerPort: 8080\n          resources:\n      "
         "      limits:\n"
         "              cpu: 500m\n              memory: 256Mi\n          securityContext:\n"
         "            runAsNonRoot: true\n            allowPrivilegeEscalation: false\n";
}

// A folder with the workloads spread over files; removed at the end of the program.
class Manifests {
 public:
  explicit Manifests(int files) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tally-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::abort();
    }
    folder_ = pattern;
    for (int file = 0; file < files; ++file) {
      std::ofstream out(folder_ + "/" + std::to_string(file) + ".yaml");
      for (int i = file; i < kWorkloads; i += files) {
        out << deployment(i);
      }
    }
  }
  Manifests(const Manifests&) = delete;
  Manifests& operator=(const Manifests&) = delete;
  ~Manifests() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

void read_folder(benchmark::State& state) {
  const Manifests manifests(static_cast<int>(state.range(0)));
  tally::input::InputOptions options;
  options.paths = {manifests.folder()};
  options.threads =
      state.range(1) == 0 ? tally::hardware_threads() : static_cast<unsigned>(state.range(1));
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const tally::input::Inputs inputs = tally::input::read_inputs(options);
    if (inputs.objects.size() != kWorkloads) {
      state.SkipWithError("objects are missing");
      break;
    }
    bytes += inputs.totals.bytes;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
// Files, threads (0: all).
BENCHMARK(read_folder)
    ->Args({1, 1})
    ->Args({1, 0})
    ->Args({100, 1})
    ->Args({100, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
