#pragma once
// Clusters to measure on: manifests of N workloads, the same bytes for the same options on every
// machine.
//
// The shape is that of a bank's clusters: namespaces of some thirty workloads with Pod Security
// labels of every quality, a mixture of kinds, one to four containers, probes, volumes, services,
// config maps, and the share of carelessness that one meets. With `uniform` every workload is the
// same plain Deployment of about 1.28 KB that violates nothing but in one of 37 cases.

#include <cstdint>
#include <string>

namespace tally::bench {

struct ClusterOptions {
  std::uint32_t workloads = 1000;
  std::uint64_t seed = 1;
  bool uniform = false;
};

// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same everywhere, which std's
// distributions are not.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept;
  // A number below `bound`, which is not 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept;
  // True in `percent` of 100 calls.
  [[nodiscard]] bool chance(std::uint32_t percent) noexcept { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

// Yields the cluster piece by piece, so that 150,000 workloads need not be in memory at once.
class ClusterGenerator {
 public:
  explicit ClusterGenerator(const ClusterOptions& options) noexcept;

  [[nodiscard]] bool done() const noexcept { return next_ >= options_.workloads; }
  // Appends the next workload with what belongs to it (its namespace when it is the first there,
  // service, config map), each a document that begins with a line `---`. The generator is not
  // done().
  void append_next(std::string& yaml);

 private:
  ClusterOptions options_;
  Random random_;
  std::uint32_t next_ = 0;
};

// The whole cluster as one YAML text.
[[nodiscard]] std::string generate(const ClusterOptions& options);

}  // namespace tally::bench
