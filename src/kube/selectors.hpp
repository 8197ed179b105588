#pragma once
// Label selectors of the API (matchLabels, matchExpressions) from a Node, and matching them against
// label maps.

#include <cstdint>

#include "base/result.hpp"
#include "document/node.hpp"
#include "scalar/label_selector.hpp"

namespace tally::kube {

// Three values: what is unknown is never turned into No here.
enum class Match : std::uint8_t { No, Yes, Unknown };

// A LabelSelector of the API; an empty map selects everything. Refuses what the API server refuses.
// Null, which selects nothing, is the caller's case.
[[nodiscard]] Result<scalar::LabelSelector> read_label_selector(const document::Node& selector);

// `labels`: a map of strings, or Null for no labels.
[[nodiscard]] bool matches(const scalar::LabelSelector& selector, const document::Node& labels);

}  // namespace tally::kube
