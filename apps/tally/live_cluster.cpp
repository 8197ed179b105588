#include "live_cluster.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

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

kube_client::Surroundings surroundings() {
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

Result<kube_client::ClusterAccess> find_access(const ClusterFlags& flags,
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

Result<ApiClient> connect(const ClusterFlags& flags) {
  const kube_client::Surroundings around = surroundings();
  TALLY_TRY(kube_client::ClusterAccess access, find_access(flags, around));
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
