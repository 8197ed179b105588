#pragma once
// Registry: from the list of checks to what is evaluated for one level and version.
// k8s.io/pod-security-admission v0.37.2, policy/registry.go.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pod_security/internal/check.hpp"

namespace tally::pod_security {

struct Step {
  const PodCheck* check = nullptr;
  const Row* row = nullptr;
};

class Plan {
 public:
  std::vector<Step> steps;
  std::vector<const finding::Check*> records;
};

// What is wrong with a list of checks, a sentence each: ids are unique, a level is baseline or
// restricted, there are rows, versions increase strictly, only restricted checks override and only
// existing baseline ones.
[[nodiscard]] std::vector<std::string> faults(std::span<const PodCheck* const> checks);

// Baseline checks by id, then restricted ones by id, each in the row that holds at v1.`minor`; of
// the baseline checks those that no restricted check of that version overrides.
[[nodiscard]] Plan make_plan(std::span<const PodCheck* const> checks, Level level,
                             std::uint16_t minor);

// The largest `since` of any row.
[[nodiscard]] std::uint16_t newest_row(std::span<const PodCheck* const> checks);

}  // namespace tally::pod_security
