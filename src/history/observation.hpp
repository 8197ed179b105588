#pragma once
// What the continuous audit tells the history: for each object that was judged now, everything
// that is wrong with it. What was open before and is not named any more is resolved.

#include <cstdint>
#include <string>
#include <vector>

#include "finding/finding.hpp"
#include "history/decision.hpp"

namespace tally::history {

// Without the version of the API: an object that moves to another one is the same object.
struct SubjectKey {
  std::string group{};
  std::string kind{};
  std::string name_space{};
  std::string name{};
  friend auto operator<=>(const SubjectKey&, const SubjectKey&) = default;
};
[[nodiscard]] SubjectKey to_subject_key(const finding::Subject& subject);

struct PolicyKey {
  std::string engine{};
  std::string policy{};
  friend auto operator<=>(const PolicyKey&, const PolicyKey&) = default;
};

// An object that was judged. Only fail, error and unknown are kept; findings of any other verdict,
// and those that an exception accepts, count as "not seen".
struct Observation {
  SubjectKey subject{};
  std::vector<DecisionFinding> findings{};  // empty: clean now, or gone
  // By which policies it was judged now: only their findings are resolved. Empty: by all.
  std::vector<PolicyKey> judged_by{};
};

}  // namespace tally::history
