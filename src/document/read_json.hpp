#pragma once
// A text that a protocol says is JSON: one value (RFC 8259) and blanks. read.hpp reads what people
// write, which may be YAML. Threads: any.

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "document/read.hpp"
#include "document/source.hpp"

namespace tally::document {

[[nodiscard]] Result<Node> read_one_json(const Source& source, Arena& arena,
                                         const ReadLimits& limits = {});

}  // namespace tally::document
