#include "policy_test/internal/nodes.hpp"

#include <algorithm>
#include <vector>

namespace tally::policy_test {

using document::Node;

const Node* find_path(const Node& root, std::string_view path) {
  const Node* at = &root;
  while (at != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    at = at->find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return at;
}

std::string_view text_of(const Node* node) noexcept {
  return node == nullptr || !node->is_string() ? std::string_view{} : node->text();
}

std::string_view text_at(const Node& root, std::string_view path) {
  return text_of(find_path(root, path));
}

std::span<const Node> list_at(const Node& root, std::string_view path) {
  const Node* list = find_path(root, path);
  return list == nullptr || !list->is_array() ? std::span<const Node>{} : list->items();
}

Node make_map(Arena& arena, std::span<const Field> fields, std::uint32_t offset) {
  std::vector<Node> values;
  std::vector<std::string_view> keys;
  for (const Field& field : fields) {
    values.push_back(field.value);
    keys.push_back(field.key);
  }
  return Node::make_object(arena, values, keys, {}, offset);
}

Node make_text(Arena& arena, std::string_view text) {
  return Node::make_string(arena.copy(text), 0);
}

Node with_member(Arena& arena, const Node& map, std::string_view key, const Node& value) {
  std::vector<Field> fields;
  bool found = false;
  for (const document::Member member : map.members()) {
    const bool same = member.key == key;
    found = found || same;
    fields.push_back({.key = member.key, .value = same ? value : member.value});
  }
  if (!found) {
    fields.push_back({.key = key, .value = value});
  }
  return make_map(arena, fields, map.offset());
}

}  // namespace tally::policy_test
