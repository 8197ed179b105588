#pragma once
// Lines of the text format 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details

#include <span>
#include <string>
#include <string_view>

#include "telemetry/registry.hpp"

namespace tally::telemetry::internal {

// As strconv.FormatFloat of Go reads back: the shortest digits; NaN, +Inf, -Inf.
[[nodiscard]] std::string number_text(double value);

void append_head(std::string& out, const MetricDescription& description, std::string_view type);
void append_sample(std::string& out, const MetricDescription& description,
                   std::span<const std::string> values, std::string_view number);
void append_histogram(std::string& out, const MetricDescription& description,
                      std::span<const std::string> values, const HistogramSnapshot& histogram);

}  // namespace tally::telemetry::internal
