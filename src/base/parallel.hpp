#pragma once
// Fork-join parallelism: `parallel_for(count, threads, body)` calls body(index, worker) once for
// every index below count. Indices are handed out in increasing order; workers take the next one
// when they are done (no static split). The calling thread is worker 0; the call returns when all
// indices are done. body must not throw.

#include <cstddef>
#include <functional>

namespace tally {

// Threads worth using on this machine (affinity respected), at least 1.
[[nodiscard]] unsigned hardware_threads();

void parallel_for(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t index, unsigned worker)>& body);

}  // namespace tally
