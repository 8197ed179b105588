#pragma once
// A value made of a document that will not live as long as the value.

#include "base/arena.hpp"
#include "cel/value.hpp"
#include "document/node.hpp"

namespace tally::cel {

// A copy that needs neither the nodes nor their source. Numbers are doubles, as in
// structpb.NewValue. Depth is bounded by whoever read the document.
[[nodiscard]] Value detached_value(Arena& arena, const document::Node& node);

}  // namespace tally::cel
