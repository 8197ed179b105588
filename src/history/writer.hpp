#pragma once
// Writer: hands what happens to a History without ever making the caller wait for a disk.
//
// record() and observe() put their argument into a bounded queue; one thread drains it in
// transactions of up to `batch_max` decisions. When the queue is full, routine decisions
// (is_routine()) leave first, the oldest before the others; only when there is none left, others
// are not taken. Everything that is lost is counted. If the store fails (a full disk, a server
// that is away), the batch is kept and tried again after `retry_after`, doubled up to a minute.
//
// Threads: every method may be called by every thread. No call but flush() and the destructor
// waits for the store.

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "history/history.hpp"

namespace tally::history {

struct WriterOptions {
  std::size_t decisions_max = 65'536;        // in the queue
  std::size_t bytes_max = 64 * 1024 * 1024;  // of their texts
  std::size_t observations_max = 65'536;     // in the queue
  std::size_t batch_max = 512;               // of one transaction
  // Of so many routine decisions the first is kept; 1: all, 0: none.
  std::uint32_t routine_one_in = 1;
  std::chrono::milliseconds retry_after{1000};
  std::chrono::milliseconds give_up_after{10'000};  // of the destructor, on what is in the queue
};

struct WriterCounts {
  std::uint64_t queued = 0;           // now waiting: decisions and observations
  std::uint64_t written = 0;          // decisions
  std::uint64_t observed = 0;         // objects of observations that were written
  std::uint64_t sampled_out = 0;      // routine decisions that were not to be kept
  std::uint64_t dropped_routine = 0;  // for want of room
  std::uint64_t dropped_others = 0;   // decisions that are not routine, for want of room
  std::uint64_t dropped_observations = 0;
  std::uint64_t refused = 0;   // not writable, whatever is tried: a text that is too long
  std::uint64_t failures = 0;  // transactions that failed
  std::string last_error{};    // empty: the last transaction went well
};

class Writer {
 public:
  [[nodiscard]] static std::unique_ptr<Writer> start(History history,
                                                     const WriterOptions& options = {});
  // Writes what is queued, for at most `give_up_after` if the store fails.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void record(Decision decision);
  // False: not taken for want of room. The object should be judged again later.
  bool observe(Observation observation, std::int64_t now_ms);
  // Rare; never dropped.
  void see_policies(std::vector<PolicySeen> policies, std::int64_t now_ms);
  void record_scope_change(ScopeChange change);
  // Between two batches, by the writer's thread.
  void expire(const Retention& retention, std::int64_t now_ms);

  // Waits until nothing is queued; false after `timeout`.
  [[nodiscard]] bool flush(std::chrono::milliseconds timeout);
  [[nodiscard]] WriterCounts counts() const;

 private:
  class Queue;
  explicit Writer(std::unique_ptr<Queue> queue) noexcept;
  std::unique_ptr<Queue> queue_;
};

}  // namespace tally::history
