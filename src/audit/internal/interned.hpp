#pragma once
// Interned: values that exist once, by number, counted by their users.

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace tally::audit {

template <class Value>
class Interned {
 public:
  // The number of the value, owned: one release() for each call.
  [[nodiscard]] std::uint32_t own(Value value) {
    if (const auto found = numbers_.find(&value); found != numbers_.end()) {
      ++entries_[found->second].users;
      return found->second;
    }
    std::uint32_t number = 0;
    if (free_.empty()) {
      number = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      number = free_.back();
      free_.pop_back();
    }
    Entry& entry = entries_[number];
    entry = {.value = std::move(value), .users = 1};
    numbers_.emplace(&entry.value, number);
    return number;
  }

  void release(std::uint32_t number) {
    Entry& entry = entries_[number];
    if (--entry.users == 0) {
      numbers_.erase(&entry.value);
      entry.value = Value{};
      free_.push_back(number);
    }
  }

  [[nodiscard]] const Value& operator[](std::uint32_t number) const {
    return entries_[number].value;
  }
  [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }

 private:
  struct Entry {
    Value value{};
    std::uint32_t users = 0;
  };
  struct Less {
    bool operator()(const Value* a, const Value* b) const { return *a < *b; }
  };
  std::deque<Entry> entries_;  // stable addresses
  std::vector<std::uint32_t> free_;
  std::map<const Value*, std::uint32_t, Less> numbers_;
};

}  // namespace tally::audit
