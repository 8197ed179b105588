#pragma once
// The words of a finding's enumerations, back into values.

#include <optional>
#include <string_view>

#include "finding/finding.hpp"

namespace tally::history {

inline constexpr finding::Verdict kVerdicts[] = {finding::Verdict::Pass, finding::Verdict::Fail,
                                                 finding::Verdict::Error, finding::Verdict::Unknown,
                                                 finding::Verdict::Skip};
inline constexpr finding::Severity kSeverities[] = {
    finding::Severity::Critical, finding::Severity::High, finding::Severity::Medium,
    finding::Severity::Low, finding::Severity::Info};
inline constexpr finding::Mode kModes[] = {finding::Mode::Audit, finding::Mode::Warn,
                                           finding::Mode::Enforce};

template <class Enum, std::size_t N>
std::optional<Enum> named(const Enum (&all)[N], std::string_view word) {
  for (const Enum value : all) {
    if (to_text(value) == word) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace tally::history
