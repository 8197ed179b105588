#pragma once
// Swapped: a shared value that one thread replaces under many readers. A lock for the time of a
// copy: std::atomic<std::shared_ptr> of libstdc++ 12 lets a reader go without ordering its read
// (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=101761).

#include <memory>
#include <mutex>
#include <utility>

namespace tally::serve {

template <class T>
class Swapped {
 public:
  [[nodiscard]] std::shared_ptr<const T> load() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  void store(std::shared_ptr<const T> value) {
    {
      const std::scoped_lock lock(mutex_);
      std::swap(value_, value);
    }
    // The one before goes here, outside of the lock.
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace tally::serve
