#pragma once
// Schedules: `spec.schedule` of policies that delete by the clock.
//
//   schedule = [ second ] minute hour day-of-month month day-of-week [ year ] | "@daily", ...
//   field    = entry *( "," entry )
//   entry    = "*" | "?" | value [ "-" value ] [ "/" step ] | "*/" step
//            | day "W" | "L" | "LW"                       day of month: Extended only
//            | day "L" | day "#" 1-5                      day of week: Extended only
//
// Syntax::Extended is github.com/aptible/supercronic/cronexpr, by which Kyverno computes when
// CleanupPolicies and DeletingPolicies run: 5 to 7 fields, what stands behind the seventh is passed
// over. Syntax::Standard is what is left of it when a CleanupPolicy is admitted, which
// github.com/robfig/cron/v3 ParseStandard decides: 5 fields, Sunday is 0. (That one also admits
// "@midnight" and "@every 5m", which then never run; here they are errors.) Days that are given in
// both fields of days count if either holds. All times are UTC.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace tally::scalar {

class Cron {
 public:
  enum class Syntax : std::uint8_t { Standard, Extended };

  [[nodiscard]] static Result<Cron> parse(std::string_view text, Syntax syntax);

  // The first time after `now`, both in seconds since 1970; nothing if there is none before 2100.
  [[nodiscard]] std::optional<std::int64_t> next(std::int64_t now_seconds) const;

 private:
  friend class CronParser;

  [[nodiscard]] std::uint32_t days_of(int year, unsigned month) const noexcept;

  // Bit i: value i is among them.
  std::uint64_t seconds_ = 1;
  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;      // of the month
  std::uint32_t workdays_ = 0;  // of the month: the working day nearest to it
  std::uint16_t months_ = 0;
  std::uint8_t weekdays_ = 0;
  std::uint8_t last_weekdays_ = 0;      // of the last week of the month
  std::uint64_t nth_weekdays_ = 0;      // week * 7 + weekday, from 0
  std::uint64_t years_[3] = {0, 0, 0};  // from 1970
  bool has_last_day_ = false;
  bool has_last_workday_ = false;
  bool restricts_days_ = false;
  bool restricts_weekdays_ = false;
};

}  // namespace tally::scalar
