#include "crypto/rotation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tally::crypto {

namespace {

constexpr std::int64_t kSecondsMax = std::int64_t{100} * 366 * 86'400;

// When two thirds of a life are over.
std::int64_t renewal_of(const Validity& validity) noexcept {
  return validity.not_before + (validity.not_after - validity.not_before) / 3 * 2;
}

// The soonest of several moments that lie ahead.
struct Alarm {
  std::int64_t now;
  std::int64_t next = std::numeric_limits<std::int64_t>::max();

  void at(std::int64_t time) noexcept {
    if (time > now) {
      next = std::min(next, time);
    }
  }
};

std::string_view reason_for_authority(const RotationState& state, const RotationPolicy& policy,
                                      Alarm& alarm) {
  if (state.authorities.empty() || !state.can_sign) {
    return "there is no authority that can sign";
  }
  const Validity& newest = state.authorities.front();
  if (!newest.holds(alarm.now)) {
    return "the authority is not valid now";
  }
  if (alarm.now >= renewal_of(newest)) {
    return "2/3 of its life are over";
  }
  if (alarm.now + policy.serving_seconds > newest.not_after) {
    return "it would end before a certificate issued now";
  }
  alarm.at(renewal_of(newest));
  alarm.at(newest.not_after - policy.serving_seconds + 1);
  return {};
}

std::string_view reason_for_serving(const RotationState& state, const RotationPolicy& policy,
                                    Alarm& alarm) {
  if (!state.has_serving) {
    return "there is no usable serving certificate";
  }
  if (state.serving_authority >= state.authorities.size() ||
      !state.authorities[state.serving_authority].holds(alarm.now)) {
    return "no valid authority signed the serving certificate";
  }
  if (!state.serving.holds(alarm.now)) {
    return "the serving certificate is not valid now";
  }
  const std::int64_t renewal = renewal_of(state.serving);
  if (alarm.now < renewal) {
    alarm.at(renewal);
    return {};
  }
  const std::int64_t settled =
      state.authorities.front().not_before + policy.backdate_seconds + policy.settle_seconds;
  const std::int64_t urgent = state.serving.not_after - policy.settle_seconds;
  // One that the newest authority signed proves that this one is known.
  if (state.serving_authority == 0 || alarm.now >= settled || alarm.now >= urgent) {
    return "2/3 of its life are over";
  }
  alarm.at(std::min(settled, urgent));
  return {};
}

// When the last certificate that an old authority signed has expired.
std::int64_t end_of(const RotationState& state, const RotationPolicy& policy, std::size_t index) {
  const std::int64_t replaced = state.authorities[index - 1].not_before + policy.backdate_seconds;
  return std::min(state.authorities[index].not_after, replaced + policy.serving_seconds) + 1;
}

}  // namespace

Result<void> check(const RotationPolicy& policy) {
  if (policy.serving_seconds <= 0 || policy.authority_seconds > kSecondsMax ||
      policy.serving_seconds > policy.authority_seconds / 3) {
    return content_error(fmt::format(
        "serving certificates of {} s under an authority of {} s: expected more than 0 and at most "
        "a third of the authority's",
        policy.serving_seconds, policy.authority_seconds));
  }
  for (const auto& [name, seconds] : {std::pair{"backdating", policy.backdate_seconds},
                                      std::pair{"settling", policy.settle_seconds}}) {
    if (seconds < 0 || seconds > policy.serving_seconds / 6) {
      return content_error(
          fmt::format("{} by {} s: expected 0 to a sixth of the serving certificate's {} s", name,
                      seconds, policy.serving_seconds));
    }
  }
  return {};
}

std::string_view name_of(RotationStep step) noexcept {
  switch (step) {
    case RotationStep::Nothing:
      return "nothing";
    case RotationStep::CreateAuthority:
      return "create authority";
    case RotationStep::IssueServing:
      return "issue serving certificate";
    case RotationStep::DropAuthority:
      return "drop authority";
  }
  return "";
}

RotationPlan plan(const RotationState& state, const RotationPolicy& policy, std::int64_t now) {
  Alarm alarm{now};
  if (const auto reason = reason_for_authority(state, policy, alarm); !reason.empty()) {
    return {.step = RotationStep::CreateAuthority, .authority = 0, .reason = reason, .next = now};
  }
  if (const auto reason = reason_for_serving(state, policy, alarm); !reason.empty()) {
    return {.step = RotationStep::IssueServing, .authority = 0, .reason = reason, .next = now};
  }
  for (std::size_t i = state.authorities.size(); i-- > 1;) {
    if (i == state.serving_authority) {
      continue;
    }
    const std::int64_t end = end_of(state, policy, i);
    if (now >= end) {
      return {.step = RotationStep::DropAuthority,
              .authority = i,
              .reason = "all that it signed has expired",
              .next = now};
    }
    alarm.at(end);
  }
  return {.step = RotationStep::Nothing, .authority = 0, .reason = "", .next = alarm.next};
}

}  // namespace tally::crypto
