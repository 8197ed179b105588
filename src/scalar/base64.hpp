#pragma once
// base64 (RFC 4648 section 4) as encoding/base64 of Go reads and writes it: line breaks are
// skipped, unused bits of the last character are not looked at, an error names the offset of the
// bad byte.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally::scalar {

enum class Base64Padding : std::uint8_t { Required, Forbidden };

// How many octets so many characters stand for at most.
[[nodiscard]] constexpr std::size_t base64_octets_max(std::size_t characters) noexcept {
  return characters / 4 * 3 + 3;
}

struct Base64Read {
  std::size_t size = 0;  // octets; 0 after an error
  std::optional<std::size_t> bad_offset{};
};
// `octets`: room for base64_octets_max(text.size()).
[[nodiscard]] Base64Read read_base64(std::string_view text, Base64Padding padding, char* octets);

struct Base64Decoded {
  std::string octets;
  std::optional<std::size_t> bad_offset;  // of the byte where decoding stopped
};
// With padding.
[[nodiscard]] Base64Decoded decode_base64(std::string_view text);

// put(character)
template <class Put>
void write_base64(std::string_view octets, const Put& put) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const auto byte = [octets, i](std::size_t k) {
      return i + k < octets.size()
                 ? static_cast<std::uint32_t>(static_cast<unsigned char>(octets[i + k]))
                 : 0U;
    };
    const std::uint32_t bits = byte(0) << 16U | byte(1) << 8U | byte(2);
    put(kAlphabet[bits >> 18U & 63U]);
    put(kAlphabet[bits >> 12U & 63U]);
    put(i + 1 < octets.size() ? kAlphabet[bits >> 6U & 63U] : '=');
    put(i + 2 < octets.size() ? kAlphabet[bits & 63U] : '=');
  }
}
[[nodiscard]] std::string encode_base64(std::string_view octets);

}  // namespace tally::scalar
