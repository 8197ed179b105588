#pragma once
// The quick half of the duplicate check: most maps are cleared by the hashes of their keys.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tally::document {

// One bit for a key, by its hash. A map whose keys all have different bits repeats no key.
[[nodiscard]] inline std::uint64_t key_bit(std::uint32_t hash) noexcept {
  return std::uint64_t{1} << (hash >> 26U);
}

// True if two hashes are equal: then the keys themselves have to be compared. n log n.
[[nodiscard]] inline bool repeats_hash(std::span<const std::uint32_t> hashes,
                                       std::vector<std::uint32_t>& sorted) {
  constexpr std::size_t kPairwiseMax = 16;
  if (hashes.size() <= kPairwiseMax) {
    for (std::size_t second = 1; second < hashes.size(); ++second) {
      for (std::size_t first = 0; first < second; ++first) {
        if (hashes[first] == hashes[second]) {
          return true;
        }
      }
    }
    return false;
  }
  sorted.assign(hashes.begin(), hashes.end());
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

}  // namespace tally::document
