#include "kube_client/timing.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>

namespace tally::kube_client {

Timing system_timing() {
  struct Chance {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};
  };
  const auto chance = std::make_shared<Chance>();
  return {
      .now = [] { return std::chrono::steady_clock::now(); },
      .wall = [] { return std::chrono::system_clock::now(); },
      .sleep =
          [](std::chrono::milliseconds time, const std::stop_token& stop) {
            std::mutex mutex;
            std::condition_variable_any stopped;
            std::unique_lock lock(mutex);
            stopped.wait_for(lock, stop, time, [] { return false; });
          },
      .chance =
          [chance] {
            const std::scoped_lock lock(chance->mutex);
            return std::uniform_real_distribution<double>(0, 1)(chance->engine);
          },
  };
}

std::chrono::milliseconds Backoff::next(double chance) noexcept {
  constexpr unsigned kDoublingsMax = 20;
  const auto doubled = options_.base * (1LL << std::min(failures_, kDoublingsMax));
  failures_ += failures_ < kDoublingsMax ? 1 : 0;
  const auto most = std::min<std::chrono::milliseconds>(doubled, options_.cap);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(static_cast<double>(most.count()) * std::clamp(chance, 0.0, 1.0)));
}

}  // namespace tally::kube_client
