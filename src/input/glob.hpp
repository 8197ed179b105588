#pragma once
// Path globs, with the meaning that shells and .gitignore files have taught everybody:
//   *       any run of characters inside one path component
//   ?       one character inside one path component
//   [a-z]   one character of a class; [!a-z] or [^a-z] one that is not of it
//   **      as a whole component: any number of components, none included
// A leading dot of a component is matched by a literal dot only (as in shells). There is no escape
// character: a name that holds one of these characters is given literally, and a path that exists
// is never taken for a glob.
//
// Matching is iterative and at worst O(pattern * path); a class that is not closed stands for
// itself.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tally::input {

// Does the text hold a character that makes it a glob?
[[nodiscard]] bool is_glob(std::string_view text) noexcept;

// Does the pattern match the whole path? Both are compared component by component; "./" in front of
// either is ignored.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

// The existing paths that the pattern matches, sorted by bytes. Links are not followed by `**`.
// More than paths_max matches are a Limit error.
[[nodiscard]] Result<std::vector<std::string>> expand_glob(const std::string& pattern,
                                                           std::size_t paths_max = 1'000'000);

}  // namespace tally::input
