#pragma once
// The text of one line of the log. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/log.hpp"

namespace tally::telemetry::internal {

struct LogEvent {
  std::int64_t time_ns = 0;  // since 1970
  LogLevel level = LogLevel::Info;
  std::string_view message;
  std::span<const LogField> fields{};
  std::string_view request_id{};
};

// With the newline, at most limits.line_bytes (but at least 256).
[[nodiscard]] std::string log_line(const LogEvent& event, LogFormat format,
                                   const LogLimits& limits);

// In double quotes, as JSON; beyond JSON's own, all that terminals obey and eyes do not see is
// escaped: DEL, the C1 controls, the separators of lines, the marks of writing direction.
void append_quoted(std::string& out, std::string_view text);

}  // namespace tally::telemetry::internal
