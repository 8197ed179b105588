// Which characters the fast YAML scanner reads: those that libyaml lets in without a second
// thought.
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "document/internal/fast_yaml_scanner.hpp"

namespace tally::document {

namespace {

// libyaml counts these as line breaks or refuses them: C1 controls with NEL, LS, PS, the byte
// order mark, U+FFFE, U+FFFF (yaml_parser_update_buffer). The text is well-formed UTF-8.
bool has_odd_characters(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0xC2) {
      continue;
    }
    const auto second = static_cast<unsigned char>(text[i + 1]);
    if (lead == 0xC2 && second < 0xA0) {
      return true;
    }
    if (i + 2 >= text.size()) {
      continue;
    }
    const auto third = static_cast<unsigned char>(text[i + 2]);
    if ((lead == 0xE2 && second == 0x80 && (third == 0xA8 || third == 0xA9)) ||
        (lead == 0xEF && second == 0xBB && third == 0xBF) ||
        (lead == 0xEF && second == 0xBF && third >= 0xBE)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool FastYamlScanner::check_odd_bytes(const char* at, std::size_t size) const {
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    if (c == 0x7F || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
      return false;
    }
    if (c == '\r' && (at + i + 1 == end_ || at[i + 1] != '\n')) {
      return false;
    }
  }
  return true;
}

// yaml_parser_update_buffer: the characters that libyaml lets in.
bool FastYamlScanner::check_bytes() const {
  __m128i high = _mm_setzero_si128();
  const char* at = at_;
  const auto check = [&](const char* bytes, const char* original, std::size_t size) {
    __m128i odd = _mm_setzero_si128();
    for (std::size_t i = 0; i < 64; i += 16) {
      const __m128i part = load_bytes(bytes + i);
      high = _mm_or_si128(high, part);
      odd = _mm_or_si128(odd, _mm_andnot_si128(equal_bytes(part, '\n'), at_most(part, 0x1F)));
      odd = _mm_or_si128(odd, equal_bytes(part, 0x7F));
    }
    return byte_mask(odd) == 0 || check_odd_bytes(original, size);
  };
  for (; end_ - at >= 64; at += 64) {
    if (!check(at, at, 64)) {
      return false;
    }
  }
  if (at < end_) {
    std::array<char, 64> tail;
    tail.fill(' ');
    const auto size = static_cast<std::size_t>(end_ - at);
    std::memcpy(tail.data(), at, size);
    if (!check(tail.data(), at, size)) {
      return false;
    }
  }
  if (byte_mask(high) == 0) {
    return true;
  }
  const std::string_view slice{at_, static_cast<std::size_t>(end_ - at_)};
  return !find_invalid_utf8(slice) && !has_odd_characters(slice);
}

}  // namespace tally::document
