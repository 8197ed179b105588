#pragma once
// All objects of a resource, page by page (kubernetes.io/docs/reference/using-api/api-concepts
// "Retrieving large results sets in chunks").

#include <memory>
#include <vector>

#include "document/source.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/discovery.hpp"

namespace tally::kube_client {

struct ListOptions {
  unsigned page = 500;  // objects
  std::size_t objects_max = 5'000'000;
};

// Each page as the server sent it: a list of its kind in JSON, named
// "cluster:apps/v1/deployments". When the place where a page ended is too old (410), the list
// begins anew, once, without pages.
[[nodiscard]] std::expected<std::vector<std::shared_ptr<const document::Source>>, Refusal> list(
    ApiClient& client, const Resource& resource, const ListOptions& options = {});

}  // namespace tally::kube_client
