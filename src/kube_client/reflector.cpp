#include "kube_client/reflector.hpp"

#include <algorithm>
#include <utility>

namespace tally::kube_client {
namespace {

using std::chrono::milliseconds;

// A watch that stood for so long was no failure, even if nothing happened.
constexpr milliseconds kLasting{60'000};
// Two of them that showed not even a bookmark may wait for a version that never comes: that of a
// server whose store was set back. A list tells.
constexpr unsigned kBlindMax = 2;

// Whether the watch may go on from where it was: who refuses it is overloaded or starts anew, or
// there was no answer. After everything else the place itself may be wrong, as in client-go
// (isWatchErrorRetriable); so it may be behind an event that nobody can read.
bool can_go_on(const Refusal& refusal) {
  if (refusal.error.kind != ErrorKind::Environment) {
    return false;
  }
  switch (refusal.status) {
    case 0:
    case 429:
    case 500:
    case 502:
    case 503:
      return true;
    default:
      return false;
  }
}

}  // namespace

milliseconds ReflectorPlan::listed(std::string resource_version) {
  // No reset of the back-off: a server that gives lists and refuses watches is not well.
  version_ = std::move(resource_version);
  step_ = Step::Watch;
  has_seen_ = false;
  blind_ = 0;
  return milliseconds{0};
}

milliseconds ReflectorPlan::list_failed(const Refusal& refusal, double chance) {
  return failed(refusal, chance);
}

void ReflectorPlan::seen(std::string_view resource_version) {
  version_ = resource_version;
  has_seen_ = true;
  succeeded();
}

milliseconds ReflectorPlan::watch_ended(const WatchEnd& end, milliseconds lasted, double chance) {
  const bool has_seen = std::exchange(has_seen_, false);
  const bool is_well = has_seen || lasted >= kLasting;
  if (is_well) {
    succeeded();
    blind_ = has_seen ? 0 : blind_ + 1;
  }
  switch (end.kind) {
    case WatchEndKind::Stopped:
      return milliseconds{0};
    case WatchEndKind::Closed:
      step_ = blind_ < kBlindMax ? Step::Watch : Step::List;
      return is_well ? milliseconds{0} : failed({}, chance);
    case WatchEndKind::Expired:
      step_ = Step::List;
      return is_well ? milliseconds{0} : failed(end.refusal, chance);
    case WatchEndKind::Failed:
      step_ = can_go_on(end.refusal) && blind_ < kBlindMax ? Step::Watch : Step::List;
      return failed(end.refusal, chance);
  }
  std::unreachable();
}

milliseconds ReflectorPlan::failed(const Refusal& refusal, double chance) {
  ++failures_;
  const milliseconds wait = backoff_.next(chance);
  // Not all at once when the server's time is up.
  return refusal.retry_after ? wait + milliseconds(*refusal.retry_after) : wait;
}

void ReflectorPlan::succeeded() noexcept {
  failures_ = 0;
  backoff_.reset();
}

Reflector::Reflector(ApiClient& client, Resource resource, ReflectorOptions options,
                     ReflectorCallbacks callbacks, Timing timing)
    : client_(client),
      resource_(std::move(resource)),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      timing_(std::move(timing)),
      plan_(options_.backoff) {}

void Reflector::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const milliseconds wait =
        plan_.step() == ReflectorPlan::Step::List ? list_once(stop) : watch_once(stop);
    if (wait > milliseconds{0} && !stop.stop_requested()) {
      timing_.sleep(wait, stop);
    }
  }
}

milliseconds Reflector::list_once(const std::stop_token& stop) {
  const ListOptions options{.page = options_.page,
                            .objects_max = options_.objects_max,
                            .name_space = options_.name_space,
                            .label_selector = options_.label_selector,
                            .field_selector = options_.field_selector,
                            .stop = stop};
  auto version = list_pages(client_, resource_, options, [this](const ListPage& page) {
    if (page.is_first && callbacks_.list_begins) {
      callbacks_.list_begins();
    }
    if (callbacks_.page) {
      callbacks_.page(page);
    }
    hear();
  });
  if (stop.stop_requested()) {
    return milliseconds{0};
  }
  if (version && version->empty()) {
    version = std::unexpected(Refusal{
        .status = 0,
        .error = content_error(resource_.path() + ": the list has no resourceVersion").error()});
  }
  if (!version) {
    const milliseconds wait = plan_.list_failed(version.error(), timing_.chance());
    say_error(version.error().error);
    return wait;
  }
  if (callbacks_.list_complete) {
    callbacks_.list_complete(*version);
  }
  const milliseconds wait = plan_.listed(std::move(*version));
  say_well(true);
  return wait;
}

milliseconds Reflector::watch_once(const std::stop_token& stop) {
  const auto more = milliseconds(static_cast<std::int64_t>(
      static_cast<double>(milliseconds(options_.watch_time).count()) * timing_.chance()));
  const WatchOptions options{
      .resource_version = plan_.resource_version(),
      .name_space = options_.name_space,
      .label_selector = options_.label_selector,
      .field_selector = options_.field_selector,
      .timeout = options_.watch_time + std::chrono::duration_cast<std::chrono::seconds>(more),
      .idle = options_.idle,
      .event_bytes = options_.event_bytes,
      .stop = stop};
  const auto begin = timing_.now();
  const WatchEnd end = watch(client_, resource_, options, [this](const WatchEvent& event) {
    if (callbacks_.changed) {
      callbacks_.changed(event);
    }
    // Only what was taken: who stops within the callback sees the event again.
    plan_.seen(event.resource_version);
    hear();
    say_well(false);
  });
  const auto lasted = std::chrono::duration_cast<milliseconds>(timing_.now() - begin);
  const milliseconds wait = plan_.watch_ended(end, lasted, timing_.chance());
  if (end.kind == WatchEndKind::Failed) {
    say_error(end.refusal.error);
  }
  return wait;
}

ReflectorStatus Reflector::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

void Reflector::hear() {
  const std::scoped_lock lock(mutex_);
  status_.heard = timing_.now();
}

// Said when it changes only: events are many.
void Reflector::say_well(bool is_list) {
  ReflectorStatus status;
  {
    const std::scoped_lock lock(mutex_);
    const bool is_news = !status_.error.empty() || (is_list && !status_.is_synced);
    status_.is_synced = status_.is_synced || is_list;
    status_.failures = 0;
    status_.error.clear();
    if (!is_news) {
      return;
    }
    status = status_;
  }
  if (callbacks_.state) {
    callbacks_.state(status);
  }
}

void Reflector::say_error(const Error& error) {
  ReflectorStatus status;
  {
    const std::scoped_lock lock(mutex_);
    status_.failures = plan_.failures();
    status_.error = error.to_string();
    status = status_;
  }
  if (callbacks_.state) {
    callbacks_.state(status);
  }
}

}  // namespace tally::kube_client
