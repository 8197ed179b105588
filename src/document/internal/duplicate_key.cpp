#include "document/internal/duplicate_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/text.hpp"

namespace tally::document {

namespace {

constexpr std::size_t kPairwiseKeysMax = 16;
constexpr std::size_t kValueBytesMax = 40;

bool may_name_secret(std::string_view key) {
  constexpr std::array<std::string_view, 6> kWords = {"password", "passwd", "secret",
                                                      "token",    "key",    "credential"};
  std::string lower(key);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::any_of(kWords, [&](std::string_view word) { return lower.contains(word); });
}

std::string show(const Node& value) {
  switch (value.kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return value.boolean() ? "true" : "false";
    case NodeKind::Number:
      return excerpt(value.text(), kValueBytesMax);
    case NodeKind::String:
      return fmt::format("\"{}\"", excerpt(value.text(), kValueBytesMax));
    // What lies inside may be a secret; its size is enough to tell the two apart.
    case NodeKind::Array:
      return fmt::format("a list of {}", value.size());
    case NodeKind::Object:
      return fmt::format("a map of {}", value.size());
  }
  return "a value";
}

}  // namespace

std::optional<DuplicateKey> find_duplicate_key(std::span<const std::string_view> keys,
                                               std::vector<std::uint32_t>& order) {
  if (keys.size() <= kPairwiseKeysMax) {
    for (std::size_t second = 1; second < keys.size(); ++second) {
      for (std::size_t first = 0; first < second; ++first) {
        if (keys[first] == keys[second]) {
          return DuplicateKey{first, second};
        }
      }
    }
    return std::nullopt;
  }
  order.resize(keys.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [keys](std::uint32_t a, std::uint32_t b) {
    if (keys[a].size() != keys[b].size()) {
      return keys[a].size() < keys[b].size();
    }
    const int less = keys[a].compare(keys[b]);
    return less != 0 ? less < 0 : a < b;
  });
  std::optional<DuplicateKey> found;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (keys[order[i - 1]] == keys[order[i]] && (!found || order[i] < found->second)) {
      found = DuplicateKey{order[i - 1], order[i]};
    }
  }
  return found;
}

std::string duplicate_key_message(std::string_view key, const KeyOccurrence& first,
                                  const KeyOccurrence& second) {
  if (may_name_secret(key)) {
    return fmt::format("the key \"{}\" stands twice in one map: on line {} and on line {}",
                       excerpt(key), first.line, second.line);
  }
  return fmt::format(
      "the key \"{}\" stands twice in one map: on line {} with {}, on line {} with {}",
      excerpt(key), first.line, show(first.value), second.line, show(second.value));
}

}  // namespace tally::document
