#pragma once
// One moment for a whole run, as JMESPath asks for it: time_now() answers the same to every rule,
// so that a run does not contradict itself; random() is fed from a seed.
//
// Threads: may be asked from several threads at once.

#include <atomic>
#include <cstdint>

#include "jmespath/host.hpp"

namespace tally::kyverno {

class Moment final : public jmespath::Host {
 public:
  struct Time {
    std::int64_t seconds = -1;  // since 1970-01-01T00:00:00Z; negative: no clock
    std::uint32_t nanoseconds = 0;
  };
  explicit Moment(Time time, std::uint64_t seed = 0) noexcept : time_(time), next_(seed) {}

  [[nodiscard]] std::optional<jmespath::LocalTime> now() const override {
    if (time_.seconds < 0) {
      return std::nullopt;
    }
    return jmespath::LocalTime{
        .seconds = time_.seconds, .nanoseconds = time_.nanoseconds, .zone_seconds = 0};
  }

  // SplitMix64 (https://prng.di.unimi.it/splitmix64.c): for names of things, not for secrets.
  [[nodiscard]] std::optional<std::uint64_t> random_bits() const override {
    std::uint64_t bits = next_.fetch_add(0x9E3779B97F4A7C15U, std::memory_order_relaxed);
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
    return bits ^ (bits >> 31U);
  }

 private:
  Time time_;
  mutable std::atomic<std::uint64_t> next_;
};

}  // namespace tally::kyverno
