#pragma once
// The first step of a strategic merge: the anchors of a patch, resolved against the resource.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "document/node.hpp"
#include "kyverno/patch/internal/merge_tree.hpp"

namespace tally::kyverno {

// What validate.MatchPattern says of a value and a pattern: nothing if it matches, else why not.
using ConditionMatch = std::function<std::optional<std::string>(const document::Node& value,
                                                                const document::Node& pattern)>;

// Changes `patch` in place. The text: a condition that the resource does not meet.
[[nodiscard]] Result<std::optional<std::string>> resolve_anchors(MergeTree& tree, MergeNode& patch,
                                                                 const document::Node& resource,
                                                                 const ConditionMatch& matches,
                                                                 std::uint32_t depth_max);

}  // namespace tally::kyverno
