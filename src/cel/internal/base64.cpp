#include "cel/internal/base64.hpp"

#include <array>

namespace tally::cel {

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

Base64Decoded decode_base64(Arena& arena, std::string_view text, Padding padding) {
  char* const octets = arena.allocate_array<char>(text.size() / 4 * 3 + 3);
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
          return {.octets = {octets, size}, .bad_offset = {}};
        }
        if (count == 1 || padding == Padding::Required) {
          return {.octets = {}, .bad_offset = at - count};
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
      if (padding == Padding::Forbidden || text[at] != '=' || count < 2) {
        return {.octets = {}, .bad_offset = at};
      }
      ++at;
      if (count == 2) {  // the second padding character
        at = skip_breaks(text, at);
        if (at == text.size()) {
          return {.octets = {}, .bad_offset = text.size()};
        }
        if (text[at] != '=') {
          return {.octets = {}, .bad_offset = at - 1};
        }
        ++at;
      }
      at = skip_breaks(text, at);
      if (at < text.size()) {
        return {.octets = {}, .bad_offset = at};
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
      return {.octets = {octets, size}, .bad_offset = {}};
    }
  }
}

void append_base64(TextBuilder& out, std::string_view octets) {
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const auto byte = [octets, i](std::size_t k) {
      return i + k < octets.size()
                 ? static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i + k]))
                 : 0U;
    };
    const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
    out.add(kAlphabet[bits >> 18U & 63U]);
    out.add(kAlphabet[bits >> 12U & 63U]);
    out.add(i + 1 < octets.size() ? kAlphabet[bits >> 6U & 63U] : '=');
    out.add(i + 2 < octets.size() ? kAlphabet[bits & 63U] : '=');
  }
}

}  // namespace tally::cel
