#pragma once
// Counter, Gauge, Histogram: numbers that many threads change without locks and without taking
// memory. A Registry (registry.hpp) makes them and writes them out; their addresses are as stable
// as it is, so that a hot path looks its metric up once.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tally::telemetry {

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double value) noexcept { value_.fetch_add(value, std::memory_order_relaxed); }
  [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Seconds, from 50 us to 10 s.
inline constexpr double kLatencyBuckets[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                             0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                             0.5,     1,      2.5,     5,      10};
// Bytes, from 1 KiB to 16 MiB.
inline constexpr double kSizeBuckets[] = {1024,   4096,    16384,   65536,
                                          262144, 1048576, 4194304, 16777216};

struct HistogramSnapshot {
  std::span<const double> bounds;     // upper, included, ascending; +Inf is not among them
  std::vector<std::uint64_t> counts;  // of each bucket alone; one more than bounds
  std::uint64_t count = 0;            // of all
  double sum = 0;
};

class Histogram {
 public:
  // `bounds` ascending and finite; they outlive the histogram.
  explicit Histogram(std::span<const double> bounds);

  // NaN counts in the last bucket and leaves the sum NaN, as Prometheus' own clients do.
  void observe(double value) noexcept;
  [[nodiscard]] HistogramSnapshot snapshot() const;

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_ = 0;
};

// As histogram_quantile() of Prometheus estimates it: linear within a bucket, the first starts at
// 0 (if its bound is above), the highest finite bound where the rank falls beyond it. NaN for an
// empty histogram; -Inf for q below 0, +Inf above 1.
// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
[[nodiscard]] double quantile(const HistogramSnapshot& histogram, double q);

}  // namespace tally::telemetry
