#include "history/writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tally::history {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRetryMax{60'000};
constexpr std::size_t kObservationsOfBatch = 256;

struct TimedObservation {
  Observation observation;
  std::int64_t now_ms = 0;
};

// Of what is rare: policies, scopes, expiry.
using Task = std::function<Result<void>(History&)>;

// What one round writes.
struct Batch {
  std::vector<Task> tasks;
  std::vector<Decision> decisions;
  std::vector<TimedObservation> observations;
  [[nodiscard]] bool is_empty() const noexcept {
    return tasks.empty() && decisions.empty() && observations.empty();
  }
};

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) {
    bytes += sizeof text + text.size();
  }
  return bytes;
}

std::size_t bytes_of(const Decision& decision) {
  std::size_t bytes = sizeof decision + decision.uid.size() + decision.name_space.size() +
                      decision.name.size() + decision.user.size() + decision.message.size() +
                      decision.patch.size() + decision.request.size() + bytes_of(decision.groups) +
                      bytes_of(decision.warnings) + bytes_of(decision.errors);
  for (const DecisionFinding& finding : decision.findings) {
    bytes += sizeof finding + finding.found.size() + finding.allowed.size() +
             finding.message.size() + finding.remedy.size() + finding.pointer.size();
  }
  return bytes;
}

// Trying again helps against anything but the content itself.
bool is_refusal(const Error& error) { return error.kind != ErrorKind::Environment; }

}  // namespace

class Writer::Queue {
 public:
  Queue(History history, const WriterOptions& options)
      : history_(std::move(history)),
        options_(options),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}
  ~Queue() {
    {
      const std::lock_guard lock(mutex_);
      give_up_ = Clock::now() + options_.give_up_after;
    }
    thread_.request_stop();
    work_.notify_all();
    thread_.join();
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void add(Decision decision) {
    const bool is_usual = is_routine(decision);
    const std::size_t bytes = bytes_of(decision);
    const std::lock_guard lock(mutex_);
    if (is_usual && !is_sampled()) {
      ++counts_.sampled_out;
      return;
    }
    if (!make_room(bytes)) {
      ++(is_usual ? counts_.dropped_routine : counts_.dropped_others);
      return;
    }
    bytes_ += bytes;
    (is_usual ? routine_ : others_).push_back({std::move(decision), bytes});
    work_.notify_one();
  }

  bool add(TimedObservation observation) {
    const std::lock_guard lock(mutex_);
    if (observations_.size() >= options_.observations_max) {
      ++counts_.dropped_observations;
      return false;
    }
    observations_.push_back(std::move(observation));
    work_.notify_one();
    return true;
  }

  void add(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    work_.notify_one();
  }

  bool flush(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, timeout, [this] { return is_empty() && !is_writing_; });
  }

  WriterCounts counts() const {
    const std::lock_guard lock(mutex_);
    WriterCounts counts = counts_;
    counts.queued = routine_.size() + others_.size() + observations_.size() + tasks_.size();
    return counts;
  }

 private:
  struct Queued {
    Decision decision;
    std::size_t bytes = 0;
  };

  [[nodiscard]] bool is_empty() const noexcept {
    return routine_.empty() && others_.empty() && observations_.empty() && tasks_.empty();
  }
  [[nodiscard]] bool is_sampled() noexcept {
    return options_.routine_one_in != 0 && routine_seen_++ % options_.routine_one_in == 0;
  }

  // Routine decisions make room, the oldest first.
  [[nodiscard]] bool make_room(std::size_t bytes) {
    const auto fits = [&] {
      return routine_.size() + others_.size() < options_.decisions_max &&
             bytes_ + bytes <= options_.bytes_max;
    };
    while (!fits() && !routine_.empty() && bytes <= options_.bytes_max) {
      bytes_ -= routine_.front().bytes;
      routine_.pop_front();
      ++counts_.dropped_routine;
    }
    return fits();
  }

  Batch take() {
    Batch batch;
    batch.tasks.swap(tasks_);
    for (auto* queue : {&others_, &routine_}) {
      while (!queue->empty() && batch.decisions.size() < options_.batch_max) {
        bytes_ -= queue->front().bytes;
        batch.decisions.push_back(std::move(queue->front().decision));
        queue->pop_front();
      }
    }
    while (!observations_.empty() && batch.observations.size() < kObservationsOfBatch) {
      batch.observations.push_back(std::move(observations_.front()));
      observations_.pop_front();
    }
    return batch;
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
      work_.wait(lock, stop, [this] { return !is_empty(); });
      if (is_empty()) {
        return;  // stopped
      }
      Batch batch = take();
      is_writing_ = true;
      lock.unlock();
      const bool is_done = write_until_done(batch, stop);
      lock.lock();
      is_writing_ = false;
      if (!is_done) {
        counts_.dropped_others += others_.size();
        counts_.dropped_routine += routine_.size();
        counts_.dropped_observations += observations_.size();
        return;
      }
      if (is_empty()) {
        idle_.notify_all();
      }
    }
  }

  // Again and again; false when the writer has to end meanwhile.
  [[nodiscard]] bool write_until_done(Batch& batch, const std::stop_token& stop) {
    for (std::chrono::milliseconds pause = options_.retry_after;;
         pause = std::min(pause * 2, kRetryMax)) {
      const auto done = write(batch);
      std::unique_lock lock(mutex_);
      if (done) {
        counts_.last_error.clear();
        return true;
      }
      ++counts_.failures;
      counts_.last_error = done.error().to_string();
      // Until it has to end, only the end itself cuts the pause short; then only the time.
      const auto until = Clock::now() + pause;
      if (!stop.stop_requested()) {
        work_.wait_until(lock, stop, until, [] { return false; });
      }
      if (stop.stop_requested()) {
        if (Clock::now() >= give_up_) {
          counts_.dropped_others += batch.decisions.size();
          counts_.dropped_observations += batch.observations.size();
          return false;
        }
        pause = options_.retry_after;
        ending_.wait_until(lock, std::min(give_up_, Clock::now() + pause));
      }
    }
  }

  // Takes out of the batch what is written.
  [[nodiscard]] Result<void> write(Batch& batch) {
    while (!batch.tasks.empty()) {
      const auto done = batch.tasks.front()(history_);
      if (!done && !is_refusal(done.error())) {
        return done;
      }
      count(done ? nullptr : &counts_.refused, 1);
      batch.tasks.erase(batch.tasks.begin());
    }
    TALLY_CHECK(write_decisions(batch.decisions));
    return write_observations(batch.observations);
  }

  [[nodiscard]] Result<void> write_decisions(std::vector<Decision>& decisions) {
    if (decisions.empty()) {
      return {};
    }
    const auto done = history_.record(decisions);
    if (done) {
      count(&counts_.written, decisions.size());
      decisions.clear();
      return {};
    }
    if (!is_refusal(done.error())) {
      return done;
    }
    // One of them is at fault: each for itself.
    while (!decisions.empty()) {
      const auto one = history_.record({&decisions.back(), 1});
      if (!one && !is_refusal(one.error())) {
        return one;
      }
      count(one ? &counts_.written : &counts_.refused, 1);
      decisions.pop_back();
    }
    return {};
  }

  [[nodiscard]] Result<void> write_observations(std::vector<TimedObservation>& timed) {
    while (!timed.empty()) {
      std::vector<Observation> same;
      const std::int64_t now_ms = timed.front().now_ms;
      for (const TimedObservation& one : timed) {
        if (one.now_ms != now_ms) {
          break;
        }
        same.push_back(one.observation);
      }
      auto done = history_.observe(same, now_ms);
      if (!done && is_refusal(done.error()) && same.size() > 1) {
        same.resize(1);
        done = history_.observe(same, now_ms);
      }
      if (!done && !is_refusal(done.error())) {
        return std::unexpected(std::move(done).error());
      }
      count(done ? &counts_.observed : &counts_.refused, same.size());
      timed.erase(timed.begin(), timed.begin() + static_cast<std::ptrdiff_t>(same.size()));
    }
    return {};
  }

  void count(std::uint64_t* counter, std::size_t by) {
    const std::lock_guard lock(mutex_);
    if (counter != nullptr) {
      *counter += by;
    }
  }

  History history_;  // of the thread alone
  WriterOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable_any ending_;  // nobody notifies it: a pause
  std::condition_variable_any idle_;
  std::deque<Queued> others_;
  std::deque<Queued> routine_;
  std::deque<TimedObservation> observations_;
  std::vector<Task> tasks_;
  std::size_t bytes_ = 0;
  std::uint64_t routine_seen_ = 0;
  bool is_writing_ = false;
  Clock::time_point give_up_;
  WriterCounts counts_;
  std::jthread thread_;  // the last: it uses all of the above
};

