#include "kyverno/patch/internal/merge_tree.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "document/json_writer.hpp"

namespace tally::kyverno {

using document::Node;
using document::NodeKind;

namespace {

// The text by which upstream compares scalars: that of the JSON it goes through.
std::string_view scalar_text(Arena& arena, const Node& node) {
  switch (node.kind()) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Bool:
      return node.boolean() ? "true" : "false";
    case NodeKind::Number:
      if (const auto integer = node.integer()) {
        return arena.copy(std::to_string(*integer));
      }
      return node.text();
    case NodeKind::String:
      return node.text();
    case NodeKind::Array:
    case NodeKind::Object:
      break;
  }
  return {};
}

std::string_view kind_word(const MergeNode& node) {
  return node.is_map() ? kMappingNode : node.is_list() ? kSequenceNode : kScalarNode;
}

}  // namespace

MergeNode* MergeTree::add() {
  ++nodes_;
  return &all_.emplace_back();
}

MergeNode* MergeTree::make(const Node& source) {
  MergeNode* node = add();
  node->kind = source.kind();
  node->is_quoted = source.is_string();
  node->is_unfolded = node->is_scalar() || source.size() == 0;
  node->text = scalar_text(arena_, source);
  node->source = &source;
  return node;
}

MergeNode* MergeTree::make_sorted(const Node& source) {
  MergeNode* node = make(source);
  node->is_sorted = true;
  return node;
}

MergeNode* MergeTree::make_list() {
  MergeNode* node = add();
  node->kind = NodeKind::Array;
  return node;
}

MergeNode* MergeTree::make_text(std::string_view text) {
  MergeNode* node = add();
  node->kind = NodeKind::String;
  node->text = text;
  return node;
}

MergeNode* MergeTree::copy(MergeNode& node) {
  MergeNode* result = add();
  *result = node;
  if (node.is_unfolded && !is_exhausted()) {
    for (MergeNode*& item : result->items) {
      item = copy(*item);
    }
  }
  return result;
}

