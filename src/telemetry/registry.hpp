#pragma once
// Registry: families of metrics by name, and their text for Prometheus (exposition format 0.0.4,
// https://prometheus.io/docs/instrumenting/exposition_formats/). Families stand in the order of
// their names, series in the order of their label values, whatever the order of registration.
//
//   auto& denied = registry.counter({"tally_denied_total", "Requests denied.", {"policy"}});
//   denied.with({policy}).add();
//
// Label values come from outside (names of policies, of namespaces): a family holds a bounded
// number of series, further ones are counted in one whose label values all are "other"; values are
// cut to a bounded length. Threads: all functions by all threads; with() of a known series and
// every update take no memory. Wrong names are our bugs and abort: metric and label names as in
// https://prometheus.io/docs/concepts/data_model/, one family per name, as many values as labels.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/metric.hpp"

namespace tally::telemetry {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

struct MetricDescription {
  std::string name;
  std::string help;
  std::vector<std::string> labels{};
};

struct RegistryLimits {
  std::size_t series = 1000;  // of one family, beside "other"
  std::size_t label_bytes = 256;
};

// Label values in the order of their labels; found by views without copying.
struct LabelValuesLess {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return std::lexicographical_compare(
        a.begin(), a.end(), b.begin(), b.end(),
        [](std::string_view x, std::string_view y) { return x < y; });
  }
};
template <class T>
using Series = std::map<std::vector<std::string>, T, LabelValuesLess>;

template <class T>
class Family {
 public:
  Family(MetricDescription description, std::span<const double> bounds, RegistryLimits limits);

  // The metric with these label values.
  T& with(std::span<const std::string_view> values);
  T& with(std::initializer_list<std::string_view> values) {
    return with(std::span(values.begin(), values.size()));
  }
  // Of a family without labels.
  T& get() { return with(std::span<const std::string_view>()); }
  // Appends HELP, TYPE and samples.
  void expose(std::string& out) const;

 private:
  MetricDescription description_;
  std::vector<double> bounds_;  // histograms only
  RegistryLimits limits_;
  mutable std::shared_mutex mutex_;  // of the map, not of the metrics
  Series<std::unique_ptr<T>> series_;
};
extern template class Family<Counter>;
extern template class Family<Gauge>;
extern template class Family<Histogram>;

// Takes samples of numbers that something else keeps (process metrics, sizes of queues). Equal
// label values are added up, as are those that do not fit ("other").
class Samples {
 public:
  Samples(std::size_t label_count, RegistryLimits limits);
  void add(std::initializer_list<std::string_view> labels, double value);
  void add(double value) { add({}, value); }
  [[nodiscard]] const Series<double>& all() const noexcept { return series_; }

 private:
  std::size_t label_count_;
  RegistryLimits limits_;
  Series<double> series_;
};
enum class SampledType : std::uint8_t { Counter, Gauge };

class Registry {
 public:
  explicit Registry(RegistryLimits limits = {});
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  // Each returns the family of that name, which must have been registered in the same way before,
  // or not at all.
  Family<Counter>& counter(MetricDescription description);
  Family<Gauge>& gauge(MetricDescription description);
  Family<Histogram>& histogram(MetricDescription description,
                               std::span<const double> bounds = kLatencyBuckets);
  // `sample` is called by expose(), by one thread at a time. It must not use the registry.
  void sampled(SampledType type, MetricDescription description,
               std::function<void(Samples&)> sample);

  [[nodiscard]] std::string expose() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::telemetry
