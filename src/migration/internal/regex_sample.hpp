#pragma once
// A text that a regular expression matches, for the usual ones: literals, classes, groups,
// alternatives (the first), repetition (as little as it takes, once where it is free to). What it
// does not know it passes over: a text that does not match is no harm.

#include <string>
#include <string_view>

namespace tally::migration {

// Does it look like one? Plain texts and globs do not.
[[nodiscard]] bool is_regex_like(std::string_view text) noexcept;
[[nodiscard]] std::string sample_of_regex(std::string_view pattern);

}  // namespace tally::migration
