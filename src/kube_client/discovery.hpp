#pragma once
// Which resources an API server has: aggregated discovery (apidiscovery.k8s.io/v2, since 1.30 GA,
// v2beta1 since 1.27), or group by group from servers that do not know it.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube_client/api_client.hpp"

namespace tally::kube_client {

// A resource of the version that its group prefers, which can be listed.
struct Resource {
  std::string group;    // "" for the core
  std::string version;  // "v1"
  std::string plural;   // "deployments"
  std::string kind;     // "Deployment"
  bool is_namespaced = true;

  // "/apis/apps/v1/deployments"
  [[nodiscard]] std::string path() const;
};

// By group, kind. A group whose server does not answer is a problem; the others are listed.
struct Discovered {
  std::vector<Resource> resources;
  std::vector<Error> problems;
};
[[nodiscard]] Result<Discovered> discover(ApiClient& client);

// A ClusterRole that lets these be read, as YAML.
[[nodiscard]] std::string reading_role(std::string_view name,
                                       const std::vector<Resource>& resources);

}  // namespace tally::kube_client
