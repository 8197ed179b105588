#pragma once
// Leases: which snapshots are alive, and what they may show. A snapshot is numbered when it is
// made; a former object can be freed when no snapshot of its kind lives that is as old.
// Threads: any.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

namespace tally::cluster_state {

class Leases {
 public:
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  // `kinds`: their numbers, sorted. The number of the snapshot, from 1.
  [[nodiscard]] std::uint64_t begin(std::vector<std::uint32_t> kinds) {
    const std::scoped_lock lock(mutex_);
    live_.push_back({++last_, std::move(kinds)});
    return last_;
  }
  void end(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(live_, [number](const Live& live) { return live.number == number; });
  }
  [[nodiscard]] std::uint64_t last() const {
    const std::scoped_lock lock(mutex_);
    return last_;
  }
  // The oldest that may show objects of the kind, or kNone.
  [[nodiscard]] std::uint64_t oldest(std::uint32_t kind) const {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find_if(
        live_, [kind](const Live& live) { return std::ranges::binary_search(live.kinds, kind); });
    return found == live_.end() ? kNone : found->number;
  }

 private:
  struct Live {
    std::uint64_t number;
    std::vector<std::uint32_t> kinds;
  };
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::vector<Live> live_;  // by number
};

}  // namespace tally::cluster_state
