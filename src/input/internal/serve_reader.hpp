#pragma once
// The keys `enforcement` and `serve` of tally.yaml.

#include "base/result.hpp"
#include "document/node.hpp"
#include "input/internal/strict_reader.hpp"
#include "input/serve_config.hpp"

namespace tally::input {

[[nodiscard]] Result<Enforcement> read_enforcement(const document::Node& node,
                                                   const StrictReader& reader);
[[nodiscard]] Result<Serve> read_serve(const document::Node& node, const StrictReader& reader);

}  // namespace tally::input
