#include "kyverno_cel/internal/nodes.hpp"

namespace tally::kyverno_cel {

using document::Node;

const Node* present_at(const Node& map, std::initializer_list<std::string_view> path) {
  const Node* at = &map;
  for (const std::string_view key : path) {
    at = present(*at, key);
    if (at == nullptr) {
      return nullptr;
    }
  }
  return at;
}

std::string_view text_at(const Node& map, std::initializer_list<std::string_view> path) {
  const Node* found = present_at(map, path);
  return found == nullptr || !found->is_string() ? std::string_view{} : found->text();
}

bool flag_at(const Node& map, std::initializer_list<std::string_view> path, bool otherwise) {
  const Node* found = present_at(map, path);
  return found == nullptr || !found->is_bool() ? otherwise : found->boolean();
}

Node make_map(Arena& arena, std::span<const std::string_view> keys, std::span<const Node> values,
              std::uint32_t offset) {
  return Node::make_object(arena, values, keys, {}, offset);
}

Node with_member(Arena& arena, const Node& map, std::string_view key, const Node& value) {
  const std::size_t size = map.is_object() ? map.size() : 0;
  auto* keys = arena.allocate_array<std::string_view>(size + 1);
  auto* values = arena.allocate_array<Node>(size + 1);
  bool is_there = false;
  for (std::size_t i = 0; i < size; ++i) {
    keys[i] = map.key(i);
    const bool same = keys[i] == key;
    values[i] = same ? value : map.items()[i];
    is_there = is_there || same;
  }
  std::size_t count = size;
  if (!is_there) {
    keys[count] = key;
    values[count++] = value;
  }
  return make_map(arena, {keys, count}, {values, count}, map.offset());
}

Node without_member(Arena& arena, const Node& map, std::string_view key) {
  if (map.find(key) == nullptr) {
    return map;
  }
  auto* keys = arena.allocate_array<std::string_view>(map.size());
  auto* values = arena.allocate_array<Node>(map.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map.key(i) != key) {
      keys[count] = map.key(i);
      values[count++] = map.items()[i];
    }
  }
  return make_map(arena, {keys, count}, {values, count}, map.offset());
}

}  // namespace tally::kyverno_cel