Writer::Writer(std::unique_ptr<Queue> queue) noexcept : queue_(std::move(queue)) {}
Writer::~Writer() = default;

std::unique_ptr<Writer> Writer::start(History history, const WriterOptions& options) {
  return std::unique_ptr<Writer>(
      new Writer(std::make_unique<Queue>(std::move(history), options)));  // NOLINT: private
}

void Writer::record(Decision decision) { queue_->add(std::move(decision)); }

bool Writer::observe(Observation observation, std::int64_t now_ms) {
  return queue_->add(TimedObservation{std::move(observation), now_ms});
}

void Writer::see_policies(std::vector<PolicySeen> policies, std::int64_t now_ms) {
  queue_->add(Task([policies = std::move(policies), now_ms](History& history) {
    return history.see_policies(policies, now_ms);
  }));
}

void Writer::record_scope_change(ScopeChange change) {
  queue_->add(Task([change = std::move(change)](History& history) {
    return history.record_scope_changes({&change, 1});
  }));
}

void Writer::expire(const Retention& retention, std::int64_t now_ms) {
  queue_->add(Task([retention, now_ms](History& history) -> Result<void> {
    TALLY_TRY(const Expired expired, history.expire(retention, now_ms));
    static_cast<void>(expired);
    return {};
  }));
}

bool Writer::flush(std::chrono::milliseconds timeout) { return queue_->flush(timeout); }
WriterCounts Writer::counts() const { return queue_->counts(); }

}  // namespace tally::history
