#include "kyverno/internal/nodes.hpp"

#include <fmt/format.h>

namespace tally::kyverno::internal {

using document::Node;

Node number_node(Arena& arena, std::int64_t value) {
  const fmt::format_int text(value);
  return Node::make_number(arena.copy({text.data(), text.size()}), 0);
}

void ObjectParts::set(std::string_view key, const Node& value) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == key) {
      values_[i] = value;
      return;
    }
  }
  keys_.push_back(key);
  values_.push_back(value);
}

void ObjectParts::remove(std::string_view key) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == key) {
      keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(i));
      values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
}

const Node* ObjectParts::find(std::string_view key) const noexcept {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == key) {
      return &values_[i];
    }
  }
  return nullptr;
}

void ObjectParts::add_all(const Node& object) {
  // The keys of one object differ from one another: no search is needed in front of an empty list.
  const bool is_first = keys_.empty();
  for (const document::Member member : object.members()) {
    if (is_first) {
      keys_.push_back(member.key);
      values_.push_back(member.value);
    } else {
      set(member.key, member.value);
    }
  }
}

Node ObjectParts::make(Arena& arena, std::uint32_t offset) const {
  return Node::make_object(arena, values_, std::span<const std::string_view>(keys_), {}, offset);
}

void ObjectParts::clear() noexcept {
  keys_.clear();
  values_.clear();
}

Node with_member(Arena& arena, const Node& object, std::string_view key, const Node& value) {
  ObjectParts parts;
  parts.add_all(object);
  parts.set(key, value);
  return parts.make(arena, object.offset());
}

Node without_member(Arena& arena, const Node& object, std::string_view key) {
  if (object.find(key) == nullptr) {
    return object;
  }
  ObjectParts parts;
  parts.add_all(object);
  parts.remove(key);
  return parts.make(arena, object.offset());
}

Node nested(Arena& arena, std::span<const std::string_view> path, const Node& value) {
  Node inner = value;
  for (std::size_t i = path.size(); i > 0; --i) {
    inner = Node::make_object(arena, {&inner, 1}, path.subspan(i - 1, 1), {}, 0);
  }
  return inner;
}

namespace {

Node merge_below(Arena& arena, const Node& onto, const Node& from, std::size_t depth) {
  if (!onto.is_object() || !from.is_object() || depth > kMergeDepthMax) {
    return from;
  }
  ObjectParts parts;
  parts.add_all(onto);
  for (const document::Member member : from.members()) {
    const Node* old = parts.find(member.key);
    parts.set(member.key,
              old == nullptr ? member.value : merge_below(arena, *old, member.value, depth + 1));
  }
  return parts.make(arena, onto.offset());
}

}  // namespace

Node merged(Arena& arena, const Node& onto, const Node& from) {
  return merge_below(arena, onto, from, 0);
}

const Node* at(const Node& node, std::initializer_list<std::string_view> path) noexcept {
  const Node* here = &node;
  for (const std::string_view key : path) {
    here = here->find(key);
    if (here == nullptr) {
      return nullptr;
    }
  }
  return here;
}

std::string_view text_at(const Node& node, std::string_view key) noexcept {
  const Node* value = node.find(key);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

}  // namespace tally::kyverno::internal
