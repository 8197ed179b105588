#pragma once
// encoding/json of Go (https://pkg.go.dev/encoding/json) as `any` is read and written: numbers are
// doubles, the last of several equal keys counts, written keys are sorted and `<`, `>`, `&`
// escaped. Errors have Go's words.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::jmespath {

struct JsonReadOptions {
  std::uint32_t depth = 500;
};

// Exactly one value; nothing in it refers to the text. Its numbers are as Go would write them.
[[nodiscard]] std::expected<document::Node, std::string> read_go_json(
    std::string_view text, Arena& arena, const JsonReadOptions& options);

// json.Marshal; false when the value holds what JSON has no text for (NaN, an infinity), of which
// `unsupported` is the text.
[[nodiscard]] bool append_go_json(std::string& out, const document::Node& node,
                                  std::string& unsupported);

}  // namespace tally::jmespath
