#pragma once
// Nodes as JSON text (RFC 8259): compact, in source order, or canonical (RFC 8785).
//
// Both walk with an explicit stack: no depth overruns the thread's.

#include <string>
#include <string_view>

#include "document/node.hpp"

namespace tally::document {

// A text in double quotes. Escapes what RFC 8259 section 7 demands and nothing else (U+2028 and
// U+2029 stay); a byte that is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Whether the text stands in a JSON string as it is: printable ASCII without quotes and
// backslashes.
[[nodiscard]] bool is_plain_json_text(std::string_view text) noexcept;

// Members in source order, numbers with their exact text, no blanks.
void append_json(std::string& out, const Node& node);

// RFC 8785 (JSON Canonicalization Scheme): members sorted by the UTF-16 code units of their keys,
// numbers as ECMAScript prints the nearest double. A number outside the range of doubles, which the
// RFC excludes, keeps its text.
void append_canonical_json(std::string& out, const Node& node);

}  // namespace tally::document
