#pragma once
// Paths of the API (kubernetes.io/docs/reference/using-api/api-concepts "Resource URIs").

#include <string>
#include <string_view>

#include "kube_client/discovery.hpp"

namespace tally::kube_client {

// One object, or a resource of a namespace.
struct ObjectPlace {
  Resource resource{};
  std::string name_space{};  // empty: cluster scope, or all namespaces
  std::string name{};        // empty: all of them
  std::string subresource{};

  // "/apis/apps/v1/namespaces/shop/deployments/web/status"
  [[nodiscard]] std::string path() const;
};

// RFC 3986 section 2.1: everything but what needs no escape.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace tally::kube_client
