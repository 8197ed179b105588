#pragma once
// JSON (RFC 8259, nothing beyond it) into nodes.
//
//   - Numbers keep their text, whatever their size. Texts point into the source unless they hold an
//     escape. A lone surrogate becomes U+FFFD, as in Go's encoding/json.
//   - Control characters and bytes that are no UTF-8 inside texts are refused.
//   - A repeated key is an error in the words of the YAML reader.
// Every value and key knows its offset. Errors name found and expected, with line and column.
//
// Threads: any; the scratch memory is per thread.

#include <cstdint>
#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"
#include "document/read.hpp"

namespace tally::document {

struct JsonValue {
  Node root;
  std::uint32_t end = 0;  // behind the value; what follows is for the caller
};

// The value that begins at `begin`, blanks skipped. Preconditions: kSourcePadding zero bytes follow
// source_text, which is at most 1 GiB; `end` is its end or a line start.
[[nodiscard]] Result<JsonValue> read_json(std::string_view source_text, std::uint32_t begin,
                                          std::uint32_t end, Arena& arena,
                                          const ReadLimits& limits);

}  // namespace tally::document
