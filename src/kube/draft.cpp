#include "kube/internal/draft.hpp"

#include <algorithm>

namespace tally::kube::internal {

using document::Node;

namespace {

constexpr std::size_t kMembersScanned = 48;

}  // namespace

void Draft::begin(std::uint32_t offset) {
  keys_.clear();
  values_.clear();
  if (!index_.empty()) {
    index_.clear();
  }
  offset_ = offset;
  changed_ = false;
}

void Draft::begin(const Node& object) {
  begin(object.offset());
  for (const document::Member member : object.members()) {
    append(member.key, member.value);
  }
}

void Draft::append(std::string_view key, const Node& value) {
  keys_.push_back(key);
  values_.push_back(value);
  if (keys_.size() <= kMembersScanned) {
    return;
  }
  if (index_.empty()) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      index_.emplace(keys_[i], i);
    }
  } else {
    index_.emplace(key, keys_.size() - 1);
  }
}

std::size_t Draft::position(std::string_view key) const noexcept {
  if (!index_.empty()) {
    const auto found = index_.find(key);
    return found == index_.end() ? kAbsent : found->second;
  }
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? kAbsent : static_cast<std::size_t>(found - keys_.begin());
}

const Node* Draft::find(std::string_view key) const noexcept {
  const std::size_t at = position(key);
  return at == kAbsent ? nullptr : &values_[at];
}

void Draft::set(std::string_view key, const Node& value) {
  changed_ = true;
  const std::size_t at = position(key);
  if (at == kAbsent) {
    append(key, value);
  } else {
    values_[at] = value;
  }
}

void Draft::remove(std::string_view key) {
  const std::size_t at = position(key);
  if (at == kAbsent) {
    return;
  }
  keys_.erase(keys_.begin() + static_cast<std::ptrdiff_t>(at));
  values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(at));
  changed_ = true;
  if (!index_.empty()) {
    index_.clear();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      index_.emplace(keys_[i], i);
    }
  }
}

Node Draft::finish(Arena& arena) const {
  return Node::make_object(arena, values_, keys_, {}, offset_);
}

const Node* find_path(const Node& root, std::string_view path) noexcept {
  const Node* at = &root;
  while (at != nullptr && !path.empty()) {
    const auto slash = path.find('/');
    at = at->find(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return at;
}

bool same(const Node& a, const Node& b) noexcept {
  return a.kind() == b.kind() && a.size() == b.size() && a.items().data() == b.items().data() &&
         a.text().data() == b.text().data() && a.text().size() == b.text().size() &&
         a.boolean() == b.boolean();
}

Node with_member(const Node& object, std::string_view key, const Node& value, Arena& arena) {
  Draft draft;
  draft.begin(object);
  draft.set(key, value);
  const Node made = draft.finish(arena);
  return object.is_defaulted() ? made.as_defaulted() : made;
}

Node without_member(const Node& object, std::string_view key, Arena& arena) {
  Draft draft;
  draft.begin(object);
  draft.remove(key);
  return draft.changed() ? draft.finish(arena) : object;
}

// Recursion: over rows of our own table and labels or quantities of the input, whose depth the
// reader limits.
Node plant(const Node& value, std::uint32_t offset, Arena& arena) {
  switch (value.kind()) {
    case document::NodeKind::Null:
      return Node::make_null(offset).as_defaulted();
    case document::NodeKind::Bool:
      return Node::make_bool(value.boolean(), offset).as_defaulted();
    case document::NodeKind::Number:
      return Node::make_number(value.text(), offset).as_defaulted();
    case document::NodeKind::String:
      return Node::make_string(value.text(), offset).as_defaulted();
    case document::NodeKind::Array: {
      std::vector<Node> items;
      for (const Node& item : value.items()) {
        items.push_back(plant(item, offset, arena));
      }
      return Node::make_array(arena, items, offset).as_defaulted();
    }
    case document::NodeKind::Object:
      break;
  }
  Draft draft;
  draft.begin(offset);
  for (const document::Member member : value.members()) {
    draft.append(member.key, plant(member.value, offset, arena));
  }
  return draft.finish(arena).as_defaulted();
}

}  // namespace tally::kube::internal
