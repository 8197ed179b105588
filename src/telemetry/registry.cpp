#include "telemetry/registry.hpp"

#include <fmt/format.h>

#include <mutex>
#include <type_traits>
#include <variant>

#include "base/assert.hpp"
#include "telemetry/internal/exposition.hpp"
#include "telemetry/internal/utf8.hpp"

namespace tally::telemetry {

namespace {

using internal::append_sample;

constexpr std::string_view kOther = "other";

bool is_name(std::string_view name, bool allows_colon) {
  const auto fits = [allows_colon](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (allows_colon && c == ':');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

void check(const MetricDescription& description, bool is_histogram) {
  TALLY_ASSERT(is_name(description.name, true));
  for (const std::string& label : description.labels) {
    TALLY_ASSERT(is_name(label, false) && !label.starts_with("__"));
    TALLY_ASSERT(!is_histogram || label != "le");
    TALLY_ASSERT(std::ranges::count(description.labels, label) == 1);
  }
}

// The element for new label values, which are not in the map as they are.
template <class T>
T& place(Series<T>& series, std::span<const std::string_view> values,
         const RegistryLimits& limits) {
  std::vector<std::string> key;
  key.reserve(values.size());
  for (const std::string_view value : values) {
    key.emplace_back(internal::cut_at_character(value, limits.label_bytes));
  }
  if (const auto known = series.find(key); known != series.end()) {
    return known->second;
  }
  const std::vector<std::string> other(values.size(), std::string(kOther));
  const std::size_t kept = series.size() - (series.contains(other) ? 1 : 0);
  return kept < limits.series || values.empty() ? series[std::move(key)] : series[other];
}

template <class T>
constexpr std::string_view kTypeName = "counter";
template <>
constexpr std::string_view kTypeName<Gauge> = "gauge";
template <>
constexpr std::string_view kTypeName<Histogram> = "histogram";

}  // namespace

template <class T>
Family<T>::Family(MetricDescription description, std::span<const double> bounds,
                  RegistryLimits limits)
    : description_(std::move(description)),
      bounds_(bounds.begin(), bounds.end()),
      limits_(limits) {}

template <class T>
T& Family<T>::with(std::span<const std::string_view> values) {
  TALLY_ASSERT(values.size() == description_.labels.size());
  {
    const std::shared_lock lock(mutex_);
    if (const auto known = series_.find(values); known != series_.end()) {
      return *known->second;
    }
  }
  const std::scoped_lock lock(mutex_);
  std::unique_ptr<T>& metric = place(series_, values, limits_);
  if (metric == nullptr) {
    if constexpr (std::is_same_v<T, Histogram>) {
      metric = std::make_unique<T>(bounds_);
    } else {
      metric = std::make_unique<T>();
    }
  }
  return *metric;
}

template <class T>
void Family<T>::expose(std::string& out) const {
  internal::append_head(out, description_, kTypeName<T>);
  const std::shared_lock lock(mutex_);
  for (const auto& [values, metric] : series_) {
    if constexpr (std::is_same_v<T, Histogram>) {
      internal::append_histogram(out, description_, values, metric->snapshot());
    } else if constexpr (std::is_same_v<T, Counter>) {
      append_sample(out, description_, values, fmt::format("{}", metric->value()));
    } else {
      append_sample(out, description_, values, internal::number_text(metric->value()));
    }
  }
}

template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

Samples::Samples(std::size_t label_count, RegistryLimits limits)
    : label_count_(label_count), limits_(limits) {}

void Samples::add(std::initializer_list<std::string_view> labels, double value) {
  TALLY_ASSERT(labels.size() == label_count_);
  place(series_, std::span(labels.begin(), labels.size()), limits_) += value;
}

namespace {

struct Sampled {
  SampledType type;
  MetricDescription description;
  std::function<void(Samples&)> sample;

  void expose(std::string& out, const RegistryLimits& limits) const {
    Samples samples(description.labels.size(), limits);
    sample(samples);
    internal::append_head(out, description,
                          type == SampledType::Counter ? kTypeName<Counter> : kTypeName<Gauge>);
    for (const auto& [values, value] : samples.all()) {
      append_sample(out, description, values, internal::number_text(value));
    }
  }
};

}  // namespace

struct Registry::State {
  using AnyFamily = std::variant<std::unique_ptr<Family<Counter>>, std::unique_ptr<Family<Gauge>>,
                                 std::unique_ptr<Family<Histogram>>, Sampled>;
  RegistryLimits limits;
  mutable std::mutex mutex;
  std::map<std::string, AnyFamily> families;

  template <class T>
  Family<T>& family(MetricDescription&& description, std::span<const double> bounds) {
    check(description, std::is_same_v<T, Histogram>);
    const std::scoped_lock lock(mutex);
    const auto known = families.find(description.name);
    if (known != families.end()) {
      auto* const same = std::get_if<std::unique_ptr<Family<T>>>(&known->second);
      TALLY_ASSERT(same != nullptr);
      return **same;
    }
    std::string name = description.name;
    auto made = std::make_unique<Family<T>>(std::move(description), bounds, limits);
    Family<T>& out = *made;
    families.emplace(std::move(name), std::move(made));
    return out;
  }
};

Registry::Registry(RegistryLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
}
Registry::~Registry() = default;

Family<Counter>& Registry::counter(MetricDescription description) {
  return state_->family<Counter>(std::move(description), {});
}

Family<Gauge>& Registry::gauge(MetricDescription description) {
  return state_->family<Gauge>(std::move(description), {});
}

Family<Histogram>& Registry::histogram(MetricDescription description,
                                       std::span<const double> bounds) {
  return state_->family<Histogram>(std::move(description), bounds);
}

void Registry::sampled(SampledType type, MetricDescription description,
                       std::function<void(Samples&)> sample) {
  check(description, false);
  const std::scoped_lock lock(state_->mutex);
  std::string name = description.name;
  const bool is_new =
      state_->families
          .emplace(std::move(name), Sampled{type, std::move(description), std::move(sample)})
          .second;
  TALLY_ASSERT(is_new);
}

std::string Registry::expose() const {
  std::string out;
  const std::scoped_lock lock(state_->mutex);
  for (const auto& [name, family] : state_->families) {
    if (const auto* sampled = std::get_if<Sampled>(&family); sampled != nullptr) {
      sampled->expose(out, state_->limits);
    } else if (const auto* counter = std::get_if<0>(&family); counter != nullptr) {
      (*counter)->expose(out);
    } else if (const auto* gauge = std::get_if<1>(&family); gauge != nullptr) {
      (*gauge)->expose(out);
    } else if (const auto* histogram = std::get_if<2>(&family); histogram != nullptr) {
      (*histogram)->expose(out);
    }
  }
  return out;
}

}  // namespace tally::telemetry
