#include "jmespath/internal/base64.hpp"

#include <array>
#include <cstdint>

namespace tally::jmespath {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::size_t skip_breaks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) {
    ++at;
  }
  return at;
}

}  // namespace

Base64Decoded decode_base64(std::string_view text) {
  Base64Decoded out;
  const auto fail = [&out](std::size_t at) {
    out.bad_offset = at;
    return out;
  };
  std::size_t at = 0;
  while (true) {
    std::uint32_t bits = 0;
    std::size_t count = 0;
    bool padded = false;
    for (; count < 4; ++count) {
      at = skip_breaks(text, at);
      if (at == text.size()) {
        return count == 0 ? out : fail(at - count);
      }
      const std::size_t value = kAlphabet.find(text[at]);
      if (value == std::string_view::npos) {
        break;
      }
      bits = bits << 6U | static_cast<std::uint32_t>(value);
      ++at;
    }
    if (count < 4) {
      if (text[at] != '=' || count < 2) {
        return fail(at);
      }
      ++at;
      if (count == 2) {  // the second padding character
        at = skip_breaks(text, at);
        if (at == text.size()) {
          return fail(text.size());
        }
        if (text[at] != '=') {
          return fail(at - 1);
        }
        ++at;
      }
      at = skip_breaks(text, at);
      if (at < text.size()) {
        return fail(at);
      }
      bits <<= 6 * (4 - count);
      padded = true;
    }
    for (std::size_t i = 0; i + 1 < count; ++i) {
      out.octets += static_cast<char>(bits >> (16 - 8 * i) & 0xFFU);
    }
    if (padded) {
      return out;
    }
  }
}

std::string encode_base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const auto byte = [octets, i](std::size_t k) {
      return i + k < octets.size()
                 ? static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i + k]))
                 : 0U;
    };
    const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
    out += kAlphabet[bits >> 18U & 63U];
    out += kAlphabet[bits >> 12U & 63U];
    out += i + 1 < octets.size() ? kAlphabet[bits >> 6U & 63U] : '=';
    out += i + 2 < octets.size() ? kAlphabet[bits & 63U] : '=';
  }
  return out;
}

}  // namespace tally::jmespath
