#pragma once
// `--changed-since REV`: everything is judged, and what was changed since a commit is reported.
// Asks `git diff` for the files and lines that differ between the commit and the working tree, and
// for files that git does not track yet.
//
// git runs without a shell, without external diff or text conversion programs, without taking
// locks, and with a deadline. The environment is passed on as it is.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::input {

// Lines first to last, from 1. A deletion is the empty range of the line before it: first = last
// + 1.
struct LineRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const LineRange&, const LineRange&) = default;
};

struct ChangedFile {
  bool whole = false;             // new, not tracked or binary: every line counts
  std::vector<LineRange> ranges;  // in order; empty if whole, or if only its mode or name changed
};

class ChangedFiles {
 public:
  // By absolute path, links resolved.
  std::map<std::string, ChangedFile, std::less<>> files;

  // Both take a path as the input shows it; a path that does not exist has not changed.
  [[nodiscard]] const ChangedFile* find(const std::string& path) const;
  // Does any line of [first, last] differ? A deletion counts for the lines on both sides of it.
  [[nodiscard]] bool touches(const std::string& path, LineRange lines) const;
};

// `folder`: inside of the repository; its whole working tree is compared.
[[nodiscard]] Result<ChangedFiles> changed_since(
    const std::string& revision, const std::string& folder = ".",
    std::chrono::milliseconds time_max = std::chrono::seconds(60));

}  // namespace tally::input
