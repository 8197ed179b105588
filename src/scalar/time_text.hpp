#pragma once
// Timestamps and durations as text: RFC 3339, and the durations of Go's time.ParseDuration, which
// is what CEL accepts wherever Kubernetes speaks it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tally::scalar {

inline constexpr std::int64_t kTimestampSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t kTimestampSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z

// A day in the proleptic Gregorian calendar.
struct CivilDay {
  std::int64_t year = 1970;
  unsigned month = 1;  // 1 to 12
  unsigned day = 1;    // 1 to 31
};
[[nodiscard]] std::int64_t days_from_civil(const CivilDay& civil) noexcept;  // since 1970-01-01
[[nodiscard]] CivilDay civil_from_days(std::int64_t days) noexcept;

struct TimestampParts {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

// A text without memory of its own: both kinds are short.
struct TimeText {
  std::array<char, 48> bytes;
  std::size_t size = 0;

  void add(char c) noexcept { bytes[size++] = c; }
  [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
};

// RFC 3339 section 5.6, strictly; nothing when malformed or outside the years 1 to 9999 (UTC).
[[nodiscard]] std::optional<TimestampParts> parse_timestamp(std::string_view text) noexcept;
[[nodiscard]] TimeText timestamp_text(const TimestampParts& time) noexcept;

// "1h30m", "-1.5s", "0": nanoseconds, or nothing when malformed or beyond int64.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text) noexcept;
// "5400s", "-1.5s".
[[nodiscard]] TimeText duration_text(std::int64_t nanoseconds) noexcept;

}  // namespace tally::scalar
