#pragma once
// Reflector: lists a resource and watches it, for ever (k8s.io/client-go tools/cache/reflector.go).
//
//   Reflector pods(client, resource, {}, {.list_begins = ..., .page = ..., ...}, system_timing());
//   std::jthread thread([&](std::stop_token stop) { pods.run(stop); });
//
// It holds no object. A list comes page by page: between list_begins and list_complete each object
// that exists is named once; what was known and is not named is gone. A list that breaks off begins
// anew, with list_begins. Then come changes, until the watch's place is too old: then a list again.
//
// Lists ask for the newest state, never for what a cache has: time does not go backwards.
//
// Threads: run() on one; the callbacks run there. status() on any.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "kube_client/api_client.hpp"
#include "kube_client/discovery.hpp"
#include "kube_client/list.hpp"
#include "kube_client/timing.hpp"
#include "kube_client/watch.hpp"

namespace tally::kube_client {

struct ReflectorStatus {
  bool is_synced = false;  // a list has been complete
  // When the server was last heard: a list, an event, a bookmark. Lag is the time since.
  std::chrono::steady_clock::time_point heard{};
  unsigned failures = 0;  // in a row
  std::string error{};    // of the last one; empty: all is well
};

struct ReflectorOptions {
  std::string name_space{};  // empty: all
  std::string label_selector{};
  std::string field_selector{};
  unsigned page = 500;  // objects
  std::size_t objects_max = 5'000'000;
  std::size_t event_bytes = std::size_t{5} * 1024 * 1024;
  std::chrono::seconds watch_time{300};  // and up to as much again, so that not all end at once
  std::chrono::milliseconds idle{120'000};
  Backoff::Options backoff{};
};

// All may be empty.
struct ReflectorCallbacks {
  std::function<void()> list_begins{};
  // Objects of a list do not name their apiVersion and kind: see `resource`.
  std::function<void(const ListPage&)> page{};
  std::function<void(std::string_view resource_version)> list_complete{};
  std::function<void(const WatchEvent&)> changed{};     // bookmarks too
  std::function<void(const ReflectorStatus&)> state{};  // when synced, failed, well again
};

// What a reflector does next, without doing it: no clock, no network.
class ReflectorPlan {
 public:
  enum class Step : std::uint8_t { List, Watch };
  explicit ReflectorPlan(const Backoff::Options& backoff) : backoff_(backoff) {}

  [[nodiscard]] Step step() const noexcept { return step_; }
  [[nodiscard]] const std::string& resource_version() const noexcept { return version_; }
  [[nodiscard]] unsigned failures() const noexcept { return failures_; }

  // What came of the step. The answer: how long to wait before the next.
  [[nodiscard]] std::chrono::milliseconds listed(std::string resource_version);
  [[nodiscard]] std::chrono::milliseconds list_failed(const Refusal& refusal, double chance);
  void seen(std::string_view resource_version);
  // A watch that lasted, or showed something, is no failure when it ends.
  [[nodiscard]] std::chrono::milliseconds watch_ended(const WatchEnd& end,
                                                      std::chrono::milliseconds lasted,
                                                      double chance);

 private:
  [[nodiscard]] std::chrono::milliseconds failed(const Refusal& refusal, double chance);
  void succeeded() noexcept;

  Backoff backoff_;
  Step step_ = Step::List;
  std::string version_;
  unsigned failures_ = 0;
  bool has_seen_ = false;  // an event since the watch began
  unsigned blind_ = 0;     // watches in a row that stood for long and showed nothing
};

class Reflector {
 public:
  // The client stays the caller's.
  Reflector(ApiClient& client, Resource resource, ReflectorOptions options,
            ReflectorCallbacks callbacks, Timing timing);

  // Until it is to stop.
  void run(const std::stop_token& stop);

  [[nodiscard]] ReflectorStatus status() const;
  [[nodiscard]] const Resource& resource() const noexcept { return resource_; }

 private:
  [[nodiscard]] std::chrono::milliseconds list_once(const std::stop_token& stop);
  [[nodiscard]] std::chrono::milliseconds watch_once(const std::stop_token& stop);
  void hear();
  void say_well(bool is_list);
  void say_error(const Error& error);

  ApiClient& client_;
  Resource resource_;
  ReflectorOptions options_;
  ReflectorCallbacks callbacks_;
  Timing timing_;
  ReflectorPlan plan_;
  mutable std::mutex mutex_;  // of status_
  ReflectorStatus status_;
};

}  // namespace tally::kube_client
