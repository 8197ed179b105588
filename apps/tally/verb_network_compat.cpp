#include "verb_network_compat.hpp"

#include <string>
#include <utility>

#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::app {

Result<ClusterInput> read_compat_cluster(const std::vector<std::string>& paths,
                                         const NetworkFlags& flags) {
  TALLY_TRY(ClusterInput cluster, read_cluster(paths, flags));
  if (cluster.inputs.objects.empty()) {
    std::string message =
        "no object was found in the input; the recognized file extensions are .yaml, .yml and "
        ".json";
    for (const finding::Skipped& skipped : cluster.inputs.skipped) {
      message += "; " + skipped.reason;
    }
    return content_error(std::move(message));
  }
  std::vector<kube::Object> objects = cluster.inputs.objects;
  reachability::netpol_analyzer::complete_namespaces(objects, flags.default_namespace);
  cluster.snapshot = kube::Snapshot::create(std::move(objects), flags.default_namespace);
  return cluster;
}

}  // namespace tally::app
