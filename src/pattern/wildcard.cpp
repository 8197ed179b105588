#include "pattern/wildcard.hpp"

#include <cstddef>
#include <cstring>

namespace tally::pattern {
namespace {

// Bytes of the character at text[at]. Texts are UTF-8; a stray byte counts as a character, as in
// a conversion to []rune.
std::size_t character_size(std::string_view text, std::size_t at) noexcept {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t wanted = lead < 0xC2   ? 1
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 1;
  for (std::size_t i = 1; i < wanted; ++i) {
    if (at + i >= text.size() || (static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) {
      return 1;
    }
  }
  return wanted;
}

// The greedy walk: of the stars only the last one is ever tried again.
Match walk(std::string_view pattern, std::string_view text, Budget& budget) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      t += pattern[p] == '?' ? character_size(text, t) : 1;
      ++p;
    } else if (star != std::string_view::npos) {
      if (!budget.spend(1 + t - star_text)) {
        return Match::OverBudget;
      }
      p = star + 1;
      star_text += character_size(text, star_text);
      t = star_text;
    } else {
      return Match::No;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return match_if(p == pattern.size());
}

}  // namespace

bool has_wildcard(std::string_view text) noexcept {
  return text.find_first_of("*?") != std::string_view::npos;
}

Match match_wildcard(std::string_view pattern, std::string_view text, Budget& budget) noexcept {
  if (!has_wildcard(pattern)) {
    return match_if(pattern == text);
  }
  return walk(pattern, text, budget);
}

}  // namespace tally::pattern
