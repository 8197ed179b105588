#pragma once
// What the findings of all objects add up to.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "finding/finding.hpp"

namespace tally::audit {

// As reports count: a failure in mode warn is a warning, an unknown an error, what an exception
// accepts is skipped.
struct Summary {
  std::uint64_t pass = 0;
  std::uint64_t fail = 0;
  std::uint64_t warn = 0;
  std::uint64_t error = 0;
  std::uint64_t skip = 0;
  friend bool operator==(const Summary&, const Summary&) = default;
};

// Findings that count (fail, error, unknown, without an exception). Nothing that is zero is named.
struct Counters {
  std::uint64_t objects = 0;                            // that were judged
  std::array<std::uint64_t, 5> findings_by_severity{};  // index: finding::Severity
  std::map<std::string, std::uint64_t> findings_by_engine{};
  std::map<std::string, std::uint64_t> findings_by_namespace{};  // "" for what has none
  // Workloads by the strictest Pod Security level that they meet: privileged, baseline, restricted.
  std::array<std::uint64_t, 3> workloads_by_level{};
  friend bool operator==(const Counters&, const Counters&) = default;
};

}  // namespace tally::audit
