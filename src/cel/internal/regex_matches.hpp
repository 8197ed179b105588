#pragma once
// The matches of a pattern in a text, from left to right, as FindAll of Go's regexp counts them:
// they do not overlap, and an empty match right behind another match is none.

#include <re2/re2.h>

#include "cel/internal/library.hpp"
#include "cel/internal/regex.hpp"

namespace tally::cel {

class RegexMatches {
 public:
  // Precondition: pattern.ok(). Both must outlive this.
  RegexMatches(const re2::RE2& pattern, std::string_view text) noexcept
      : pattern_(pattern), text_(text) {}

  static constexpr std::size_t kGroupsMax = 10;

  // Fills groups[0] with the match and groups[i] with its i-th group; at most kGroupsMax. False: no
  // further match.
  [[nodiscard]] bool next(std::span<std::string_view> groups);

 private:
  const re2::RE2& pattern_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t previous_end_ = static_cast<std::size_t>(-1);
};

}  // namespace tally::cel
