// Schedules of CronJobs (validateScheduleFormat in pkg/apis/batch/validation/validation.go).
#include <string>

#include "kube/internal/cron_schedule.hpp"
#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kSchedule{"schedule"};

}  // namespace

void check_cron_job_spec(StructureWalk& walk, const Frame& frame) {
  const Node* schedule = frame.node->find(kSchedule);
  if (schedule == nullptr || !schedule->is_string()) {
    return;
  }
  if (schedule->text().empty()) {
    walk.required(frame, kSchedule.text());
    return;
  }
  if (const std::string problem = cron_schedule_problem(schedule->text()); !problem.empty()) {
    walk.invalid(Kind::InvalidValue, frame, kSchedule.text(), found_text(*schedule), problem);
  }
  if (schedule->text().contains("TZ")) {
    walk.invalid(Kind::InvalidValue, frame, kSchedule.text(), found_text(*schedule),
                 "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  }
}

}  // namespace tally::kube::internal
