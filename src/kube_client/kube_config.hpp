#pragma once
// Which API server to ask and as whom: kubeconfig files (k8s.io/client-go tools/clientcmd), or the
// files of a pod's service account.
//
// Refused rather than passed over: insecure-skip-tls-verify and plain http (TLS is verified
// always), proxy-url, impersonation, user names with passwords and auth-provider, which servers no
// longer know.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "document/source.hpp"
#include "kube_client/credentials.hpp"

namespace tally::kube_client {

struct ClusterAccess {
  std::string context;      // its name; "in-cluster" for a service account
  std::string server;       // "https://10.0.0.1:6443", without a slash at its end
  std::string server_name;  // that the certificate must have; empty: the host of `server`
  std::string ca_bundle;    // PEM; empty: the system's trusted certificates
  std::string name_space = "default";
  CredentialSource credentials;
};

// One file, as it was read.
struct KubeConfigFile {
  std::string path;  // relative paths in it are relative to its folder
  const document::Source* source = nullptr;
  document::Node root;
};

// The paths in $KUBECONFIG, or ~/.kube/config.
[[nodiscard]] std::vector<std::string> kube_config_paths(const Surroundings& surroundings);

// The context by its name, or the current one. Of several files the first that says something
// stands, clusters, users and contexts each by their name.
[[nodiscard]] Result<ClusterAccess> read_kube_config(std::span<const KubeConfigFile> files,
                                                     std::string_view context,
                                                     const Surroundings& surroundings);

// /var/run/secrets/kubernetes.io/serviceaccount, $KUBERNETES_SERVICE_HOST and _PORT.
[[nodiscard]] Result<ClusterAccess> in_cluster_access(const Surroundings& surroundings);

}  // namespace tally::kube_client
