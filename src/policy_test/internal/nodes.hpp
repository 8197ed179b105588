#pragma once
// Small edits of Nodes: a changed copy shares what stays.

#include <span>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::policy_test {

// The node at "a.b.c", or null. No part holds a dot.
[[nodiscard]] const document::Node* find_path(const document::Node& root, std::string_view path);
// The text there; empty when absent or no text.
[[nodiscard]] std::string_view text_at(const document::Node& root, std::string_view path);
[[nodiscard]] std::string_view text_of(const document::Node* node) noexcept;
// The elements of the list there; none when absent or no list.
[[nodiscard]] std::span<const document::Node> list_at(const document::Node& root,
                                                      std::string_view path);

struct Field {
  std::string_view key;
  document::Node value;
};
[[nodiscard]] document::Node make_map(Arena& arena, std::span<const Field> fields,
                                      std::uint32_t offset = 0);
[[nodiscard]] document::Node make_text(Arena& arena, std::string_view text);
// The map with this member, in place of one of the same key or at the end.
[[nodiscard]] document::Node with_member(Arena& arena, const document::Node& map,
                                         std::string_view key, const document::Node& value);

}  // namespace tally::policy_test
