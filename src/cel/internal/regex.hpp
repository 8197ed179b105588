#pragma once
// Regular expressions: RE2 and nothing else, so that no pattern takes more than linear time. A
// pattern that is constant is compiled with its program; others through a small cache per thread.

#include <memory>
#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace re2 {
class RE2;
}

namespace tally::cel {

// Never null; ok() says whether the pattern compiled. The memory of a pattern is bounded.
[[nodiscard]] std::unique_ptr<const re2::RE2> compile_regex(std::string_view pattern);

// From the cache of the thread; valid until the next call on this thread.
[[nodiscard]] const re2::RE2& cached_regex(std::string_view pattern);

// Whether the pattern is found anywhere in the text; an Error when the pattern is malformed or too
// big.
[[nodiscard]] Value regex_matches(Arena& arena, std::string_view text, std::string_view pattern);
[[nodiscard]] Value regex_matches(Arena& arena, std::string_view text, const re2::RE2& pattern);

// The error value of a pattern that is not ok().
[[nodiscard]] Value regex_error(Arena& arena, const re2::RE2& pattern);

}  // namespace tally::cel
