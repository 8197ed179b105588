#include "cluster_access.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "document/read.hpp"
#include "input/process.hpp"

namespace tally::app {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{8} << 20U;
constexpr std::chrono::seconds kPluginTime{60};

Result<std::string> run_plugin(const kube_client::ExecPlugin& plugin, const std::string& info) {
  std::vector<std::string> command{plugin.command};
  command.insert(command.end(), plugin.arguments.begin(), plugin.arguments.end());
  input::ProcessEnvironment environment = plugin.environment;
  environment.emplace_back("KUBERNETES_EXEC_INFO", info);
  TALLY_TRY(
      input::ProcessOutput output,
      input::run_process(command, {.time = kPluginTime, .bytes = kFileBytesMax}, environment));
  if (output.status != 0) {
    // What it complains about is for the user; what it prints as its answer may be a secret.
    const std::string_view words = std::string_view(output.err).substr(0, 500);
    return environment_error(fmt::format("the credential plugin {} ended with {}: {}",
                                         plugin.command, output.status, words));
  }
  return std::move(output.out);
}

}  // namespace

kube_client::Surroundings cluster_surroundings() {
  kube_client::Surroundings around;
  around.read_file = [](const std::string& path) -> Result<std::string> {
    TALLY_TRY(const auto source, document::Source::read_file(path, kFileBytesMax));
    return std::string(source->text());
  };
  around.run = run_plugin;
  around.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  return around;
}

Result<kube_client::ClusterAccess> find_cluster(const ClusterFlags& flags,
                                                const kube_client::Surroundings& around) {
  std::vector<std::string> paths = flags.kubeconfig;
  const bool is_named = !paths.empty();
  if (!is_named) {
    paths = kube_client::kube_config_paths(around);
  }
  Arena arena;
  std::vector<std::shared_ptr<const document::Source>> sources;
  std::vector<kube_client::KubeConfigFile> files;
  for (const std::string& path : paths) {
    auto source = document::Source::read_file(path, kFileBytesMax);
    if (!source && !is_named) {
      continue;  // as kubectl: $KUBECONFIG may name files that are not there
    }
    if (!source) {
      return std::unexpected(std::move(source).error());
    }
    auto root = document::read_one(**source, arena);
    if (!root) {
      root.error().file = path;
      return std::unexpected(std::move(root).error());
    }
    files.push_back({.path = path, .source = source->get(), .root = *root});
    sources.push_back(std::move(*source));
  }
  if (files.empty()) {
    auto access = kube_client::in_cluster_access(around);
    if (!access) {
      access.error().message = "there is no kubeconfig, and " + access.error().message;
    }
    return access;
  }
  return kube_client::read_kube_config(files, flags.context, around);
}

}  // namespace tally::app
