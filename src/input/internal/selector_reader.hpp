#pragma once
// A selector of labels as tally.yaml writes it.

#include "base/result.hpp"
#include "document/node.hpp"
#include "input/internal/strict_reader.hpp"
#include "scalar/label_selector.hpp"

namespace tally::input {

// Text as for `kubectl -l`, or matchLabels and matchExpressions as in the API. An empty one is
// refused.
[[nodiscard]] Result<scalar::LabelSelector> read_selector(const document::Node& node,
                                                          const StrictReader& reader);

}  // namespace tally::input
