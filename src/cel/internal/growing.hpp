#pragma once
// Lists and maps that a comprehension adds to, one element a step, without copying what is there.

#include <cstdint>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

class Growing {
 public:
  // Forget what was built: the accumulator begins anew.
  void reset() noexcept { *this = Growing{}; }

  // `held` + [item]: a longer view of the same memory when `held` is what was built last.
  [[nodiscard]] Value append(Arena& arena, const Value& held, const Value& item);

  // `held` with one more entry; an Error when the key is there or cannot be a key.
  [[nodiscard]] Value insert(Arena& arena, const Value& held, const Value& key, const Value& value);

 private:
  void reserve_entries(Arena& arena);
  void place(Arena& arena, std::uint32_t index);

  Value* items_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;

  MapEntries* map_ = nullptr;
  MapEntry* entries_ = nullptr;
  std::uint32_t entry_capacity_ = 0;
  std::uint32_t* slots_ = nullptr;
};

}  // namespace tally::cel
