#pragma once
// Membership in a list by CEL equality: one pass over the list for each question while both are
// short, an index of hashes in the arena otherwise.

#include "cel/internal/library.hpp"

namespace tally::cel {

class ValueSet {
 public:
  // `questions`: how often contains() will be asked, roughly.
  ValueSet(Arena& arena, const Value& list, std::size_t questions);

  [[nodiscard]] bool contains(const Value& value) const;

 private:
  Arena* arena_;
  Value list_;
  std::size_t size_;
  std::uint32_t mask_ = 0;
  std::uint32_t* slots_ = nullptr;  // index + 1; null: no index
};

// Values in the order of their first occurrence, each once.
class DistinctValues {
 public:
  DistinctValues(Arena& arena, std::size_t size_max);
  // False: an equal one is there.
  bool add(const Value& value);
  [[nodiscard]] Value finish() const noexcept { return list_.finish(); }

 private:
  Arena* arena_;
  ListBuilder list_;
  std::uint32_t mask_;
  std::uint32_t* slots_;
};

}  // namespace tally::cel
