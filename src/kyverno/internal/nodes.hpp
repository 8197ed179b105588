#pragma once
// Making and changing nodes: small objects that the engine puts together while it evaluates.
// Nothing is changed in place; unchanged parts are shared.

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::kyverno::internal {

inline constexpr std::size_t kMergeDepthMax = 512;

// A text that lies in the arena already, or that outlives it.
[[nodiscard]] inline document::Node text_node(std::string_view text) noexcept {
  return document::Node::make_string(text, 0);
}
[[nodiscard]] document::Node number_node(Arena& arena, std::int64_t value);

// Keys and values of an object in the making; a later key replaces an earlier one.
class ObjectParts {
 public:
  void set(std::string_view key, const document::Node& value);
  void remove(std::string_view key);
  [[nodiscard]] const document::Node* find(std::string_view key) const noexcept;
  void add_all(const document::Node& object);
  [[nodiscard]] document::Node make(Arena& arena, std::uint32_t offset = 0) const;
  [[nodiscard]] bool is_empty() const noexcept { return values_.empty(); }
  void clear() noexcept;

 private:
  std::vector<std::string_view> keys_;
  std::vector<document::Node> values_;
};

// The object with one member set, or removed.
[[nodiscard]] document::Node with_member(Arena& arena, const document::Node& object,
                                         std::string_view key, const document::Node& value);
[[nodiscard]] document::Node without_member(Arena& arena, const document::Node& object,
                                            std::string_view key);
// {"a": {"b": value}} for the path a, b.
[[nodiscard]] document::Node nested(Arena& arena, std::span<const std::string_view> path,
                                    const document::Node& value);
// Maps are merged member by member, everything else is replaced (pkg/engine/context/utils.go,
// mergeMaps).
[[nodiscard]] document::Node merged(Arena& arena, const document::Node& onto,
                                    const document::Node& from);

// The value at a path of keys, or null.
[[nodiscard]] const document::Node* at(const document::Node& node,
                                       std::initializer_list<std::string_view> path) noexcept;
// The text of a member, or "".
[[nodiscard]] std::string_view text_at(const document::Node& node, std::string_view key) noexcept;

}  // namespace tally::kyverno::internal
