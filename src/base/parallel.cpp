#include "base/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace tally {

unsigned hardware_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t index, unsigned worker)>& body) {
  const auto workers = static_cast<unsigned>(std::min<std::size_t>(std::max(1U, threads), count));
  if (workers <= 1) {
    for (std::size_t index = 0; index < count; ++index) {
      body(index, 0);
    }
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto run = [&](unsigned worker) {
    for (std::size_t index = next.fetch_add(1); index < count; index = next.fetch_add(1)) {
      body(index, worker);
    }
  };
  std::vector<std::jthread> others;
  others.reserve(workers - 1);
  for (unsigned worker = 1; worker < workers; ++worker) {
    others.emplace_back(run, worker);
  }
  run(0);
}

}  // namespace tally
