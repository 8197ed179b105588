#pragma once
// Pointers that survive the reordering of lists: where the API tells the elements of a list apart
// by keys, the keys stand instead of the index.

#include <string>
#include <string_view>

#include "kube/api_kinds.hpp"

namespace tally::kube {

// The kind whose types say how the object's lists are keyed: its own, or what replaced a removed
// one; null if nothing is known.
[[nodiscard]] const ApiKind* kind_of_lists(const Object& object);

// Appends a JSON pointer into `root` with the indices of keyed lists replaced by the keys of the
// element: "/spec/containers/0/image" becomes "/spec/containers/[name=main]/image"; an element that
// is a text or a number stands for itself, "[=NET_ADMIN]". Other indices, and what leads nowhere,
// stay. The keys are x-kubernetes-list-map-keys of the built-in types and of structural schemas.
void append_keyed_pointer(std::string& out, const ApiKind* kind, const document::Node& root,
                          std::string_view pointer);

}  // namespace tally::kube
