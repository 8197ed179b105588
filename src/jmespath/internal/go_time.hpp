#pragma once
// Times and durations as Go's package time reads and writes them (Go 1.26, format.go, time.go).

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace tally::jmespath {

struct GoTime {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  std::uint32_t nanoseconds = 0;
  std::int32_t zone_seconds = 0;  // east of UTC

  friend auto operator<=>(const GoTime& a, const GoTime& b) {
    return a.seconds != b.seconds ? a.seconds <=> b.seconds : a.nanoseconds <=> b.nanoseconds;
  }
};

inline constexpr std::string_view kRfc3339 = "2006-01-02T15:04:05Z07:00";

// time.Parse: Go's words when the text does not fit the layout.
[[nodiscard]] std::expected<GoTime, std::string> parse_go_time(std::string_view layout,
                                                               std::string_view text);
// Format(time.RFC3339).
[[nodiscard]] std::string rfc3339_text(const GoTime& time);
// a.Sub(b), saturated.
[[nodiscard]] std::int64_t difference(const GoTime& a, const GoTime& b) noexcept;
[[nodiscard]] GoTime add(const GoTime& time, std::int64_t nanoseconds) noexcept;
// Down to a multiple of the duration since the year 1.
[[nodiscard]] GoTime truncate(const GoTime& time, std::int64_t nanoseconds) noexcept;

// Duration.String(): "1h0m1.5s", "250ms", "0s".
[[nodiscard]] std::string go_duration_text(std::int64_t nanoseconds);
// ParseDuration's error for what scalar::parse_duration refuses.
[[nodiscard]] std::string go_duration_error(std::string_view text);

}  // namespace tally::jmespath
