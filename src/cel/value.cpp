#include "cel/value.hpp"

#include <algorithm>
#include <bit>
#include <new>

#include "cel/type.hpp"

namespace tally::cel {

using document::Node;
using document::NodeKind;

Value Value::from_node(const Node& node) noexcept {
  switch (node.kind()) {
    case NodeKind::Null:
      return null();
    case NodeKind::Bool:
      return boolean(node.boolean());
    case NodeKind::Number:
      if (const auto whole = node.integer()) {
        return integer(*whole);
      }
      return real(node.number());
    case NodeKind::String:
      return string(node.text());
    case NodeKind::Array:
      return {ValueKind::List, Form::Node, 0, Payload{.p = &node}};
    case NodeKind::Object:
      return {ValueKind::Map, Form::Node, 0, Payload{.p = &node}};
  }
  return null();
}

// --- lists
// -----------------------------------------------------------------------------------------------

std::size_t list_size(const Value& list) noexcept {
  if (const Node* node = list.node()) {
    return node->size();
  }
  if (const HostList* host = list.host_list()) {
    return host->size();
  }
  return list.plain_items().size();
}

Value list_at(Arena& arena, const Value& list, std::size_t i) {
  if (const Node* node = list.node()) {
    return Value::from_node(node->items()[i]);
  }
  if (const HostList* host = list.host_list()) {
    return host->at(arena, i);
  }
  return list.plain_items()[i];
}

// --- maps
// ------------------------------------------------------------------------------------------------

std::size_t map_size(const Value& map) noexcept {
  if (const Node* node = map.node()) {
    return node->size();
  }
  if (const HostMap* host = map.host_map()) {
    return host->size();
  }
  const MapEntries* entries = map.entries();
  return entries != nullptr ? entries->size : 0;
}

Value map_key_at(Arena& arena, const Value& map, std::size_t i) {
  if (const Node* node = map.node()) {
    return Value::string(node->key(i));
  }
  if (const HostMap* host = map.host_map()) {
    return host->key_at(arena, i);
  }
  return map.entries()->items[i].key;
}

Value map_value_at(Arena& arena, const Value& map, std::size_t i) {
  if (const Node* node = map.node()) {
    return Value::from_node(node->items()[i]);
  }
  if (const HostMap* host = map.host_map()) {
    return host->value_at(arena, i);
  }
  return map.entries()->items[i].value;
}

namespace {

bool is_key(const Value& key) noexcept {
  switch (key.kind()) {
    case ValueKind::Bool:
    case ValueKind::Int:
    case ValueKind::Uint:
    case ValueKind::Double:
    case ValueKind::String:
      return true;
    default:
      return false;
  }
}

// Equality of keys, which are scalars.
bool same_key(const Value& a, const Value& b) noexcept {
  int order = 0;
  return compare(a, b, order) && order == 0;
}

const MapEntry* find_entry(Arena& arena, const MapEntries& entries, const Value& key) {
  if (entries.slots == nullptr) {
    for (std::uint32_t i = 0; i < entries.size; ++i) {
      if (same_key(entries.items[i].key, key)) {
        return &entries.items[i];
      }
    }
    return nullptr;
  }
  auto slot = static_cast<std::uint32_t>(hash(arena, key)) & entries.slot_mask;
  while (entries.slots[slot] != 0) {
    const MapEntry& entry = entries.items[entries.slots[slot] - 1];
    if (same_key(entry.key, key)) {
      return &entry;
    }
    slot = (slot + 1) & entries.slot_mask;
  }
  return nullptr;
}

}  // namespace

bool map_find(Arena& arena, const Value& map, const Value& key, Value& out) {
  if (const Node* node = map.node()) {
    if (!key.is(ValueKind::String)) {
      return false;
    }
    const Node* found = node->find(key.text());
    if (found == nullptr) {
      return false;
    }
    out = Value::from_node(*found);
    return true;
  }
  if (const HostMap* host = map.host_map()) {
    return host->find(arena, key, out);
  }
  if (map.entries() == nullptr || !is_key(key)) {
    return false;
  }
  const MapEntry* entry = find_entry(arena, *map.entries(), key);
  if (entry == nullptr) {
    return false;
  }
  out = entry->value;
  return true;
}

MapBuilder::MapBuilder(Arena& arena, std::size_t capacity)
    : arena_(&arena), items_(arena.allocate_array<MapEntry>(capacity)) {}

void MapBuilder::add(const Value& key, const Value& value) {
  if (!is_key(key) || key.is(ValueKind::Double)) {
    if (failed_.is(ValueKind::Null)) {
      failed_ = key.is_outcome() ? key
                                 : make_error(*arena_, ErrorCode::InvalidArgument,
                                              {"unsupported key type: ", type_name(key)});
    }
    return;
  }
  ::new (static_cast<void*>(items_ + size_)) MapEntry{key, value};
  ++size_;
}

Value MapBuilder::finish() {
  if (!failed_.is(ValueKind::Null)) {
    return failed_;
  }
  const auto repeated = [this](const Value& key) {
    return make_error(*arena_, ErrorCode::DuplicateKey,
                      {"Failed with repeated key: ", to_literal(*arena_, key)});
  };
  auto* entries = arena_->create<MapEntries>();
  entries->items = items_;
  entries->size = size_;
  if (size_ <= kMapLinearMax) {
    for (std::uint32_t i = 1; i < size_; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) {
        if (same_key(items_[i].key, items_[j].key)) {
          return repeated(items_[i].key);
        }
      }
    }
    return Value::map(entries);
  }
  const std::uint32_t slot_count = std::bit_ceil(size_ * 2);
  auto* slots = arena_->allocate_array<std::uint32_t>(slot_count);
  std::fill_n(slots, slot_count, 0U);
  entries->slot_mask = slot_count - 1;
  for (std::uint32_t i = 0; i < size_; ++i) {
    auto slot = static_cast<std::uint32_t>(hash(*arena_, items_[i].key)) & entries->slot_mask;
    while (slots[slot] != 0) {
      if (same_key(items_[slots[slot] - 1].key, items_[i].key)) {
        return repeated(items_[i].key);
      }
      slot = (slot + 1) & entries->slot_mask;
    }
    slots[slot] = i + 1;
  }
  entries->slots = slots;
  return Value::map(entries);
}

