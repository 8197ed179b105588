#include "kube_client/lease.hpp"

#include <algorithm>
#include <utility>

namespace tally::kube_client {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kNotFound = 404;
constexpr double kJitter = 1.2;  // JitterFactor of client-go

Result<void> check(const LeaseOptions& options) {
  if (options.name.empty() || options.name_space.empty() || options.identity.empty()) {
    return content_error("an election needs a namespace, a name and an identity");
  }
  if (options.retry_period <= std::chrono::seconds{0} ||
      options.renew_deadline >= options.lease_duration) {
    return content_error("the renew deadline of an election must be less than the lease duration");
  }
  if (static_cast<double>(options.retry_period.count()) * kJitter >=
      static_cast<double>(options.renew_deadline.count())) {
    return content_error("the retry period of an election must be less than its renew deadline");
  }
  return {};
}

}  // namespace

LeaderElector::LeaderElector(LeaseCalls calls, LeaseOptions options, Timing timing)
    : calls_(std::move(calls)),
      options_(std::move(options)),
      timing_(std::move(timing)),
      leads_until_(TimePoint::min().time_since_epoch().count()) {}

Result<void> LeaderElector::run(const std::stop_token& stop) {
  TALLY_CHECK(check(options_));
  while (!stop.stop_requested()) {
    timing_.sleep(step(), stop);
  }
  release();
  return {};
}

milliseconds LeaderElector::step() {
  static_cast<void>(acquire_or_renew());
  const milliseconds period = options_.retry_period;
  if (is_leader()) {
    return period;
  }
  // Candidates do not come all at once.
  return period + milliseconds(static_cast<std::int64_t>(static_cast<double>(period.count()) *
                                                         kJitter * timing_.chance()));
}

bool LeaderElector::is_leader() const {
  return timing_.now() < TimePoint(TimePoint::duration(leads_until_.load()));
}

std::string LeaderElector::holder() const {
  const std::scoped_lock lock(mutex_);
  return holder_;
}

std::string LeaderElector::error() const {
  const std::scoped_lock lock(mutex_);
  return error_;
}

// leaderelection.go, tryAcquireOrRenew, with its numbers.
bool LeaderElector::acquire_or_renew() {
  // 1. A leader writes at once: what it saw last is most probably what is there.
  if (is_leader() && write(*observed_)) {
    return true;
  }
  // 2. Read the lease, or make it.
  auto read = calls_.get(time_for_call());
  if (!read) {
    if (read.error().status == kNotFound) {
      return write(std::nullopt);
    }
    note(read.error());
    return false;
  }
  // 3. Somebody wrote it since: its time begins now, whatever its renewTime says.
  if (!observed_ || *observed_ != *read) {
    observe(std::move(*read));
  }
  if (!observed_->holder.empty() && observed_->holder != options_.identity) {
    lead_until(TimePoint::min());
    if (!has_expired()) {
      note_success();
      return false;
    }
  }
  // 4. It is free, ours, or left behind.
  return write(*observed_);
}

// `before`: what the server has, as far as we know; nothing: no lease.
bool LeaderElector::write(const std::optional<LeaseRecord>& before) {
  const std::string now = micro_time(timing_.wall());
  LeaseRecord record{.holder = options_.identity,
                     .duration_seconds = options_.lease_duration.count(),
                     .acquire_time = now,
                     .renew_time = now};
  if (before) {
    const bool is_ours = before->holder == options_.identity;
    record.acquire_time = is_ours ? before->acquire_time : now;
    record.transitions = is_ours ? before->transitions : before->transitions + 1;
    record.resource_version = before->resource_version;
  }
  // Others count from when they see this, which is later than now.
  const TimePoint sent = timing_.now();
  auto written =
      before ? calls_.update(record, time_for_call()) : calls_.create(record, time_for_call());
  if (!written) {
    note(written.error());
    return false;
  }
  const bool is_ours = written->holder == options_.identity;
  observe(std::move(*written));
  lead_until(is_ours ? sent + options_.renew_deadline : TimePoint::min());
  note_success();
  return is_ours;
}

void LeaderElector::release() {
  const bool was_leader = is_leader();
  lead_until(TimePoint::min());
  if (!was_leader) {
    return;
  }
  const std::string now = micro_time(timing_.wall());
  const LeaseRecord record{.holder = {},
                           .duration_seconds = 1,
                           .acquire_time = now,
                           .renew_time = now,
                           .transitions = observed_->transitions,
                           .resource_version = observed_->resource_version};
  if (auto written = calls_.update(record, options_.retry_period)) {
    observe(std::move(*written));
  } else {
    note(written.error());  // others wait until it has expired
  }
}

void LeaderElector::observe(LeaseRecord record) {
  {
    const std::scoped_lock lock(mutex_);
    holder_ = record.holder;
  }
  observed_ = std::move(record);
  observed_at_ = timing_.now();
}

bool LeaderElector::has_expired() const {
  return observed_at_ + std::chrono::seconds(observed_->duration_seconds) <= timing_.now();
}

// Half of the deadline: a call that hangs leaves time for another one.
milliseconds LeaderElector::time_for_call() const {
  return milliseconds(options_.renew_deadline) / 2;
}

void LeaderElector::lead_until(TimePoint end) noexcept {
  leads_until_ = end.time_since_epoch().count();
}

void LeaderElector::note(const Refusal& refusal) {
  const std::scoped_lock lock(mutex_);
  error_ = refusal.error.to_string();
}

void LeaderElector::note_success() {
  const std::scoped_lock lock(mutex_);
  error_.clear();
}

}  // namespace tally::kube_client
