#pragma once
// JSON as json.Marshal of Go writes a map[string]any: keys sorted by bytes, no blanks, `<`, `>`,
// `&` and the two separators of lines escaped, numbers with a point in the shortest form of
// ECMAScript.

#include "cel/internal/library.hpp"
#include "document/node.hpp"

namespace tally::cel {

// False: nested deeper than 500.
[[nodiscard]] bool append_go_json(TextBuilder& out, Arena& arena, const document::Node& node);

}  // namespace tally::cel
