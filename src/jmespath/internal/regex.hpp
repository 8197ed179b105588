#pragma once
// Regular expressions: RE2, which takes linear time, with bounds of memory. Compiled ones are kept
// in a small cache per thread.

#include <re2/re2.h>

#include <string>
#include <string_view>

namespace tally::jmespath {

// From the cache of the thread; valid until the next call on it.
[[nodiscard]] const re2::RE2& cached_regex(std::string_view pattern);
// Precondition: !pattern.ok(). regexp/syntax's words: "error parsing regexp: missing closing ):
// `(`".
[[nodiscard]] std::string regex_error(const re2::RE2& pattern);

}  // namespace tally::jmespath
