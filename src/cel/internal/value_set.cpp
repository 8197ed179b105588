#include "cel/internal/value_set.hpp"

#include <algorithm>
#include <bit>

namespace tally::cel {

namespace {

constexpr std::size_t kComparisonsWithoutIndex = 64;

std::uint32_t slot_count(std::size_t size) {
  return static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(size * 2, 8)));
}

std::uint32_t* make_slots(Arena& arena, std::uint32_t count) {
  auto* const slots = arena.allocate_array<std::uint32_t>(count);
  std::fill_n(slots, count, 0U);
  return slots;
}

}  // namespace

ValueSet::ValueSet(Arena& arena, const Value& list, std::size_t questions)
    : arena_(&arena), list_(list), size_(list_size(list)) {
  if (size_ * questions <= kComparisonsWithoutIndex) {
    return;
  }
  const std::uint32_t count = slot_count(size_);
  mask_ = count - 1;
  slots_ = make_slots(arena, count);
  for (std::size_t i = 0; i < size_; ++i) {
    const Value item = list_at(arena, list, i);
    if (item.is_outcome()) {
      continue;
    }
    auto slot = static_cast<std::uint32_t>(hash(arena, item)) & mask_;
    while (slots_[slot] != 0) {
      slot = (slot + 1) & mask_;
    }
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

bool ValueSet::contains(const Value& value) const {
  if (value.is_outcome()) {
    return false;
  }
  const auto is_at = [this, &value](std::size_t i) {
    const Value item = list_at(*arena_, list_, i);
    return !item.is_outcome() && equal(*arena_, item, value);
  };
  if (slots_ == nullptr) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (is_at(i)) {
        return true;
      }
    }
    return false;
  }
  auto slot = static_cast<std::uint32_t>(hash(*arena_, value)) & mask_;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask_) {
    if (is_at(slots_[slot] - 1)) {
      return true;
    }
  }
  return false;
}

DistinctValues::DistinctValues(Arena& arena, std::size_t size_max)
    : arena_(&arena),
      list_(arena, size_max),
      mask_(slot_count(size_max) - 1),
      slots_(make_slots(arena, mask_ + 1)) {}

bool DistinctValues::add(const Value& value) {
  auto slot = static_cast<std::uint32_t>(hash(*arena_, value)) & mask_;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask_) {
    if (equal(*arena_, list_.items()[slots_[slot] - 1], value)) {
      return false;
    }
  }
  list_.add(value);
  slots_[slot] = static_cast<std::uint32_t>(list_.size());
  return true;
}

}  // namespace tally::cel
