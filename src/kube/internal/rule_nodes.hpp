#pragma once
// What the rules of single types read of a node: each answers with nothing when the type is wrong,
// because the walk has reported that already.

#include <algorithm>
#include <string_view>

#include "document/node.hpp"
#include "kube/internal/structure_walk.hpp"

namespace tally::kube::internal {

[[nodiscard]] inline std::string_view text_at(const document::Node& map,
                                              const document::Name& name) {
  const document::Node* found = map.find(name);
  return found != nullptr && found->is_string() ? found->text() : std::string_view{};
}

// Absent, null or an empty text; a value of another type is not absent.
[[nodiscard]] inline bool is_absent(const document::Node& map, const document::Name& name) {
  const document::Node* found = map.find(name);
  return found == nullptr || found->is_null() || (found->is_string() && found->text().empty());
}

[[nodiscard]] inline const document::Node* list_at(const document::Node& map,
                                                   const document::Name& name) {
  const document::Node* found = map.find(name);
  return found != nullptr && found->is_array() ? found : nullptr;
}

[[nodiscard]] inline const document::Node* map_at(const document::Node& map,
                                                  const document::Name& name) {
  const document::Node* found = map.find(name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

[[nodiscard]] inline bool is_empty_list(const document::Node& map, const document::Name& name) {
  const document::Node* found = map.find(name);
  return found == nullptr || found->is_null() || (found->is_array() && found->size() == 0);
}

// The frame of a child; the parent's frame must outlive it.
[[nodiscard]] inline Frame child_frame(const Frame& frame, const document::Node& child,
                                       std::string_view key, std::size_t index = 0) {
  return {.up = &frame, .node = &child, .type = nullptr, .key = key, .index = index};
}

}  // namespace tally::kube::internal
