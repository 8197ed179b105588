#pragma once
// Does a namespace match a label selector? CONTRACTS.md section 1: a namespace that is not in the
// input exists with the one label kubernetes.io/metadata.name; a selector that needs more of it
// gives Unknown, never No.

#include <string_view>

#include "kube/selectors.hpp"
#include "kube/snapshot.hpp"

namespace tally::kube {

inline constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

// The API server gives every namespace kNamespaceNameLabel, whatever the manifest says.
[[nodiscard]] Match match_namespace(const Snapshot& snapshot, std::string_view name_space,
                                    const scalar::LabelSelector& selector);

}  // namespace tally::kube
