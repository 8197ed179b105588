#include "kube_client/kube_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scalar/base64.hpp"

namespace tally::kube_client {
namespace {

using document::Node;

constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

// An entry of a list of a kubeconfig: {name: N, cluster|user|context: {...}}.
struct Entry {
  const KubeConfigFile* file = nullptr;
  const Node* body = nullptr;
};

Error at(const KubeConfigFile& file, const Node& node, std::string message) {
  return {.kind = ErrorKind::Content,
          .message = std::move(message),
          .file = file.path,
          .at = file.source == nullptr ? Position{} : file.source->position(node.offset()),
          .hint = {}};
}

std::string_view text_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr && value->is_string() ? value->text() : std::string_view{};
}

bool is_true(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr && value->is_bool() && value->boolean();
}

Result<Entry> find_entry(std::span<const KubeConfigFile> files, std::string_view list,
                         std::string_view body, std::string_view name) {
  std::string known;
  for (const KubeConfigFile& file : files) {
    const Node* entries = file.root.find(list);
    if (entries == nullptr || !entries->is_array()) {
      continue;
    }
    for (const Node& entry : entries->items()) {
      if (text_of(entry, "name") == name) {
        const Node* found = entry.find(body);
        if (found == nullptr || !found->is_object()) {
          return std::unexpected(
              at(file, entry, fmt::format("the entry \"{}\" of {} has no {}", name, list, body)));
        }
        return Entry{.file = &file, .body = found};
      }
      known.append(known.empty() ? "" : ", ").append(text_of(entry, "name"));
    }
  }
  Error error =
      content_error(fmt::format("the kubeconfig has no {} named \"{}\"", body, name)).error();
  error.hint =
      known.empty() ? fmt::format("it names no {}", list) : fmt::format("it names: {}", known);
  return std::unexpected(std::move(error));
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash + 1));
}

std::string resolve(const KubeConfigFile& file, std::string_view path) {
  return path.starts_with('/') ? std::string(path) : folder_of(file.path).append(path);
}

// NAME-data in base64, else the file that NAME names.
Result<std::string> read_pem(const Entry& entry, std::string_view name,
                             const Surroundings& surroundings) {
  const std::string data_key = std::string(name) + "-data";
  if (const std::string_view data = text_of(*entry.body, data_key); !data.empty()) {
    auto decoded = scalar::decode_base64(data);
    if (decoded.bad_offset) {
      return std::unexpected(
          at(*entry.file, *entry.body->find(data_key), fmt::format("{} is not base64", data_key)));
    }
    return std::move(decoded.octets);
  }
  const std::string_view path = text_of(*entry.body, name);
  return path.empty() ? std::string() : surroundings.read_file(resolve(*entry.file, path));
}

// Fields that change whom we ask or whether we may trust the answer: passing them over would be
// worse than stopping.
Result<void> refuse(const Entry& entry, std::string_view key, std::string_view why) {
  const Node* value = entry.body->find(key);
  const bool is_set = value != nullptr && !value->is_null() &&
                      !(value->is_bool() && !value->boolean()) &&
                      !(value->is_string() && value->text().empty());
  if (is_set) {
    return std::unexpected(at(*entry.file, *value, fmt::format("{}: {}", key, why)));
  }
  return {};
}

Result<void> read_cluster(const Entry& entry, const Surroundings& surroundings,
                          ClusterAccess& access) {
  TALLY_CHECK(refuse(entry, "insecure-skip-tls-verify",
                     "the server's certificate is always "
                     "verified; give certificate-authority"));
  TALLY_CHECK(refuse(entry, "proxy-url", "proxies are not supported"));
  access.server = text_of(*entry.body, "server");
  while (access.server.ends_with('/')) {
    access.server.pop_back();
  }
  if (!access.server.starts_with("https://")) {
    return std::unexpected(at(*entry.file, *entry.body,
                              access.server.empty()
                                  ? "the cluster names no server"
                                  : "the server is not asked without TLS: expected https://"));
  }
  access.server_name = text_of(*entry.body, "tls-server-name");
  TALLY_TRY(access.ca_bundle, read_pem(entry, "certificate-authority", surroundings));
  return {};
}

Result<ExecPlugin> read_exec(const Entry& entry, const Node& exec) {
  constexpr std::array<std::string_view, 2> kVersions{"client.authentication.k8s.io/v1",
                                                      "client.authentication.k8s.io/v1beta1"};
  ExecPlugin plugin{.api_version = std::string(text_of(exec, "apiVersion")),
                    .command = std::string(text_of(exec, "command")),
                    .arguments = {},
                    .environment = {},
                    .install_hint = std::string(text_of(exec, "installHint")),
                    .provide_cluster_info = is_true(exec, "provideClusterInfo")};
  if (plugin.api_version != kVersions[0] && plugin.api_version != kVersions[1]) {
    return std::unexpected(at(*entry.file, exec,
                              fmt::format("exec.apiVersion: found \"{}\", expected {} or {}",
                                          plugin.api_version, kVersions[0], kVersions[1])));
  }
  if (plugin.command.empty()) {
    return std::unexpected(at(*entry.file, exec, "exec names no command"));
  }
  if (text_of(exec, "interactiveMode") == "Always") {
    return std::unexpected(
        at(*entry.file, exec, "exec.interactiveMode: Always: nobody is asked at a terminal"));
  }
  // As kubectl: a path with a slash is relative to the kubeconfig, a bare name is looked up in
  // PATH.
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = resolve(*entry.file, plugin.command);
  }
  if (const Node* arguments = exec.find("args"); arguments != nullptr && arguments->is_array()) {
    for (const Node& argument : arguments->items()) {
      plugin.arguments.emplace_back(argument.text());
    }
  }
  if (const Node* variables = exec.find("env"); variables != nullptr && variables->is_array()) {
    for (const Node& variable : variables->items()) {
      plugin.environment.emplace_back(text_of(variable, "name"), text_of(variable, "value"));
    }
  }
  return plugin;
}

