#pragma once
// Sixteen bytes at a time: the few vector operations that the YAML and JSON scanners share.
//
// SSE2 only, which every x86-64 has. Callers read up to 16 bytes past the byte they look for, which
// the padding of a Source allows. Every search stops at a control character up to CR, hence at the
// zero bytes behind the source.

#include <emmintrin.h>

#include <bit>
#include <cstdint>

namespace tally::document {

inline __m128i load_bytes(const char* at) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

inline __m128i equal_bytes(__m128i bytes, char wanted) noexcept {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted));
}

// Unsigned comparison: bytes that are at most `limit`.
inline __m128i at_most(__m128i bytes, unsigned char limit) noexcept {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(static_cast<char>(limit))), bytes);
}

inline std::uint32_t byte_mask(__m128i matches) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(matches));
}

// The first byte at or after `at` for which `matches` answers. It must match some byte that is
// there.
template <class Matches>
inline const char* find_byte(const char* at, Matches matches) noexcept {
  for (;; at += 16) {
    if (const std::uint32_t mask = byte_mask(matches(load_bytes(at))); mask != 0) {
      return at + std::countr_zero(mask);
    }
  }
}

// The first byte that is no space.
inline const char* skip_spaces(const char* at) noexcept {
  if (*at != ' ') {
    return at;
  }
  for (;; at += 16) {
    const std::uint32_t mask = byte_mask(equal_bytes(load_bytes(at), ' ')) ^ 0xFFFFU;
    if (mask != 0) {
      return at + std::countr_zero(mask);
    }
  }
}

}  // namespace tally::document