std::vector<MergeNode*>& MergeTree::items(MergeNode& node) {
  if (!node.is_unfolded) {
    node.is_unfolded = true;
    const Node& source = *node.source;
    std::vector<std::size_t> order(source.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (node.is_map() && node.is_sorted) {
      std::ranges::sort(order, {}, [&](std::size_t i) { return source.key(i); });
    }
    for (const std::size_t i : order) {
      MergeNode* item = make(source.items()[i]);
      item->is_sorted = node.is_sorted;
      node.items.push_back(item);
      if (node.is_map()) {
        node.keys.push_back(source.key(i));
      }
    }
  }
  return node.items;
}

MergeNode* MergeTree::field(MergeNode* node, std::string_view key) {
  if (node == nullptr || !node->is_map()) {
    return nullptr;
  }
  if (!node->is_unfolded && node->source->find(key) == nullptr) {
    return nullptr;
  }
  const std::vector<std::string_view>& names = keys(*node);
  const auto found = std::ranges::find(names, key);
  return found != names.end() ? node->items[static_cast<std::size_t>(found - names.begin())]
                              : nullptr;
}

void MergeTree::clear(MergeNode& map, std::string_view key) {
  std::vector<std::string_view>& names = keys(map);
  if (const auto found = std::ranges::find(names, key); found != names.end()) {
    map.items.erase(map.items.begin() + (found - names.begin()));
    names.erase(found);
  }
}

void MergeTree::rename(MergeNode& map, std::string_view from, std::string_view to) {
  std::vector<std::string_view>& names = keys(map);
  if (const auto found = std::ranges::find(names, from); found != names.end()) {
    *found = to;
    map.is_renamed = true;
  }
}

void MergeTree::set_field(MergeNode& map, std::string_view key, MergeNode* value) {
  if (value == nullptr || (value->is_null() && !value->is_kept)) {
    if (map.is_map()) {
      clear(map, key);
    }
    return;
  }
  if (MergeNode* old = field(&map, key); old != nullptr) {
    // The style of what was there stays: a number that replaces a quoted text is text.
    value->is_quoted = old->is_quoted;
    if (old != value) {
      *old = *value;
    }
    return;
  }
  keys(map).push_back(key);
  map.items.push_back(value);
}

Result<void> MergeTree::set_element(MergeNode& list, MergeNode* element,
                                    std::span<const std::string_view> names,
                                    std::span<const std::string_view> values) {
  if (!list.is_list()) {
    return list.is_null() ? Result<void>{} : wrong_kind(*this, kSequenceNode, list);
  }
  const bool sets_map =
      !names.empty() && !names[0].empty() && !values.empty() && !values[0].empty();
  std::vector<MergeNode*> kept;
  bool has_match = false;
  steps_ += items(list).size();
  for (MergeNode* item : items(list)) {
    // Nulls and empty maps go in any case.
    if (item->is_null() || (item->is_map() && items(*item).empty())) {
      continue;
    }
    if (!item->is_map() && sets_map) {
      kept.push_back(item);
      continue;
    }
    bool is_match = true;
    bool is_found = false;  // of the last key that has a value; keys beyond the values follow it
    for (std::size_t i = 0; i < names.size() && is_match; ++i) {
      if (i < values.size()) {
        if (names[i].empty()) {
          if (!item->is_scalar()) {
            return wrong_kind(*this, kScalarNode, *item);
          }
          is_found = item->text == values[i];
        } else {
          if (!item->is_map()) {
            return wrong_kind(*this, kMappingNode, *item);
          }
          // An empty value asks for the field only.
          const MergeNode* value = field(item, names[i]);
          is_found = value != nullptr && (values[i].empty() || value->text == values[i]);
        }
      }
      is_match = is_found;
    }
    if (!is_match) {
      // Without any value upstream keeps nothing.
      if (!values.empty()) {
        kept.push_back(item);
      }
      continue;
    }
    has_match = true;
    if (element != nullptr) {
      kept.push_back(element);
    }
  }
  list.items = std::move(kept);
  if (!is_missing_or_null(element) && !has_match) {
    list.items.push_back(element);
  }
  return {};
}

MergeNode* MergeTree::find_element(MergeNode* list, std::span<const std::string_view> names,
                                   std::span<const std::string_view> values) {
  if (list == nullptr || !list->is_list()) {
    return nullptr;
  }
  for (MergeNode* item : items(*list)) {
    ++steps_;
    if (names.empty() || names[0].empty()) {
      if (item->text == (values.empty() ? std::string_view{} : values[0])) {
        return item;
      }
      continue;
    }
    if (!item->is_map() || names.size() != values.size()) {
      continue;
    }
    bool is_match = true;
    for (std::size_t i = 0; i < names.size() && is_match; ++i) {
      const MergeNode* value = field(item, names[i]);
      is_match = value != nullptr && value->text == values[i];
    }
    if (is_match) {
      return item;
    }
  }
  return nullptr;
}

MergeTree::Frozen MergeTree::freeze_node(MergeNode& node) {
  const std::uint32_t offset = node.source != nullptr ? node.source->offset() : 0;
  if (node.is_scalar()) {
    // A number or boolean that took the place of a text keeps the quotes and is a text.
    const bool is_text = node.source == nullptr || (node.is_quoted && !node.source->is_string());
    return is_text ? Frozen{.node = Node::make_string(node.text, offset), .is_source = false}
                   : Frozen{.node = *node.source, .is_source = true};
  }
  if (!node.is_unfolded) {
    return {.node = *node.source, .is_source = true};
  }
  const Node* source = node.source;
  bool is_same = source != nullptr && source->size() == node.items.size();
  Node* values = arena_.allocate_array<Node>(node.items.size());
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Frozen child = freeze_node(*node.items[i]);
    values[i] = child.node;
    is_same = is_same && child.is_source && node.items[i]->source == &source->items()[i] &&
              (!node.is_map() || node.keys[i] == source->key(i));
  }
  if (is_same) {
    return {.node = *source, .is_source = true};
  }
  if (node.is_renamed) {
    std::vector<std::string_view> sorted = node.keys;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
      duplicate_ = *twice;
    }
  }
  const std::span<const Node> all{values, node.items.size()};
  return {.node = node.is_map() ? Node::make_object(arena_, all, node.keys, {}, offset)
                                : Node::make_array(arena_, all, offset),
          .is_source = false};
}

Node MergeTree::freeze(MergeNode& node) { return freeze_node(node).node; }

// As the flow style of YAML that upstream prints: JSON with blanks.
std::string MergeTree::excerpt(MergeNode& node) {
  constexpr std::size_t kBytesMax = 400;
  std::string json;
  document::append_json(json, freeze(node));
  std::string text;
  bool is_in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    text += json[i];
    if (is_in_text && json[i] == '\\') {
      text += json[++i];
      continue;
    }
    is_in_text = is_in_text != (json[i] == '"');
    if (!is_in_text && (json[i] == ',' || json[i] == ':')) {
      text += ' ';
    }
  }
  if (text.size() > kBytesMax) {
    text.resize(kBytesMax);
    text += "...";
  }
  return text;
}

std::unexpected<Error> wrong_kind(MergeTree& tree, std::string_view expected, MergeNode& found) {
  return content_error("wrong node kind: expected " + std::string(expected) + " but got " +
                       std::string(kind_word(found)) + ": node contents:\n" + tree.excerpt(found) +
                       "\n");
}

}  // namespace tally::kyverno
