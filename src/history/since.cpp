#include "history/since.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "finding/exception.hpp"
#include "scalar/time_text.hpp"

namespace tally::history {

namespace {

constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

// "7d", "2w": at most 100,000 of them, so that nothing overflows.
std::optional<std::int64_t> days_ms(std::string_view text) {
  if (text.empty() || (text.back() != 'd' && text.back() != 'w')) {
    return std::nullopt;
  }
  std::int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end || count < 0 || count > 100'000) {
    return std::nullopt;
  }
  return count * kDayMs * (text.back() == 'w' ? 7 : 1);
}

}  // namespace

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms) {
  if (const auto days = days_ms(text)) {
    return now_ms - *days;
  }
  if (const auto duration = scalar::parse_duration(text); duration && *duration >= 0) {
    return now_ms - *duration / 1'000'000;
  }
  if (const auto time = scalar::parse_timestamp(text)) {
    return time->seconds * 1000 + time->nanoseconds / 1'000'000;
  }
  if (const auto day = finding::parse_day(text)) {
    return *day * kDayMs;
  }
  return content_error(fmt::format(
      "\"{}\" is no moment in the past; expected 24h, 7d, 2026-11-20 or 2026-11-20T08:00:00Z",
      excerpt(text)));
}

}  // namespace tally::history