Result<void> read_user(const Entry& entry, const Surroundings& surroundings,
                       CredentialSource& credentials) {
  for (const std::string_view key :
       {"as", "as-uid", "as-groups", "as-user-extra", "impersonate", "impersonate-groups"}) {
    TALLY_CHECK(refuse(entry, key, "impersonation is not supported"));
  }
  for (const std::string_view key : {"username", "password", "auth-provider"}) {
    TALLY_CHECK(refuse(entry, key,
                       "API servers no longer take it; use a token, a client "
                       "certificate or exec"));
  }
  TALLY_TRY(credentials.client_certificate, read_pem(entry, "client-certificate", surroundings));
  TALLY_TRY(credentials.client_key, read_pem(entry, "client-key", surroundings));
  if (credentials.client_certificate.empty() != credentials.client_key.empty()) {
    return std::unexpected(at(*entry.file, *entry.body,
                              "client-certificate and client-key: one is here without the other"));
  }
  // A file of a token goes before the token itself (client-go, AuthInfo.TokenFile).
  if (const std::string_view file = text_of(*entry.body, "tokenFile"); !file.empty()) {
    credentials.token_file = resolve(*entry.file, file);
  } else {
    credentials.token = text_of(*entry.body, "token");
  }
  if (const Node* exec = entry.body->find("exec"); exec != nullptr && exec->is_object()) {
    TALLY_TRY(credentials.exec, read_exec(entry, *exec));
  }
  return {};
}

}  // namespace

std::vector<std::string> kube_config_paths(const Surroundings& surroundings) {
  std::vector<std::string> paths;
  if (const auto listed = surroundings.environment("KUBECONFIG"); listed && !listed->empty()) {
    for (std::size_t begin = 0; begin <= listed->size();) {
      const std::size_t end = std::min(listed->find(':', begin), listed->size());
      if (end > begin) {
        paths.push_back(listed->substr(begin, end - begin));
      }
      begin = end + 1;
    }
    return paths;
  }
  if (const auto home = surroundings.environment("HOME"); home && !home->empty()) {
    paths.push_back(*home + "/.kube/config");
  }
  return paths;
}

Result<ClusterAccess> read_kube_config(std::span<const KubeConfigFile> files,
                                       std::string_view context, const Surroundings& surroundings) {
  for (const KubeConfigFile& file : files) {
    if (!file.root.is_object() || text_of(file.root, "kind") != "Config") {
      return std::unexpected(at(file, file.root, "found no kubeconfig (kind: Config)"));
    }
  }
  for (auto file = files.begin(); context.empty() && file != files.end(); ++file) {
    context = text_of(file->root, "current-context");
  }
  if (context.empty()) {
    return content_error("the kubeconfig has no current-context; name one with --context");
  }
  ClusterAccess access;
  access.context = context;
  TALLY_TRY(const Entry chosen, find_entry(files, "contexts", "context", context));
  TALLY_TRY(const Entry cluster,
            find_entry(files, "clusters", "cluster", text_of(*chosen.body, "cluster")));
  TALLY_CHECK(read_cluster(cluster, surroundings, access));
  if (const std::string_view user = text_of(*chosen.body, "user"); !user.empty()) {
    TALLY_TRY(const Entry entry, find_entry(files, "users", "user", user));
    TALLY_CHECK(read_user(entry, surroundings, access.credentials));
  }
  if (const std::string_view name_space = text_of(*chosen.body, "namespace"); !name_space.empty()) {
    access.name_space = name_space;
  }
  return access;
}

Result<ClusterAccess> in_cluster_access(const Surroundings& surroundings) {
  const auto host = surroundings.environment("KUBERNETES_SERVICE_HOST");
  const auto port = surroundings.environment("KUBERNETES_SERVICE_PORT");
  if (!host || host->empty() || !port || port->empty()) {
    return environment_error(
        "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  }
  ClusterAccess access;
  access.context = "in-cluster";
  const bool is_v6 = host->find(':') != std::string::npos;
  access.server = is_v6 ? fmt::format("https://[{}]:{}", *host, *port)
                        : fmt::format("https://{}:{}", *host, *port);
  const std::string folder(kServiceAccount);
  TALLY_TRY(access.ca_bundle, surroundings.read_file(folder + "ca.crt"));
  if (auto name_space = surroundings.read_file(folder + "namespace")) {
    access.name_space = std::move(*name_space);
  }
  access.credentials.token_file = folder + "token";
  return access;
}

}  // namespace tally::kube_client