// --- errors, optionals, opaque values
// --------------------------------------------------------------------

Value make_error(Arena& arena, ErrorCode code, std::string_view message) {
  return Value::error(arena.create<EvalError>(code, 0U, arena.copy(message)));
}

Value make_error(Arena& arena, ErrorCode code, std::initializer_list<std::string_view> parts) {
  return Value::error(arena.create<EvalError>(code, 0U, arena.concat(parts)));
}

Value no_such_overload() noexcept {
  static constexpr EvalError kNoSuchOverload{ErrorCode::NoSuchOverload, 0, "no such overload"};
  return Value::error(&kNoSuchOverload);
}

Value make_optional(Arena& arena, const Value& held) {
  return Value::optional(arena.create<Value>(held));
}

Value make_opaque(Arena& arena, const OpaqueKind& kind, const void* data) {
  return Value::opaque(arena.create<OpaqueValue>(&kind, data));
}

std::string_view type_name(const Value& value) noexcept {
  switch (value.kind()) {
    case ValueKind::Error:
      return "error";
    case ValueKind::Unknown:
      return "unknown";
    case ValueKind::Null:
      return "null_type";
    case ValueKind::Bool:
      return "bool";
    case ValueKind::Int:
      return "int";
    case ValueKind::Uint:
      return "uint";
    case ValueKind::Double:
      return "double";
    case ValueKind::String:
      return "string";
    case ValueKind::Bytes:
      return "bytes";
    case ValueKind::Timestamp:
      return "google.protobuf.Timestamp";
    case ValueKind::Duration:
      return "google.protobuf.Duration";
    case ValueKind::List:
      return "list";
    case ValueKind::Map:
      if (const HostMap* host = value.host_map()) {
        if (const Type* type = host->type()) {
          return type->name;
        }
      }
      return "map";
    case ValueKind::Type:
      return "type";
    case ValueKind::Optional:
      return "optional_type";
    case ValueKind::Opaque:
      return value.as_opaque().kind->type_name;
  }
  return "dyn";
}

}  // namespace tally::cel
