#include "jmespath/internal/der.hpp"

#include <charconv>
#include <string>

namespace tally::jmespath {

std::optional<DerItem> DerReader::read() {
  const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(rest_[i]); };
  if (rest_.size() < 2) {
    return std::nullopt;
  }
  DerItem item{.tag = byte(0), .content = {}};
  std::size_t size = byte(1);
  std::size_t head = 2;
  if (size >= 0x80) {
    const std::size_t count = size & 0x7FU;
    size = 0;
    if (count == 0 || count > 4 || rest_.size() < 2 + count) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < count; ++i) {
      size = size << 8U | byte(head++);
    }
  }
  if (size > rest_.size() - head) {
    return std::nullopt;
  }
  item.content = rest_.substr(head, size);
  rest_.remove_prefix(head + size);
  return item;
}

double der_integer(std::string_view content) {
  const bool is_negative =
      !content.empty() && (static_cast<unsigned char>(content[0]) & 0x80U) != 0;
  std::string bytes(content);
  if (is_negative) {
    unsigned carry = 1;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      carry += static_cast<unsigned char>(~static_cast<unsigned char>(bytes[i]));
      bytes[i] = static_cast<char>(carry & 0xFFU);
      carry >>= 8U;
    }
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kHex[static_cast<unsigned char>(c) >> 4U];
    hex += kHex[static_cast<unsigned char>(c) & 15U];
  }
  double value = 0;  // from_chars rounds to the nearest double
  std::from_chars(hex.data(), hex.data() + hex.size(), value, std::chars_format::hex);
  return is_negative ? -value : value;
}

std::vector<std::uint64_t> der_identifier(std::string_view content) {
  std::vector<std::uint64_t> arcs;
  std::uint64_t arc = 0;
  for (const char c : content) {
    const auto byte = static_cast<unsigned char>(c);
    arc = arc << 7U | (byte & 0x7FU);
    if ((byte & 0x80U) != 0) {
      continue;
    }
    if (arcs.empty()) {
      const std::uint64_t first = arc < 40 ? 0 : arc < 80 ? 1 : 2;
      arcs = {first, arc - 40 * first};
    } else {
      arcs.push_back(arc);
    }
    arc = 0;
  }
  return arcs;
}

}  // namespace tally::jmespath
