#pragma once
// Draft: an object under change. Nodes are immutable: a change makes a new object of the same
// members, which shares everything below them.

#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::kube::internal {

class Draft {
 public:
  Draft() = default;
  // Begins anew with no members; the memory stays.
  void begin(std::uint32_t offset);
  // Begins with the members of an object.
  void begin(const document::Node& object);

  // A key that is not there yet.
  void append(std::string_view key, const document::Node& value);
  [[nodiscard]] const document::Node* find(std::string_view key) const noexcept;
  // Replaces or appends, and counts as a change. `key` must outlive the draft and the result is
  // marked by the caller where it is a default.
  void set(std::string_view key, const document::Node& value);
  void remove(std::string_view key);
  void touch() noexcept { changed_ = true; }

  [[nodiscard]] bool changed() const noexcept { return changed_; }
  [[nodiscard]] std::uint32_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] document::Node finish(Arena& arena) const;

 private:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);
  [[nodiscard]] std::size_t position(std::string_view key) const noexcept;

  std::vector<std::string_view> keys_;
  std::vector<document::Node> values_;
  // Position by key, filled while the object has many members: input may have millions.
  std::unordered_map<std::string_view, std::size_t> index_;
  std::uint32_t offset_ = 0;
  bool changed_ = false;
};

// The value under a path of names ("spec/template"), or null.
[[nodiscard]] const document::Node* find_path(const document::Node& root,
                                              std::string_view path) noexcept;

// `object` with one member replaced or added; what is no object becomes one.
[[nodiscard]] document::Node with_member(const document::Node& object, std::string_view key,
                                         const document::Node& value, Arena& arena);
[[nodiscard]] document::Node without_member(const document::Node& object, std::string_view key,
                                            Arena& arena);

// Is it the same value in the same memory (a scalar: the same text)?
[[nodiscard]] bool same(const document::Node& a, const document::Node& b) noexcept;

// A list whose items a function changed: `change` returns the new item. The list itself if no item
// is another one.
template <class Change>
[[nodiscard]] document::Node map_items(const document::Node& list, Arena& arena, Change&& change) {
  std::vector<document::Node> items;
  bool changed = false;
  items.reserve(list.size());
  for (const document::Node& item : list.items()) {
    items.push_back(change(item));
    changed = changed || !same(items.back(), item);
  }
  return changed ? document::Node::make_array(arena, items, list.offset()) : list;
}

// A copy of a default's value, marked, everywhere at one position.
[[nodiscard]] document::Node plant(const document::Node& value, std::uint32_t offset, Arena& arena);

// Marked as a default.
[[nodiscard]] inline document::Node added_text(std::string_view text, std::uint32_t offset) {
  return document::Node::make_string(text, offset).as_defaulted();
}

}  // namespace tally::kube::internal
