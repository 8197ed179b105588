#include "pod_security/internal/registry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tally::pod_security {

namespace {

const PodCheck* find_check(std::span<const PodCheck* const> checks, std::string_view id) {
  const auto found =
      std::ranges::find_if(checks, [id](const PodCheck* check) { return check->record.id == id; });
  return found == checks.end() ? nullptr : *found;
}

// The row of a check that holds at a version, or nullptr.
const Row* row_at(const PodCheck& check, std::uint16_t minor) {
  const Row* held = nullptr;
  for (const Row& row : check.rows) {
    if (row.since <= minor) {
      held = &row;
    }
  }
  return held;
}

bool is_overridden(std::span<const PodCheck* const> checks, std::string_view id,
                   std::uint16_t minor) {
  return std::ranges::any_of(checks, [id, minor](const PodCheck* check) {
    return check->level == Level::Restricted && check->overrides == id &&
           row_at(*check, minor) != nullptr;
  });
}

void append_level(Plan& plan, std::span<const PodCheck* const> checks, Level level,
                  std::uint16_t minor) {
  std::vector<const PodCheck*> ordered;
  std::ranges::copy_if(checks, std::back_inserter(ordered),
                       [level](const PodCheck* c) { return c->level == level; });
  std::ranges::sort(ordered, {}, [](const PodCheck* check) { return check->record.id; });
  for (const PodCheck* check : ordered) {
    if (const Row* row = row_at(*check, minor); row != nullptr) {
      plan.steps.push_back({.check = check, .row = row});
      plan.records.push_back(&check->record);
    }
  }
}

void append_row_faults(const PodCheck& check, std::vector<std::string>& out) {
  if (check.rows.empty()) {
    out.push_back(fmt::format("check {}: no versions", check.record.id));
  }
  for (std::size_t i = 0; i < check.rows.size(); ++i) {
    if (check.rows[i].test == nullptr || check.rows[i].describe == nullptr) {
      out.push_back(fmt::format("check {}: row v1.{} lacks a function", check.record.id,
                                check.rows[i].since));
    }
    if (i > 0 && check.rows[i].since <= check.rows[i - 1].since) {
      out.push_back(fmt::format("check {}: versions must be strictly increasing", check.record.id));
    }
    if (check.rows[i].since == Version::kLatest) {
      out.push_back(fmt::format("check {}: a version cannot be latest", check.record.id));
    }
  }
}

}  // namespace

std::vector<std::string> faults(std::span<const PodCheck* const> checks) {
  std::vector<std::string> out;
  for (const PodCheck* check : checks) {
    if (find_check(checks, check->record.id) != check) {
      out.push_back(fmt::format("check {}: its id is not unique", check->record.id));
    }
    if (check->level == Level::Privileged) {
      out.push_back(fmt::format("check {}: invalid level privileged", check->record.id));
    }
    if (check->record.policy != to_text(check->level)) {
      out.push_back(fmt::format("check {}: its record names level {}", check->record.id,
                                check->record.policy));
    }
    append_row_faults(*check, out);
    if (check->overrides.empty()) {
      continue;
    }
    if (check->level != Level::Restricted) {
      out.push_back(fmt::format("check {}: only restricted checks may override", check->record.id));
    }
    const PodCheck* overridden = find_check(checks, check->overrides);
    if (overridden == nullptr || overridden->level != Level::Baseline) {
      out.push_back(fmt::format("check {}: overrides {}, which is no baseline check",
                                check->record.id, check->overrides));
    }
  }
  return out;
}

Plan make_plan(std::span<const PodCheck* const> checks, Level level, std::uint16_t minor) {
  Plan plan;
  if (level == Level::Privileged) {
    return plan;
  }
  if (level == Level::Baseline) {
    append_level(plan, checks, Level::Baseline, minor);
    return plan;
  }
  std::vector<const PodCheck*> applied;
  std::ranges::copy_if(checks, std::back_inserter(applied), [checks, minor](const PodCheck* check) {
    return check->level != Level::Baseline || !is_overridden(checks, check->record.id, minor);
  });
  append_level(plan, applied, Level::Baseline, minor);
  append_level(plan, applied, Level::Restricted, minor);
  return plan;
}

std::uint16_t newest_row(std::span<const PodCheck* const> checks) {
  std::uint16_t newest = 0;
  for (const PodCheck* check : checks) {
    for (const Row& row : check->rows) {
      newest = std::max(newest, row.since);
    }
  }
  return newest;
}

}  // namespace tally::pod_security
