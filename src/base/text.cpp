#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tally {

namespace {

// Length of the well-formed sequence at `at`, 0 if there is none. Table 3-7 of the Unicode
// Standard.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(at);
  if (lead < 0x80U) {
    return 1;
  }
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return tail(at + 1) ? 2 : 0;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const unsigned low = lead == 0xE0U ? 0xA0U : 0x80U;
    const unsigned high = lead == 0xEDU ? 0x9FU : 0xBFU;
    return byte(at + 1) >= low && byte(at + 1) <= high && tail(at + 2) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const unsigned low = lead == 0xF0U ? 0x90U : 0x80U;
    const unsigned high = lead == 0xF4U ? 0x8FU : 0xBFU;
    return byte(at + 1) >= low && byte(at + 1) <= high && tail(at + 2) && tail(at + 3) ? 4 : 0;
  }
  return 0;
}

char32_t decode(std::string_view text, std::size_t at, std::size_t length) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  switch (length) {
    case 2:
      return ((byte(at) & 0x1FU) << 6) | (byte(at + 1) & 0x3FU);
    case 3:
      return ((byte(at) & 0x0FU) << 12) | ((byte(at + 1) & 0x3FU) << 6) | (byte(at + 2) & 0x3FU);
    case 4:
      return ((byte(at) & 0x07U) << 18) | ((byte(at + 1) & 0x3FU) << 12) |
             ((byte(at + 2) & 0x3FU) << 6) | (byte(at + 3) & 0x3FU);
    default:
      return byte(at);
  }
}

struct Range {
  char32_t first;
  char32_t last;
};
// The blocks that matter in names and messages; not the whole of UAX #11.
constexpr std::array kWide = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},  Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},  Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD}};
constexpr std::array kZero = {Range{0x0300, 0x036F}, Range{0x200B, 0x200F}, Range{0x20D0, 0x20FF},
                              Range{0xFE00, 0xFE0F}, Range{0xFEFF, 0xFEFF}};

bool contains(std::span<const Range> ranges, char32_t c) {
  return std::ranges::any_of(ranges,
                             [c](Range range) { return c >= range.first && c <= range.last; });
}

}  // namespace

namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

std::uint64_t load_word(const char* at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The first byte from `at` on that is not ASCII, or the end. Manifests are nearly all ASCII.
std::size_t skip_ascii(std::string_view text, std::size_t at) noexcept {
  const char* bytes = text.data();
  for (; at + 32 <= text.size(); at += 32) {
    if (((load_word(bytes + at) | load_word(bytes + at + 8) | load_word(bytes + at + 16) |
          load_word(bytes + at + 24)) &
         kHighBits) != 0) {
      break;
    }
  }
  for (; at + 8 <= text.size(); at += 8) {
    if (const std::uint64_t high = load_word(bytes + at) & kHighBits; high != 0) {
      return at + static_cast<std::size_t>(std::countr_zero(high)) / 8;
    }
  }
  // The last word overlaps what was looked at already: those bytes are shifted out.
  if (at < text.size() && text.size() >= 8) {
    const std::size_t last = text.size() - 8;
    const std::uint64_t high = (load_word(bytes + last) & kHighBits) >> (8 * (at - last));
    return high == 0 ? text.size() : at + static_cast<std::size_t>(std::countr_zero(high)) / 8;
  }
  while (at < text.size() && static_cast<unsigned char>(bytes[at]) < 0x80U) {
    ++at;
  }
  return at;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while ((at = skip_ascii(text, at)) < text.size()) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return std::nullopt;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    c = 0xFFFD;
  }
  const auto put = [&out](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, sequence_length(text, at));
    const char32_t c = decode(text, at, length);
    if (c >= 0x300) {
      width += contains(kZero, c) ? 0U : contains(kWide, c) ? 2U : 1U;
    } else {
      width += 1;
    }
    at += length;
  }
  return width;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  constexpr std::size_t kWordBytesMax = 64;
  if (word.empty() || word.size() > kWordBytesMax) {
    return std::nullopt;
  }
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  std::optional<std::string_view> best;
  // One edit in three characters: more is a different word.
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto candidate : candidates) {
    if (candidate.size() > kWordBytesMax) {
      continue;
    }
    // Optimal string alignment distance over three rows, letters compared without case.
    std::array<std::array<std::size_t, kWordBytesMax + 1>, 3> rows{};
    for (std::size_t j = 0; j <= candidate.size(); ++j) {
      rows[0][j] = j;
    }
    for (std::size_t i = 1; i <= word.size(); ++i) {
      auto& row = rows[i % 3];
      const auto& above = rows[(i + 2) % 3];
      const auto& two_above = rows[(i + 1) % 3];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const bool same = lower(word[i - 1]) == lower(candidate[j - 1]);
        row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
        if (i > 1 && j > 1 && lower(word[i - 1]) == lower(candidate[j - 2]) &&
            lower(word[i - 2]) == lower(candidate[j - 1])) {
          row[j] = std::min(row[j], two_above[j - 2] + 1);
        }
      }
    }
    const std::size_t distance = rows[word.size() % 3][candidate.size()];
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (out.size() + std::max<std::size_t>(1, length) > bytes_max) {
      out += "...";
      break;
    }
    const auto c = static_cast<unsigned char>(text[at]);
    if (length == 0 || c < 0x20U || c == 0x7FU) {
      out += '?';
      at += 1;
      continue;
    }
    out.append(text.substr(at, length));
    at += length;
  }
  return out;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  // Greedy with one remembered star: linear in practice, O(pattern * text) at worst, no recursion.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      // `?` takes one character, not one byte.
      t += pattern[p] == '?' ? std::max<std::size_t>(1, sequence_length(text, t)) : 1;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') {
    ++p;
  }
  return p == pattern.size();
}

}  // namespace tally
