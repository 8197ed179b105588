#pragma once
// Maps and lists of a policy that is being written. Keys and texts must outlive the nodes:
// literals, the classic policy, or the arena.

#include <string_view>
#include <vector>

#include "document/node.hpp"

namespace tally::migration {

[[nodiscard]] inline document::Node text_node(std::string_view text) {
  return document::Node::make_string(text, 0);
}

class MapDraft {
 public:
  explicit MapDraft(Arena& arena) noexcept : arena_(arena) {}
  MapDraft& set(std::string_view key, const document::Node& value) {
    keys_.push_back(key);
    values_.push_back(value);
    return *this;
  }
  // Copied into the arena.
  MapDraft& set(std::string_view key, std::string_view text) {
    return set(key, text_node(arena_.copy(text)));
  }
  [[nodiscard]] bool is_empty() const noexcept { return keys_.empty(); }
  [[nodiscard]] document::Node make() const {
    return document::Node::make_object(arena_, values_, std::span<const std::string_view>(keys_),
                                       {}, 0);
  }

 private:
  Arena& arena_;
  std::vector<std::string_view> keys_;
  std::vector<document::Node> values_;
};

template <class Texts>
[[nodiscard]] document::Node text_list(Arena& arena, const Texts& texts) {
  std::vector<document::Node> items;
  for (const auto& text : texts) {
    items.push_back(text_node(arena.copy(text)));
  }
  return document::Node::make_array(arena, items, 0);
}

// A value that is there and not null.
[[nodiscard]] inline const document::Node* present(const document::Node& of, std::string_view key) {
  const document::Node* found = of.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}
[[nodiscard]] inline std::string_view text_at(const document::Node& of, std::string_view key) {
  const document::Node* found = of.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

}  // namespace tally::migration
