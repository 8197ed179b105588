#include "telemetry/metric.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace tally::telemetry {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Metric, BucketsIncludeTheirBounds) {
  static constexpr double kBounds[] = {-1, 0, 2.5};
  struct Row {
    double value;
    std::size_t bucket;
  };
  const Row rows[] = {{-kInfinity, 0}, {-5, 0},  {-1, 0},   {-0.999, 1},    {0, 1},
                      {0.001, 2},      {2.5, 2}, {2.51, 3}, {kInfinity, 3}, {kNan, 3}};
  for (const Row& row : rows) {
    Histogram histogram(kBounds);
    histogram.observe(row.value);
    std::vector<std::uint64_t> expected(4);
    expected[row.bucket] = 1;
    EXPECT_EQ(histogram.snapshot().counts, expected) << row.value;
    EXPECT_EQ(histogram.snapshot().count, 1U);
  }
}

// Expectations computed by the formula of histogram_quantile(), by hand.
TEST(Metric, Quantiles) {
  static constexpr double kBounds[] = {1, 2, 4};
  const auto of = [&](std::vector<std::uint64_t> counts) {
    std::uint64_t count = 0;
    for (const std::uint64_t c : counts) {
      count += c;
    }
    return HistogramSnapshot{kBounds, std::move(counts), count, 0};
  };
  struct Row {
    const char* name;
    HistogramSnapshot histogram;
    double q;
    double expected;
  };
  const Row rows[] = {
      {"from 0", of({10, 0, 0, 0}), 0.5, 0.5},
      {"all", of({10, 0, 0, 0}), 1, 1},
      {"none of it", of({10, 0, 0, 0}), 0, 0},
      {"in the second", of({5, 10, 5, 0}), 0.5, 1.5},
      {"at a bound", of({5, 10, 5, 0}), 0.25, 1},
      {"in the third", of({5, 10, 5, 0}), 0.9, 3.2},
      {"beyond the last bound", of({1, 0, 0, 9}), 0.99, 4},
      {"empty", of({0, 0, 0, 0}), 0.5, kNan},
      {"no quantile", of({1, 0, 0, 0}), kNan, kNan},
      {"below", of({1, 0, 0, 0}), -0.1, -kInfinity},
      {"above", of({1, 0, 0, 0}), 1.1, kInfinity},
  };
  for (const Row& row : rows) {
    const double got = quantile(row.histogram, row.q);
    const bool is_same = got == row.expected || (std::isnan(got) && std::isnan(row.expected));
    EXPECT_TRUE(is_same || std::abs(got - row.expected) < 1e-9) << row.name << ": " << got;
  }
  static constexpr double kNegative[] = {-1, 1};
  EXPECT_EQ(quantile({kNegative, {1, 0, 0}, 1, 0}, 0.5), -1) << "the first bound is not above 0";
}

TEST(Metric, ManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 2000;
  Counter counter;
  Gauge gauge;
  Histogram histogram(kLatencyBuckets);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        counter.add();
        gauge.add(turn % 2 == 0 ? 2 : -1);
        histogram.observe(0.25);
        const HistogramSnapshot seen = histogram.snapshot();
        ASSERT_LE(seen.count, std::uint64_t{kThreads} * kTurns);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(counter.value(), std::uint64_t{kThreads} * kTurns);
  EXPECT_EQ(gauge.value(), kThreads * kTurns / 2);
  EXPECT_EQ(histogram.snapshot().count, std::uint64_t{kThreads} * kTurns);
  EXPECT_EQ(histogram.snapshot().sum, kThreads * kTurns * 0.25);
}

}  // namespace
}  // namespace tally::telemetry
