#include "live_cluster.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "cluster_access.hpp"
#include "document/read.hpp"
#include "input/process.hpp"
#include "kube_client/api_client.hpp"
#include "kube_client/discovery.hpp"
#include "kube_client/kube_config.hpp"
#include "kube_client/list.hpp"
#include "kube_client/selection.hpp"

namespace tally::app {
namespace {

using kube_client::ApiClient;
using kube_client::Resource;

Result<ApiClient> connect(const ClusterFlags& flags) {
  const kube_client::Surroundings around = cluster_surroundings();
  TALLY_TRY(kube_client::ClusterAccess access, find_cluster(flags, around));
  return ApiClient::create(std::move(access), around);
}

// Objects of lists, for finding the parameters that policies name.
class PolicyReader {
 public:
  void take(const document::Source& page) {
    const auto list = document::read_one(page, arena_);
    const document::Node* items = list ? list->find("items") : nullptr;
    if (items != nullptr && items->is_array()) {
      policies_.insert(policies_.end(), items->items().begin(), items->items().end());
    }
  }
  [[nodiscard]] const std::vector<document::Node>& policies() const { return policies_; }

 private:
  Arena arena_;
  std::vector<document::Node> policies_;
};

bool names_parameters(const Resource& resource) {
  return resource.group == "admissionregistration.k8s.io" && resource.kind.ends_with("Policy");
}

}  // namespace

Result<LiveCluster> read_live_cluster(const ClusterFlags& flags, const SayProgress& say) {
  TALLY_TRY(ApiClient client, connect(flags));
  TALLY_TRY(auto found, kube_client::discover(client));
  LiveCluster cluster;
  cluster.problems = std::move(found.problems);
  PolicyReader policies;
  const auto read = [&](const Resource& resource) {
    say(fmt::format("reading {} of {}", resource.plural, client.access().context));
    auto pages = kube_client::list(client, resource);
    if (!pages) {
      cluster.problems.push_back(std::move(pages).error().error);
      return;
    }
    for (std::shared_ptr<const document::Source>& page : *pages) {
      if (names_parameters(resource)) {
        policies.take(*page);
      }
      cluster.sources.push_back(std::move(page));
    }
  };
  for (const Resource& resource : found.resources) {
    if (kube_client::is_read(resource)) {
      read(resource);
    }
  }
  for (const Resource& resource :
       kube_client::parameters_of(policies.policies(), found.resources)) {
    read(resource);
  }
  if (cluster.sources.empty() && !cluster.problems.empty()) {
    return std::unexpected(cluster.problems.front());
  }
  return cluster;
}

Result<std::string> reading_role_of(const ClusterFlags& flags) {
  TALLY_TRY(ApiClient client, connect(flags));
  TALLY_TRY(auto found, kube_client::discover(client));
  std::erase_if(found.resources,
                [](const Resource& resource) { return !kube_client::is_read(resource); });
  return kube_client::reading_role("tally-assess", found.resources);
}

}  // namespace tally::app
