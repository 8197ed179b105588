#pragma once
// How a person names a moment in the past.
//
//   24h  90m  1h30m      a duration of Go before now
//   7d  2w               days and weeks before now
//   2026-11-20           the beginning of that day (UTC)
//   2026-11-20T08:00:00Z RFC 3339

#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace tally::history {

// Milliseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms);

}  // namespace tally::history
