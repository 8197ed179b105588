#pragma once
// Small steps on document nodes.

#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::kyverno_cel {

// The value under a key that is there and not null, or null.
[[nodiscard]] inline const document::Node* present(const document::Node& map,
                                                   std::string_view key) noexcept {
  const document::Node* found = map.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

// A path of keys; null where one is absent.
[[nodiscard]] const document::Node* present_at(const document::Node& map,
                                               std::initializer_list<std::string_view> path);

// The text at a path; "" when there is none.
[[nodiscard]] std::string_view text_at(const document::Node& map,
                                       std::initializer_list<std::string_view> path);
[[nodiscard]] bool flag_at(const document::Node& map, std::initializer_list<std::string_view> path,
                           bool otherwise);

// `map` with `value` under `key`, in place of what stands there or behind the rest.
[[nodiscard]] document::Node with_member(Arena& arena, const document::Node& map,
                                         std::string_view key, const document::Node& value);
[[nodiscard]] document::Node without_member(Arena& arena, const document::Node& map,
                                            std::string_view key);

[[nodiscard]] document::Node make_map(Arena& arena, std::span<const std::string_view> keys,
                                      std::span<const document::Node> values, std::uint32_t offset);

}  // namespace tally::kyverno_cel
