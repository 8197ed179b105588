#pragma once
// base64 (RFC 4648 section 4) as encoding/base64 of Go reads and writes it: line breaks are
// skipped, unused bits of the last character are not looked at, an error names the offset of the
// bad byte.

#include <cstddef>
#include <optional>
#include <string_view>

#include "cel/internal/library.hpp"

namespace tally::cel {

enum class Padding : std::uint8_t { Required, Forbidden };

struct Base64Decoded {
  std::string_view octets;
  std::optional<std::size_t> bad_offset;
};

[[nodiscard]] Base64Decoded decode_base64(Arena& arena, std::string_view text, Padding padding);
void append_base64(TextBuilder& out, std::string_view octets);

}  // namespace tally::cel
