#include "kyverno/patch/strategic_merge.hpp"

#include <utility>

#include "kyverno/patch/internal/merge.hpp"
#include "kyverno/patch/internal/merge_tree.hpp"
#include "kyverno/patch/internal/resolve_anchors.hpp"
#include "pattern/pattern.hpp"

namespace tally::kyverno {

using document::Node;

Result<StrategicMerge> strategic_merge(Arena& arena, const Node& resource, const Node& patch,
                                       const StrategicMergeLimits& limits) {
  const auto matches = [&arena](const Node& value,
                                const Node& condition) -> std::optional<std::string> {
    const auto compiled =
        pattern::Pattern::compile(condition, {}, pattern::NumberReading::AsDoubles);
    if (!compiled) {
      return compiled.error().message;
    }
    const pattern::Outcome outcome = compiled->match(value, arena);
    return outcome.verdict == pattern::Verdict::Pass ? std::nullopt
                                                     : std::optional(std::string(outcome.message));
  };
  MergeTree tree(arena, {.nodes = limits.nodes, .steps = limits.steps});
  MergeNode* resolved = tree.make_sorted(patch);
  auto unmet = resolve_anchors(tree, *resolved, resource, matches, limits.depth);
  if (!unmet) {
    unmet.error().message = "failed to preProcess rule: " + unmet.error().message;
    return std::unexpected(std::move(unmet).error());
  }
  if (*unmet) {
    // Upstream merges an empty map then, which still rids merging lists of duplicates.
    const Node nothing = Node::make_object(arena, {}, std::span<const std::string_view>{}, {}, 0);
    resolved = tree.make(*arena.create<Node>(nothing));
  }
  MergeNode* target = tree.make(resource);
  TALLY_TRY(MergeNode * merged, merge(tree, *target, *resolved, limits.depth));
  if (merged == nullptr) {
    return content_error("filter cannot create or delete objects");
  }
  if (tree.is_exhausted()) {
    return limit_error("the objects are too large to merge");
  }
  const Node patched = tree.freeze(*merged);
  if (!tree.duplicate().empty()) {
    // `+(a)` beside `a`. Upstream notices when it reads back what it merged.
    return content_error("mapping key \"" + std::string(tree.duplicate()) + "\" already defined");
  }
  return StrategicMerge{.patched = patched, .unmet_condition = *std::move(unmet)};
}

}  // namespace tally::kyverno
