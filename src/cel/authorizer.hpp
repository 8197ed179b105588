#pragma once
// The values behind the variables `authorizer` and `authorizer.requestResource` of Kubernetes
// (k8s.io/apiserver v0.36, pkg/cel/library/authz.go). They only describe a question; the answer
// comes from the Host:
//
//   ask("authorizer", "check", {question}) -> {"decision": "allow" | "deny" | "no opinion",
//                                              "reason": string, "error": string}
//
// All three are optional: without a decision nothing is allowed. The question is a map with "verb"
// and what is set of "path"; "group", "resource", "subresource", "namespace", "name",
// "fieldSelector", "labelSelector"; "user" for a service account
// ("system:serviceaccount:namespace:name"), else the user of the request is meant.

#include <string_view>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

inline constexpr std::string_view kAuthorizerType = "kubernetes.authorization.Authorizer";
inline constexpr std::string_view kResourceCheckType = "kubernetes.authorization.ResourceCheck";

// Of the user of the request.
[[nodiscard]] Value make_authorizer(Arena& arena);

struct RequestResource {
  std::string_view group;
  std::string_view resource;
  std::string_view subresource;
  std::string_view name_space;
  std::string_view name;
};
// The texts must outlive the value.
[[nodiscard]] Value make_request_resource(Arena& arena, const RequestResource& resource);

}  // namespace tally::cel
