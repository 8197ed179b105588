#pragma once
// The schedule of a CronJob: the five fields or the macro that github.com/robfig/cron/v3
// ParseStandard accepts, with its error texts.

#include <string>
#include <string_view>

namespace tally::kube::internal {

// What is wrong with the schedule; empty if nothing is.
[[nodiscard]] std::string cron_schedule_problem(std::string_view schedule);

}  // namespace tally::kube::internal
