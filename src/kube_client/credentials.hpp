#pragma once
// What a client shows to an API server, and where it comes from (k8s.io/client-go
// tools/clientcmd/api/types.go AuthInfo, plugin/pkg/client/auth/exec).
//
// Secrets: nothing here is ever part of an error or a log.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::kube_client {

// A program that prints an ExecCredential (client.authentication.k8s.io v1, v1beta1).
struct ExecPlugin {
  std::string api_version{};
  std::string command{};  // a path with a slash is relative to the kubeconfig
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};  // besides our own
  std::string install_hint{};
  bool provide_cluster_info = false;
};

// One way at a time: of several the first that is there, in this order.
struct CredentialSource {
  std::string client_certificate{};  // PEM, with client_key
  std::string client_key{};
  std::string token{};
  std::string token_file{};  // read before each call: it is renewed in place
  std::optional<ExecPlugin> exec{};
};

// What one call shows.
struct Credential {
  std::string token{};
  std::string client_certificate{};
  std::string client_key{};
};

// What KUBERNETES_EXEC_INFO holds: an ExecCredential with the cluster, if the plugin asks for it.
struct ExecCluster {
  std::string server{};
  std::string server_name{};
  std::string ca_bundle{};
};
[[nodiscard]] std::string exec_info(const ExecPlugin& plugin, const ExecCluster& cluster);

// What the plugin printed. An error says what is wrong and quotes nothing.
[[nodiscard]] Result<Credential> read_exec_credential(const document::Node& printed,
                                                      const ExecPlugin& plugin);

// The world, which the caller supplies.
struct Surroundings {
  std::function<Result<std::string>(const std::string& path)> read_file;
  // Standard output of the plugin, run with KUBERNETES_EXEC_INFO.
  std::function<Result<std::string>(const ExecPlugin& plugin, const std::string& exec_info)> run;
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

}  // namespace tally::kube_client
