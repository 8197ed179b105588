#pragma once
// Strategic merge patches as Kyverno 1.19.1 applies them (mutate.patchStrategicMerge), in two
// steps:
//
//   1. The anchors of the patch are resolved against the resource: `(key)` and `<(key)` are
//      conditions and go away, `+(key)` stays when the resource has no such field
//      (pkg/engine/mutate/patch/strategicPreprocessing.go).
//   2. What is left merges into the resource: maps field by field, lists of the kinds of Kubernetes
//      1.21 by their merge keys with new elements in front, all other lists as a whole; null and
//      `$patch: delete` remove, `$patch: replace` replaces (sigs.k8s.io/kustomize/kyaml v0.21.1,
//      yaml/merge2 and yaml/walk, as called by api/filters/patchstrategicmerge).
//
// Upstream's results are followed to the letter, also where they surprise: a number that replaces a
// text is a text, an empty map in a patch is dropped, two elements with anchors in one list disturb
// each other. `$retainKeys` and the other directives of the API server are ordinary fields.
//
// Where upstream panics there is an error. Threads: pure; one arena per thread.

#include <cstdint>
#include <optional>
#include <string>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::kyverno {

struct StrategicMerge {
  document::Node patched;
  // Why the patch did not apply, when a condition was not met: "condition failed: could not found
  // "labels" key in the resource". The lists of `patched` may still be rid of duplicates.
  std::optional<std::string> unmet_condition;
};

struct StrategicMergeLimits {
  std::uint32_t depth = 1000;
  std::uint64_t nodes = 4'000'000;   // of the working copy
  std::uint64_t steps = 50'000'000;  // comparisons of list elements
};

// The result shares what did not change with `resource`, and new values with `patch`. Conditions
// are patterns (pattern/pattern.hpp), of which upstream reads the numbers as doubles.
[[nodiscard]] Result<StrategicMerge> strategic_merge(Arena& arena, const document::Node& resource,
                                                     const document::Node& patch,
                                                     const StrategicMergeLimits& limits = {});

}  // namespace tally::kyverno
