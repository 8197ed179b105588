#include "scalar/base64.hpp"

#include <array>

namespace tally::scalar {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::size_t skip_breaks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) {
    ++at;
  }
  return at;
}

}  // namespace

Base64Read read_base64(std::string_view text, Base64Padding padding, char* octets) {
  std::size_t size = 0;
  std::size_t at = 0;
  while (true) {
    std::array<std::uint8_t, 4> quantum{};
    std::size_t count = 0;
    bool ended = false;
    while (count < 4) {
      at = skip_breaks(text, at);
      if (at == text.size()) {
        if (count == 0) {
          return {.size = size};
        }
        if (count == 1 || padding == Base64Padding::Required) {
          return {.size = 0, .bad_offset = at - count};
        }
        ended = true;
        break;
      }
      const std::uint8_t value = kValues[static_cast<unsigned char>(text[at])];
      if (value != kNone) {
        quantum[count++] = value;
        ++at;
        continue;
      }
      if (padding == Base64Padding::Forbidden || text[at] != '=' || count < 2) {
        return {.size = 0, .bad_offset = at};
      }
      ++at;
      if (count == 2) {  // the second padding character
        at = skip_breaks(text, at);
        if (at == text.size()) {
          return {.size = 0, .bad_offset = text.size()};
        }
        if (text[at] != '=') {
          return {.size = 0, .bad_offset = at - 1};
        }
        ++at;
      }
      at = skip_breaks(text, at);
      if (at < text.size()) {
        return {.size = 0, .bad_offset = at};
      }
      ended = true;
      break;
    }
    const std::uint32_t bits = std::uint32_t{quantum[0]} << 18U | std::uint32_t{quantum[1]} << 12U |
                               std::uint32_t{quantum[2]} << 6U | std::uint32_t{quantum[3]};
    for (std::size_t i = 0; i + 1 < count; ++i) {
      octets[size++] = static_cast<char>(bits >> (16 - 8 * i) & 0xFFU);
    }
    if (ended) {
      return {.size = size};
    }
  }
}

Base64Decoded decode_base64(std::string_view text) {
  Base64Decoded out;
  out.octets.resize(base64_octets_max(text.size()));
  const Base64Read read = read_base64(text, Base64Padding::Required, out.octets.data());
  out.octets.resize(read.size);
  out.bad_offset = read.bad_offset;
  return out;
}

std::string encode_base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  write_base64(octets, [&out](char c) { out += c; });
  return out;
}

}  // namespace tally::scalar
