#pragma once
// What an admission request is to CEL: `request` and `namespaceObject` as the API server makes them
// (k8s.io/apiserver v0.36 pkg/admission/plugin/cel/condition.go, CreateAdmissionRequest and
// CreateNamespaceObject). Nothing is copied: objects stay nodes.
//
// What is not known is an unknown value: the user of a review that was made of a file, labels and
// annotations of a namespace that is not in the input.

#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"
#include "kube/review.hpp"
#include "kube/snapshot.hpp"
#include "policy_cel/match_resources.hpp"

namespace tally::policy_cel {

enum class EmptyUser : std::uint8_t { IsUnknown, IsEmpty };

// What `request` holds: the API server leaves the objects out, Kyverno keeps them
// (pkg/cel/compiler/request.go).
enum class RequestShape : std::uint8_t { WithoutObjects, WithObjects };

// `matched`: what the policy sees as kind and resource. Lives in the arena; review must outlive it.
[[nodiscard]] cel::Value request_value(Arena& arena, const kube::Review& review,
                                       const Matched& matched, EmptyUser user,
                                       RequestShape shape = RequestShape::WithoutObjects);

// Null for objects without a namespace and for namespaces themselves.
[[nodiscard]] cel::Value namespace_value(Arena& arena, const kube::Review& review,
                                         const kube::Snapshot* snapshot);

// The object as the policy sees it whose rule named an equivalent resource: the same with another
// apiVersion, where both versions have the same structure; nothing where the server would convert
// fields. Null stays null.
[[nodiscard]] bool as_version(Arena& arena, const document::Node& object,
                              const kube::GroupVersionKind& from, const kube::GroupVersionKind& to,
                              const MatchContext& context, document::Node& out);

}  // namespace tally::policy_cel
