#pragma once
// Which API server is meant, and what its credentials need of this machine: files, plugins, the
// environment.

#include "base/result.hpp"
#include "command_line.hpp"
#include "kube_client/kube_config.hpp"

namespace tally::app {

// The functions may be used by several threads at once.
[[nodiscard]] kube_client::Surroundings cluster_surroundings();

// The kubeconfig that the flags name, $KUBECONFIG or ~/.kube/config; without any, the files of a
// pod's service account.
[[nodiscard]] Result<kube_client::ClusterAccess> find_cluster(
    const ClusterFlags& flags, const kube_client::Surroundings& around);

}  // namespace tally::app
