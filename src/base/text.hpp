#pragma once
// Small text functions that every layer may need.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tally {

// Offset of the first byte that is not well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates), or nothing.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// Appends one code point; values that are no scalar value become U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

// Terminal columns of a text: combining marks count 0, wide East Asian characters and emoji 2.
[[nodiscard]] std::size_t display_width(std::string_view text);

// The candidate nearest to `word` for "did you mean", if it is near enough to be worth saying.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

// Shortens text to `bytes_max` bytes at a character boundary and replaces control characters, for
// use inside messages.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t bytes_max = 60);

[[nodiscard]] std::string_view trim(std::string_view text);

// Glob over the whole text: `*` any run, `?` one character. No escapes, no classes.
[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text);

}  // namespace tally
