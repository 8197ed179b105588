#pragma once
// Order of messages: by position; those of the whole expression first; equal ones as reported.

#include <algorithm>
#include <vector>

#include "cel/ast.hpp"

namespace tally::cel {

// cel-go reports no more than these.
inline constexpr std::size_t kIssuesMax = 100;

inline void sort_issues(std::vector<Issue>& issues) {
  const auto before = [](const Issue& a, const Issue& b) {
    return a.offset + 1 < b.offset + 1;  // kNoOffset + 1 is 0
  };
  // There are few; insertion is stable.
  for (auto it = issues.begin(); it != issues.end(); ++it) {
    std::rotate(std::upper_bound(issues.begin(), it, *it, before), it, it + 1);
  }
}

}  // namespace tally::cel
