#pragma once
// Time zones: offsets from UTC by name ("Europe/Berlin") or as written ("+02:00").

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// Seconds east of UTC in `zone` at a moment. Returns Null, or an Error ("unknown time zone X").
[[nodiscard]] Value zone_offset(Arena& arena, std::string_view zone, std::int64_t seconds,
                                std::int64_t& offset);

// The time zone data that was built into the program: one TZif block (RFC 8536, version 2 or later,
// without the version 1 data) per name; names are sorted.
struct EmbeddedZone {
  std::string_view name;
  std::string_view data;
};
[[nodiscard]] std::span<const EmbeddedZone> embedded_zones() noexcept;

}  // namespace tally::cel
