#pragma once
// Texts as Go's []rune: code points, where a byte that is no UTF-8 stands for U+FFFD.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tally::jmespath {

inline constexpr char32_t kBadRune = 0xFFFD;

struct Rune {
  char32_t code = kBadRune;
  std::uint32_t size = 1;  // bytes that were read
};

// utf8.DecodeRuneInString. Precondition: at < text.size().
[[nodiscard]] Rune rune_at(std::string_view text, std::size_t at) noexcept;
[[nodiscard]] std::size_t count_runes(std::string_view text) noexcept;

// unicode.ToUpper, ToLower and the smallest code point of the orbit of unicode.SimpleFold.
[[nodiscard]] char32_t upper_rune(char32_t code) noexcept;
[[nodiscard]] char32_t lower_rune(char32_t code) noexcept;
[[nodiscard]] char32_t folded_rune(char32_t code) noexcept;

}  // namespace tally::jmespath
