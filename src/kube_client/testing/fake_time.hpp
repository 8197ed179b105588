#pragma once
// For tests: time that passes only when somebody sleeps, and chance that is told.

#include <vector>

#include "kube_client/timing.hpp"

namespace tally::kube_client::testing {

// Threads: one.
class FakeTime {
 public:
  // `skew`: of the calendar, which nobody may believe.
  [[nodiscard]] Timing timing(std::chrono::milliseconds skew = {}) {
    return {.now = [this] { return now_; },
            .wall =
                [this, skew] {
                  return std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000) +
                                                               skew + now_.time_since_epoch());
                },
            .sleep =
                [this](std::chrono::milliseconds time, const std::stop_token&) {
                  sleeps.push_back(time);
                  pass(time);
                  if (on_sleep) {
                    on_sleep();
                  }
                },
            .chance = [this] { return chance; }};
  }
  void pass(std::chrono::milliseconds time) { now_ += time; }
  [[nodiscard]] std::chrono::steady_clock::time_point now() const { return now_; }

  double chance = 0.5;
  std::vector<std::chrono::milliseconds> sleeps;
  std::function<void()> on_sleep;

 private:
  std::chrono::steady_clock::time_point now_{};
};

}  // namespace tally::kube_client::testing
