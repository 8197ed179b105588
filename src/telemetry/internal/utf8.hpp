#pragma once
// Texts from outside on their way to where only UTF-8 is allowed.

#include <cstddef>
#include <string>
#include <string_view>

namespace tally::telemetry::internal {

// Every byte that is not well-formed UTF-8 as U+FFFD.
[[nodiscard]] std::string well_formed(std::string_view text);

// The longest beginning of at most `bytes_max` bytes that ends between two characters.
[[nodiscard]] std::string_view cut_at_character(std::string_view text,
                                                std::size_t bytes_max) noexcept;

}  // namespace tally::telemetry::internal
