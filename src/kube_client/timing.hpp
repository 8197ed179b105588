#pragma once
// Timing: clock, sleep and chance of what goes on for ever; tests supply their own.

#include <chrono>
#include <functional>
#include <stop_token>

namespace tally::kube_client {

struct Timing {
  // Goes forward only: for everything that is measured.
  std::function<std::chrono::steady_clock::time_point()> now;
  // Of the calendar: for what is written down.
  std::function<std::chrono::system_clock::time_point()> wall;
  // Returns early when it is to stop.
  std::function<void(std::chrono::milliseconds, const std::stop_token&)> sleep;
  std::function<double()> chance;  // from 0 to below 1
};

// Threads: each function may be used by several at once.
[[nodiscard]] Timing system_timing();

// How long to wait after the n-th failure in a row: anything up to base * 2^n, at most `cap`
// ("full jitter", aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds base{800};  // as client-go's reflector
    std::chrono::milliseconds cap{30'000};
  };
  Backoff() = default;
  explicit Backoff(const Options& options) : options_(options) {}

  // `chance` from 0 to below 1.
  [[nodiscard]] std::chrono::milliseconds next(double chance) noexcept;
  void reset() noexcept { failures_ = 0; }

 private:
  Options options_{};
  unsigned failures_ = 0;
};

}  // namespace tally::kube_client
