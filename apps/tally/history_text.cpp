#include "history_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "document/json_writer.hpp"
#include "document/read.hpp"
#include "document/yaml_writer.hpp"
#include "history/since.hpp"
#include "output.hpp"
#include "request.hpp"
#include "scalar/time_text.hpp"

namespace tally::app {

namespace {

constexpr const char* kDefaultStore = "/var/lib/tally/tally.db";

scalar::TimestampParts parts_of(std::int64_t time_ms) {
  const std::int64_t rest = ((time_ms % 1000) + 1000) % 1000;
  const std::int64_t seconds = std::clamp((time_ms - rest) / 1000, scalar::kTimestampSecondsMin,
                                          scalar::kTimestampSecondsMax);
  return {.seconds = seconds, .nanoseconds = static_cast<std::uint32_t>(rest) * 1'000'000};
}

}  // namespace

Result<history::History> open_history(const HistoryFlags& flags) {
  std::string url = flags.store;
  if (url.empty()) {
    const char* named = std::getenv("TALLY_STORE");  // NOLINT(concurrency-mt-unsafe): one thread
    url = named == nullptr || *named == '\0' ? kDefaultStore : named;
  }
  return history::History::open(url, history::Access::Read);
}

Result<Period> period_of(const HistoryFlags& flags) {
  const std::int64_t now_ms = now_seconds() * 1000;
  Period period;
  if (!flags.since.empty()) {
    TALLY_TRY(period.since_ms, history::parse_since(flags.since, now_ms));
  }
  if (!flags.until.empty()) {
    TALLY_TRY(period.until_ms, history::parse_since(flags.until, now_ms));
  }
  return period;
}

std::string moment_text(std::int64_t time_ms) {
  std::string text(
      scalar::timestamp_text({.seconds = parts_of(time_ms).seconds, .nanoseconds = 0}).text());
  std::ranges::replace(text, 'T', ' ');
  text.pop_back();  // Z
  return text;
}

std::string moment_json(std::int64_t time_ms) {
  return std::string(scalar::timestamp_text(parts_of(time_ms)).text());
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 4000;
  return excerpt(text, kShownMax);
}

void JsonMembers::text(std::string_view name, std::string_view value) {
  std::string json;
  document::append_json_string(json, value);
  raw(name, json);
}

void JsonMembers::raw(std::string_view name, std::string_view json) {
  out_ += is_first_ ? "\"" : ",\"";
  is_first_ = false;
  out_.append(name).append("\":").append(json);
}

int print_json(const std::string& json, const std::string& output) {
  if (output == "json") {
    print(json + "\n");
    return 0;
  }
  Arena arena;
  const auto source = document::Source::from_text("store", json);
  const auto node = document::read_one(*source, arena);
  if (!node) {
    return fail(node.error());
  }
  std::string yaml;
  document::append_yaml(yaml, *node, document::KeyOrder::Source);
  print(yaml);
  return 0;
}

std::string columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out += row[i];
      out.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    out += row.back();
    out += '\n';
  }
  return out;
}

int fail(const Error& error) {
  print_error(fmt::format("tally: {}\n", error.to_string()));
  return 2;
}

}  // namespace tally::app
