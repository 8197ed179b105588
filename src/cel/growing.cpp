#include "cel/internal/growing.hpp"

#include <algorithm>

#include "cel/internal/text_size.hpp"

namespace tally::cel {
namespace {
constexpr std::uint32_t kFirstCapacity = 8;
}  // namespace

Value Growing::append(Arena& arena, const Value& held, const Value& item) {
  const std::size_t size = list_size(held);
  const bool mine = items_ != nullptr && size == size_ && held.plain_items().data() == items_;
  if (!mine || size_ == capacity_) {
    const auto capacity = std::max(kFirstCapacity, static_cast<std::uint32_t>(size) * 2);
    auto* items = arena.allocate_array<Value>(capacity);
    if (mine) {
      std::copy_n(items_, size_, items);
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        items[i] = list_at(arena, held, i);
      }
    }
    items_ = items;
    capacity_ = capacity;
    size_ = static_cast<std::uint32_t>(size);
  }
  items_[size_++] = item;
  return Value::list({items_, size_});
}

void Growing::place(Arena& arena, std::uint32_t index) {
  auto slot = static_cast<std::uint32_t>(hash(arena, entries_[index].key)) & map_->slot_mask;
  while (slots_[slot] != 0) {
    slot = (slot + 1) & map_->slot_mask;
  }
  slots_[slot] = index + 1;
}

// Room for one more entry, and an index over all when there are many.
void Growing::reserve_entries(Arena& arena) {
  if (map_->size == entry_capacity_) {
    const std::uint32_t capacity = std::max(kFirstCapacity, entry_capacity_ * 2);
    auto* entries = arena.allocate_array<MapEntry>(capacity);
    std::copy_n(entries_, map_->size, entries);
    entries_ = entries;
    entry_capacity_ = capacity;
    map_->items = entries;
    if (capacity > kMapLinearMax) {
      const std::uint32_t slot_count = capacity * 2;  // a power of two, as the capacity is
      slots_ = arena.allocate_array<std::uint32_t>(slot_count);
      std::fill_n(slots_, slot_count, 0U);
      map_->slot_mask = slot_count - 1;
      map_->slots = slots_;
      for (std::uint32_t i = 0; i < map_->size; ++i) {
        place(arena, i);
      }
    }
  }
}

Value Growing::insert(Arena& arena, const Value& held, const Value& key, const Value& value) {
  if (map_ == nullptr || held.entries() != map_) {
    map_ = arena.create<MapEntries>();
    entries_ = nullptr;
    entry_capacity_ = 0;
    slots_ = nullptr;
    const std::size_t size = map_size(held);
    for (std::size_t i = 0; i < size; ++i) {
      reserve_entries(arena);
      entries_[map_->size] = {map_key_at(arena, held, i), map_value_at(arena, held, i)};
      ++map_->size;
      if (slots_ != nullptr) {
        place(arena, map_->size - 1);
      }
    }
  }
  switch (key.kind()) {
    case ValueKind::Bool:
    case ValueKind::Int:
    case ValueKind::Uint:
    case ValueKind::String:
      break;
    default:
      return make_error(arena, ErrorCode::InvalidArgument,
                        {"unsupported key type: ", type_name(key)});
  }
  Value there;
  if (map_find(arena, Value::map(map_), key, there)) {
    return make_error(arena, ErrorCode::DuplicateKey,
                      {"insert failed: key ", plain_text(arena, key), " already exists"});
  }
  reserve_entries(arena);
  entries_[map_->size] = {key, value};
  ++map_->size;
  if (slots_ != nullptr) {
    place(arena, map_->size - 1);
  }
  return Value::map(map_);
}

}  // namespace tally::cel
