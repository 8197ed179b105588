#pragma once
// The check that no map holds a key twice, and the sentence that says so.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"

namespace tally::document {

struct DuplicateKey {
  std::size_t first = 0;
  std::size_t second = 0;  // the first key in order that repeats an earlier one
};

// Pairwise up to 16 keys, by sorting above: hostile maps cost n log n.
[[nodiscard]] std::optional<DuplicateKey> find_duplicate_key(std::span<const std::string_view> keys,
                                                             std::vector<std::uint32_t>& order);

struct KeyOccurrence {
  std::uint32_t line = 0;
  Node value;
};

// Names both lines and both values; the lines only where the key may name a secret.
[[nodiscard]] std::string duplicate_key_message(std::string_view key, const KeyOccurrence& first,
                                                const KeyOccurrence& second);

}  // namespace tally::document
