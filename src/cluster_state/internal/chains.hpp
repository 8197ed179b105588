#pragma once
// Chains: a hash table of entries that carry their hash and the link to the next one themselves.
// An entry is found by its hash and a look at it. The table grows and shrinks with its entries.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tally::cluster_state {

// Entry has the members `Entry* next` and `std::uint32_t hash`.
template <class Entry>
class Chains {
 public:
  Chains() : heads_(kHeadsMin, nullptr) {}

  template <class IsIt>
  [[nodiscard]] Entry* find(std::uint32_t hash, const IsIt& is_it) const {
    Entry* entry = heads_[hash & mask()];
    while (entry != nullptr && !(entry->hash == hash && is_it(*entry))) {
      entry = entry->next;
    }
    return entry;
  }

  // Precondition: it is not in the table.
  void insert(Entry* entry) {
    if (size_ == heads_.size()) {
      resize(heads_.size() * 2);
    }
    Entry*& head = heads_[entry->hash & mask()];
    entry->next = head;
    head = entry;
    ++size_;
  }

  // Precondition: it is in the table.
  void erase(const Entry* entry) {
    Entry** link = &heads_[entry->hash & mask()];
    while (*link != entry) {
      link = &(*link)->next;
    }
    *link = entry->next;
    --size_;
    if (heads_.size() > kHeadsMin && size_ < heads_.size() / 8) {
      resize(heads_.size() / 4);
    }
  }

  // `visit` may free the entry.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (Entry* entry : heads_) {
      while (entry != nullptr) {
        visit(*std::exchange(entry, entry->next));
      }
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return heads_.capacity() * sizeof(Entry*); }

 private:
  static constexpr std::size_t kHeadsMin = 1024;  // a power of two

  [[nodiscard]] std::size_t mask() const noexcept { return heads_.size() - 1; }

  void resize(std::size_t heads) {
    std::vector<Entry*> old(heads, nullptr);
    old.swap(heads_);
    for (Entry* entry : old) {
      while (entry != nullptr) {
        Entry* moved = std::exchange(entry, entry->next);
        Entry*& head = heads_[moved->hash & mask()];
        moved->next = head;
        head = moved;
      }
    }
  }

  std::vector<Entry*> heads_;
  std::size_t size_ = 0;
};

}  // namespace tally::cluster_state
