#include "telemetry/internal/exposition.hpp"

#include <fmt/format.h>

#include <cmath>

#include "telemetry/internal/utf8.hpp"

namespace tally::telemetry::internal {

namespace {

// "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and
// line feed characters have to be escaped"; in HELP, the quote stays.
void append_escaped(std::string& out, std::string_view text, bool escapes_quotes) {
  for (const char c : well_formed(text)) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (c == '"' && escapes_quotes)) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
}

// `bound`: of a histogram's bucket; empty for all else.
void append_line(std::string& out, const MetricDescription& description, std::string_view suffix,
                 std::span<const std::string> values, std::string_view bound,
                 std::string_view number) {
  out += description.name;
  out += suffix;
  char before = '{';
  const auto label = [&](std::string_view name, std::string_view value) {
    out += before;
    before = ',';
    out += name;
    out += "=\"";
    append_escaped(out, value, true);
    out += '"';
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    label(description.labels[i], values[i]);
  }
  if (!bound.empty()) {
    label("le", bound);
  }
  out += before == ',' ? "} " : " ";
  out += number;
  out += '\n';
}

}  // namespace

std::string number_text(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value < 0 ? "-Inf" : "+Inf";
  }
  return fmt::format("{}", value);
}

void append_head(std::string& out, const MetricDescription& description, std::string_view type) {
  out += "# HELP ";
  out += description.name;
  out += ' ';
  append_escaped(out, description.help, false);
  out += "\n# TYPE ";
  out += description.name;
  out += ' ';
  out += type;
  out += '\n';
}

void append_sample(std::string& out, const MetricDescription& description,
                   std::span<const std::string> values, std::string_view number) {
  append_line(out, description, "", values, "", number);
}

void append_histogram(std::string& out, const MetricDescription& description,
                      std::span<const std::string> values, const HistogramSnapshot& histogram) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    total += histogram.counts[i];
    const std::string bound =
        i < histogram.bounds.size() ? number_text(histogram.bounds[i]) : "+Inf";
    append_line(out, description, "_bucket", values, bound, fmt::format("{}", total));
  }
  append_line(out, description, "_sum", values, "", number_text(histogram.sum));
  append_line(out, description, "_count", values, "", fmt::format("{}", histogram.count));
}

}  // namespace tally::telemetry::internal
