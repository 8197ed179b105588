#include "telemetry/metric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.hpp"

namespace tally::telemetry {

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), counts_(new std::atomic<std::uint64_t>[bounds.size() + 1] {}) {
  TALLY_ASSERT(std::ranges::is_sorted(bounds, std::less_equal<>()) &&
               std::ranges::all_of(bounds, [](double bound) { return std::isfinite(bound); }));
}

void Histogram::observe(double value) noexcept {
  // lower_bound, because an upper bound belongs to its bucket; nothing is less than NaN.
  const auto at = std::isnan(value) ? bounds_.end() : std::ranges::lower_bound(bounds_, value);
  counts_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot out{.bounds = bounds_, .counts = {}, .count = 0, .sum = 0};
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    out.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  // Not a number of its own: it is what the buckets say, at every moment.
  out.count = std::accumulate(out.counts.begin(), out.counts.end(), std::uint64_t{0});
  out.sum = sum_.load(std::memory_order_relaxed);
  return out;
}

// bucketQuantile() of prometheus/promql/quantile.go.
double quantile(const HistogramSnapshot& histogram, double q) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::isnan(q) || histogram.count == 0 || histogram.bounds.empty()) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (q < 0 || q > 1) {
    return q < 0 ? -kInfinity : kInfinity;
  }
  const double rank = q * static_cast<double>(histogram.count);
  double below = 0;  // the bucket
  std::size_t at = 0;
  while (at + 1 < histogram.counts.size() &&
         below + static_cast<double>(histogram.counts[at]) < rank) {
    below += static_cast<double>(histogram.counts[at]);
    ++at;
  }
  if (at == histogram.bounds.size()) {
    return histogram.bounds.back();
  }
  const double end = histogram.bounds[at];
  if (at == 0 && end <= 0) {
    return end;
  }
  const double begin = at == 0 ? 0 : histogram.bounds[at - 1];
  const auto inside = static_cast<double>(histogram.counts[at]);
  return inside == 0 ? begin : begin + (end - begin) * ((rank - below) / inside);
}

}  // namespace tally::telemetry
