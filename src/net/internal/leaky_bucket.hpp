#pragma once
// What a peer may do now and then but not all the time: a store of `burst` that fills again by
// `rate_per_second`.

#include <algorithm>

#include "net/resolver.hpp"

namespace tally::net {

class LeakyBucket {
 public:
  LeakyBucket(double burst, double rate_per_second, TimePoint now) noexcept
      : burst_(burst), rate_(rate_per_second), level_(burst), at_(now) {}

  // False: too often.
  [[nodiscard]] bool take(TimePoint now) noexcept {
    level_ = std::min(burst_, level_ + rate_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
    if (level_ < 1) {
      return false;
    }
    level_ -= 1;
    return true;
  }

 private:
  double burst_;
  double rate_;
  double level_;
  TimePoint at_;
};

}  // namespace tally::net
