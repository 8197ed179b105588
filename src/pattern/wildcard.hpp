#pragma once
// `*` and `?` over a whole text, as github.com/IGLOU-EU/go-wildcard 1.0.3 (Kyverno's ext/wildcard)
// answers, but in bounded time: the original tries every split of the text at every star.

#include <cstdint>
#include <string_view>

namespace tally::pattern {

// Work that one engine call may still do; spent in about one unit a byte. Unsigned, never wraps.
struct Budget {
  std::uint64_t left = 0;
  [[nodiscard]] bool spend(std::uint64_t units) noexcept {
    if (units > left) {
      left = 0;
      return false;
    }
    left -= units;
    return true;
  }
};

enum class Match : std::uint8_t { No, Yes, OverBudget };
[[nodiscard]] constexpr Match match_if(bool matches) noexcept {
  return matches ? Match::Yes : Match::No;
}

[[nodiscard]] bool has_wildcard(std::string_view text) noexcept;
[[nodiscard]] Match match_wildcard(std::string_view pattern, std::string_view text,
                                   Budget& budget) noexcept;

}  // namespace tally::pattern
