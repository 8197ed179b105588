#pragma once
// Leader election over a Lease of coordination.k8s.io/v1 (k8s.io/client-go tools/leaderelection).
//
//   LeaderElector elector(client, {.name_space = "tally", .name = "tally", .identity = pod_uid},
//                         system_timing());
//   std::jthread thread([&](std::stop_token stop) { elector.run(stop); });
//   if (elector.is_leader()) ...
//
// Clocks of others are never believed: a lease has expired when nobody changed it for as long as it
// lasts, measured here since we saw the change. A leader counts its own time from before it asked:
// is_leader() turns false renew_deadline after the last renewal that succeeded was sent, by itself,
// whatever its thread is doing; another begins lease_duration after it saw that renewal, which is
// later. What was begun as leader can still be under way then: writes use a resourceVersion.
//
// Differences from client-go: a lost election goes on as a candidate instead of ending the process;
// the lease is written as a merge patch with its resourceVersion, so that labels and annotations
// stay. Rights: get, create, patch on leases.
//
// Threads: run() on one; is_leader() and holder() on any.

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "kube_client/api_client.hpp"
#include "kube_client/timing.hpp"

namespace tally::kube_client {

struct LeaseOptions {
  std::string name_space{};
  std::string name{};
  std::string identity{};  // of this process and no other, not even of its next start
  std::chrono::seconds lease_duration{15};
  std::chrono::seconds renew_deadline{10};  // less than lease_duration
  std::chrono::seconds retry_period{2};     // less than renew_deadline / 1.2
};

// A Lease as far as an election reads it.
struct LeaseRecord {
  std::string holder{};  // empty: nobody
  std::int64_t duration_seconds = 0;
  std::string acquire_time{};  // MicroTime: "2026-01-02T03:04:05.000006Z"
  std::string renew_time{};
  std::int64_t transitions = 0;
  std::string resource_version{};
  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

// Of an answer of the server. Durations are taken as 1 second to a day.
[[nodiscard]] Result<LeaseRecord> read_lease(std::string_view json);
[[nodiscard]] std::string micro_time(std::chrono::system_clock::time_point time);

// The calls of an election: those of a server, or of a test. Each ends within `time`. What is
// written carries the resource_version that was read; it fails as a 409 if that is not the
// server's.
struct LeaseCalls {
  std::function<Answer<LeaseRecord>(std::chrono::milliseconds time)> get;
  std::function<Answer<LeaseRecord>(const LeaseRecord&, std::chrono::milliseconds time)> create;
  std::function<Answer<LeaseRecord>(const LeaseRecord&, std::chrono::milliseconds time)> update;
};
[[nodiscard]] LeaseCalls lease_calls(ApiClient& client, const LeaseOptions& options);

class LeaderElector {
 public:
  LeaderElector(LeaseCalls calls, LeaseOptions options, Timing timing);
  LeaderElector(ApiClient& client, LeaseOptions options, Timing timing)
      : LeaderElector(lease_calls(client, options), options, std::move(timing)) {}

  // Until it is to stop; gives the lease up then. An error: the options cannot be.
  [[nodiscard]] Result<void> run(const std::stop_token& stop);

  [[nodiscard]] bool is_leader() const;
  [[nodiscard]] std::string holder() const;  // as last seen; may be of the past
  [[nodiscard]] std::string error() const;   // of the last try; empty: all is well

  // One try and the time to wait after it; what run() repeats.
  [[nodiscard]] std::chrono::milliseconds step();
  void release();

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  [[nodiscard]] bool acquire_or_renew();
  [[nodiscard]] bool write(const std::optional<LeaseRecord>& before);
  void observe(LeaseRecord record);
  [[nodiscard]] bool has_expired() const;
  [[nodiscard]] std::chrono::milliseconds time_for_call() const;
  void lead_until(TimePoint end) noexcept;
  void note(const Refusal& refusal);
  void note_success();

  LeaseCalls calls_;
  LeaseOptions options_;
  Timing timing_;
  std::atomic<TimePoint::rep> leads_until_;
  std::optional<LeaseRecord> observed_;
  TimePoint observed_at_{};
  mutable std::mutex mutex_;  // of the two below
  std::string holder_;
  std::string error_;
};

}  // namespace tally::kube_client
