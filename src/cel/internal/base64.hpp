#pragma once
// base64 in the memory of an evaluation; scalar/base64.hpp says how.

#include <optional>
#include <string_view>

#include "cel/internal/library.hpp"
#include "scalar/base64.hpp"

namespace tally::cel {

using Padding = scalar::Base64Padding;

struct Base64Decoded {
  std::string_view octets;
  std::optional<std::size_t> bad_offset;
};

[[nodiscard]] inline Base64Decoded decode_base64(Arena& arena, std::string_view text,
                                                 Padding padding) {
  char* const octets = arena.allocate_array<char>(scalar::base64_octets_max(text.size()));
  const scalar::Base64Read read = scalar::read_base64(text, padding, octets);
  return {.octets = {octets, read.size}, .bad_offset = read.bad_offset};
}

inline void append_base64(TextBuilder& out, std::string_view octets) {
  scalar::write_base64(octets, [&out](char c) { out.add(c); });
}

}  // namespace tally::cel
