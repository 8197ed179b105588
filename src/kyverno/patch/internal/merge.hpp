#pragma once
// The second step of a strategic merge: what is left of the patch, merged into the resource.

#include <cstdint>

#include "base/result.hpp"
#include "kyverno/patch/internal/merge_tree.hpp"

namespace tally::kyverno {

// Changes both in place. The merged value; nullptr: the patch removes it.
[[nodiscard]] Result<MergeNode*> merge(MergeTree& tree, MergeNode& resource, MergeNode& patch,
                                       std::uint32_t depth_max);

}  // namespace tally::kyverno
