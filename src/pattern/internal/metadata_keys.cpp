#include "pattern/internal/metadata_keys.hpp"

#include <algorithm>
#include <tuple>

namespace tally::pattern {

using document::Node;

namespace {

const document::Name kMetadata{"metadata"};

// Upstream finds the labels of a resource, too, under a key with an anchor.
const Node* find_tag(const Node& metadata, std::string_view tag) {
  if (!metadata.is_object()) {
    return nullptr;
  }
  if (const Node* const found = metadata.find(tag)) {
    return found;
  }
  for (const auto member : metadata.members()) {
    const auto anchor = parse_anchor(member.key);
    if (anchor && anchor->key == tag) {
      return &member.value;
    }
  }
  return nullptr;
}

}  // namespace

MetadataKeys::MetadataKeys(const PatternProgram& program, Arena& arena, Budget& budget)
    : program_(program), arena_(arena), budget_(budget) {
  if (program.slots > 0) {
    auto* expanded = arena.allocate_array<std::span<const Entry>>(program.slots);
    expanded_ = {expanded, program.slots};
    std::ranges::fill(expanded_, std::span<const Entry>{});
  }
}

std::span<const Entry> MetadataKeys::entries_of(std::uint32_t map) const {
  if (!program_.slot_of_map.empty()) {
    const std::uint32_t slot = program_.slot_of_map[map];
    if (slot != kNone && expanded_[slot].data() != nullptr) {
      return expanded_[slot];
    }
  }
  const Item& item = program_.items[map];
  return std::span(program_.entries).subspan(item.first, item.count);
}

bool MetadataKeys::expand(const Tags& tags, const Node& resource, std::span<const Entry>& entries) {
  if (!expand_tag(tags.labels, "labels", resource) ||
      !expand_tag(tags.annotations, "annotations", resource)) {
    return false;
  }
  std::span<const Entry> metadata = entries_of(tags.metadata.map);
  const bool labels_moved = reorder(metadata, tags.labels);
  if (reorder(metadata, tags.annotations) || labels_moved) {
    expanded_[tags.metadata.slot] = metadata;
  }
  reorder(entries, tags.metadata);
  return true;
}

// Puts the key whose value is that map where it belongs now.
bool MetadataKeys::reorder(std::span<const Entry>& entries, const Tags::Tag& tag) {
  const auto entry = std::ranges::find(entries, tag.map, &Entry::value);
  if (tag.map == kNone || entry == entries.end()) {
    return false;
  }
  const bool is_nested = std::ranges::any_of(entries_of(tag.map), [](const Entry& inner) {
    return inner.kind != KeyKind::Plain || inner.is_nested;
  });
  if (entry->is_nested == is_nested) {
    return false;
  }
  const std::span<Entry> moved = arena_.copy(entries);
  moved[static_cast<std::size_t>(entry - entries.begin())].is_nested = is_nested;
  std::ignore = order_entries(moved);
  entries = moved;
  return true;
}

bool MetadataKeys::expand_tag(const Tags::Tag& tag, std::string_view name, const Node& resource) {
  const Node* const metadata = tag.map == kNone ? nullptr : resource.find(kMetadata);
  const Node* const labels = metadata == nullptr ? nullptr : find_tag(*metadata, name);
  if (labels == nullptr || !labels->is_object()) {
    return true;
  }
  const std::span<const Entry> before = entries_of(tag.map);
  auto* const room = arena_.allocate_array<Entry>(std::max<std::size_t>(before.size(), 1));
  std::size_t count = 0;
  for (const Entry& entry : before) {
    const Item& value = program_.items[entry.value];
    if (value.kind != Item::Kind::Leaf || !program_.scalars[value.first].node().is_string()) {
      continue;  // upstream keeps texts only
    }
    Entry expanded = entry;
    if (has_wildcard(entry.raw) && !expand_key(expanded, *labels)) {
      return false;
    }
    const std::span<const Entry> others(room, count);
    if (std::ranges::find(others, expanded.raw, &Entry::raw) == others.end()) {
      ::new (static_cast<void*>(room + count)) Entry(expanded);
      ++count;
    }
  }
  const std::span<Entry> after(room, count);
  std::ignore = order_entries(after);
  expanded_[tag.slot] = after;
  return true;
}

bool MetadataKeys::expand_key(Entry& entry, const Node& labels) {
  const auto anchor = parse_anchor(entry.raw);
  const std::string_view wanted = anchor ? anchor->key : entry.raw;
  std::string_view found = wanted;
  bool any = false;
  for (const auto member : labels.members()) {
    if (!budget_.spend(1)) {
      return false;
    }
    if (!member.value.is_string() || (any && member.key >= found)) {
      continue;
    }
    const Match match = match_wildcard(wanted, member.key, budget_);
    if (match == Match::OverBudget) {
      return false;
    }
    if (match == Match::Yes) {
      found = member.key;
      any = true;
    }
  }
  entry.raw = anchor ? arena_.concat({anchor_modifier(anchor->kind), "(", found, ")"}) : found;
  entry.key = entry.raw;
  entry.name = kNone;
  entry.watch = kNone;
  entry.kind = KeyKind::Plain;
  if (const auto now = parse_anchor(entry.raw); now && key_kind(now->kind) != KeyKind::Plain) {
    entry.kind = key_kind(now->kind);
    entry.key = now->key;
  }
  const auto known = std::ranges::find(program_.watched, entry.raw);
  if (known != program_.watched.end()) {
    entry.watch = static_cast<std::uint32_t>(known - program_.watched.begin());
  }
  return true;
}

}  // namespace tally::pattern
