#pragma once
// The first step of a strategic merge: the anchors of a patch, resolved against the resource.

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "document/node.hpp"
#include "kyverno/patch/internal/merge_tree.hpp"
#include "kyverno/patch/strategic_merge.hpp"

namespace tally::kyverno {

// Changes `patch` in place. The text: a condition that the resource does not meet.
[[nodiscard]] Result<std::optional<std::string>> resolve_anchors(MergeTree& tree, MergeNode& patch,
                                                                 const document::Node& resource,
                                                                 const ConditionMatch& matches,
                                                                 std::uint32_t depth_max);

}  // namespace tally::kyverno
