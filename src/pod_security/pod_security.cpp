#include "pod_security/pod_security.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "pod_security/internal/registry.hpp"

namespace tally::pod_security {

namespace {

// The newest version that upstream's module v0.37.2 has a row or test data for.
constexpr std::uint16_t kModuleNewest = 37;

struct Plans {
  Plan privileged;
  std::vector<Plan> baseline;  // by minor version
  std::vector<Plan> restricted;
  std::uint16_t newest = 0;

  Plans() : newest(std::max(kModuleNewest, newest_row(pod_checks()))) {
    for (std::uint16_t minor = 0; minor <= newest; ++minor) {
      baseline.push_back(make_plan(pod_checks(), Level::Baseline, minor));
      restricted.push_back(make_plan(pod_checks(), Level::Restricted, minor));
    }
  }
};

const Plans& plans() {
  static const Plans kPlans;
  return kPlans;
}

}  // namespace

Version newest_version() noexcept { return Version::minor(plans().newest); }

const Plan& plan_for(LevelVersion level_version) {
  const std::uint16_t minor = std::min(level_version.version.minor_number(), plans().newest);
  switch (level_version.level) {
    case Level::Privileged:
      return plans().privileged;
    case Level::Baseline:
      return plans().baseline[minor];
    case Level::Restricted:
      return plans().restricted[minor];
  }
  return plans().restricted[minor];
}

std::span<const finding::Check* const> checks_of(const Plan& plan) { return plan.records; }

std::span<const finding::Check* const> all_checks() {
  static const std::vector<const finding::Check*> kRecords = [] {
    std::vector<const finding::Check*> out;
    for (const PodCheck* check : pod_checks()) {
      out.push_back(&check->record);
    }
    return out;
  }();
  return kRecords;
}

// policy/checks.go, AggregateCheckResult.ForbiddenDetail: `reason (detail), reason, ...`.
std::string_view forbidden_text(std::span<const CheckResult> results, Arena& arena) {
  std::size_t bytes = 0;
  for (const CheckResult& result : results) {
    bytes += result.reason.size() + result.detail.size() + 5;  // ", ", " (", ")"
  }
  char* const text = arena.allocate_array<char>(bytes);
  char* end = text;
  const auto append = [&end](std::string_view part) { end = std::ranges::copy(part, end).out; };
  for (const CheckResult& result : results) {
    append(end == text ? "" : ", ");
    append(result.reason);
    if (!result.detail.empty()) {
      append(" (");
      append(result.detail);
      append(")");
    }
  }
  return {text, static_cast<std::size_t>(end - text)};
}

}  // namespace tally::pod_security
