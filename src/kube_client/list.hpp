#pragma once
// All objects of a resource, page by page (kubernetes.io/docs/reference/using-api/api-concepts
// "Retrieving large results sets in chunks").

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "document/source.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/discovery.hpp"

namespace tally::kube_client {

struct ListOptions {
  unsigned page = 500;  // objects
  std::size_t objects_max = 5'000'000;
  std::string name_space{};  // empty: all
  std::string label_selector{};
  std::string field_selector{};
  std::stop_token stop{};
};

// Each page as the server sent it: a list of its kind in JSON, named
// "cluster:apps/v1/deployments". When the place where a page ended is too old (410), the list
// begins anew, once, without pages.
[[nodiscard]] Answer<std::vector<std::shared_ptr<const document::Source>>> list(
    ApiClient& client, const Resource& resource, const ListOptions& options = {});

// The nodes are valid during the callback only, the source for as long as somebody holds it.
struct ListPage {
  std::shared_ptr<const document::Source> source;
  std::span<const document::Node> items;
  std::string_view resource_version;  // of the whole list
  bool is_first = true;               // again when the list begins anew: forget the pages before
};

// The same without holding them. The version from which a watch goes on.
[[nodiscard]] Answer<std::string> list_pages(ApiClient& client, const Resource& resource,
                                             const ListOptions& options,
                                             const std::function<void(const ListPage&)>& on_page);

}  // namespace tally::kube_client
