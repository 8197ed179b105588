// What the verbs of `tally network` share: manifests to a World, warnings, exit codes.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "verb_network.hpp"

namespace tally::app {

using network_policy::LoadProblem;
using reachability::World;

namespace {
constexpr int kCannot = 2;
}  // namespace

int fail_network(const NetworkFlags& flags, const Error& error) {
  return fail_network(flags, error.hint.empty()
                                 ? error.to_string()
                                 : fmt::format("{}\n  {}", error.to_string(), error.hint));
}

std::unique_ptr<LoadedNetwork> load_network(const std::vector<std::string>& paths,
                                            const NetworkFlags& flags) {
  auto cluster = read_cluster(paths, flags);
  if (!cluster) {
    static_cast<void>(fail_network(flags, cluster.error()));
    return nullptr;
  }
  auto loaded = std::make_unique<LoadedNetwork>();
  loaded->cluster = std::move(*cluster);
  loaded->has_errors = !loaded->cluster.inputs.errors.empty();
  loaded->world = std::make_unique<World>(
      *loaded->cluster.snapshot,
      network_policy::LoadOptions{.ip_blocks_select_pods = !flags.ip_blocks_skip_pods,
                                  .host_network_pods_are_nodes = !flags.host_network_like_others});
  for (const LoadProblem& problem : loaded->world->policies().problems()) {
    const bool is_invalid = problem.kind == LoadProblem::Kind::Invalid;
    print_warning(
        flags,
        fmt::format("{}: {} {}: {}{}", reachability::place_of(*problem.object, problem.offset),
                    reachability::title_of(*problem.object), problem.pointer, problem.message,
                    is_invalid ? "; the policy is left out" : ""));
    loaded->has_errors = loaded->has_errors || is_invalid;
  }
  for (const topology::Problem& problem : loaded->world->topology().problems()) {
    print_warning(flags,
                  fmt::format("{}: {}: {}", reachability::place_of(*problem.object, problem.offset),
                              reachability::title_of(*problem.object), problem.message));
  }
  if (loaded->world->workloads().empty()) {
    static_cast<void>(fail_network(flags, "found no workload in the input"));
    return nullptr;
  }
  return loaded;
}

Result<std::unique_ptr<reachability::mesh::Mesh>> load_mesh(const LoadedNetwork& loaded,
                                                            const NetworkFlags& flags) {
  TALLY_TRY(const auto options, mesh_options_of(flags));
  auto found =
      std::make_unique<reachability::mesh::Mesh>(*loaded.cluster.snapshot, *loaded.world, options);
  if (!found->is_present()) {
    return nullptr;
  }
  for (const authorization::Problem& problem : found->problems()) {
    if (problem.kind == authorization::Problem::Kind::Warning) {
      continue;
    }
    const bool is_refused = problem.kind == authorization::Problem::Kind::Refused;
    print_warning(
        flags,
        fmt::format("{}: {} {}: {}{}", reachability::place_of(*problem.object, problem.offset),
                    reachability::title_of(*problem.object), problem.pointer, problem.message,
                    is_refused ? "; the policy is left out" : ""));
  }
  return found;
}

int refuse_foreign(const NetworkFlags& flags, std::initializer_list<std::string_view> formats) {
  const bool is_foreign = !flags.focus_workload_peers.empty() || !flags.focus_direction.empty() ||
                          !flags.focus_connection.empty() || !flags.explain_only.empty() ||
                          flags.exposure || flags.explain || flags.multiple_networks;
  if (is_foreign) {
    return fail_network(flags,
                        "--focusworkload-peer, --focus-direction, --focus-conn, --explain-only, "
                        "--exposure, --explain and --multiple-networks need --compat "
                        "netpol-analyzer");
  }
  if (std::ranges::find(formats, std::string_view(flags.output)) == formats.end()) {
    std::string expected;
    for (const std::string_view format : formats) {
      expected.append(expected.empty() ? "" : ", ").append(format);
    }
    return fail_network(
        flags, fmt::format("no format \"{}\" here; expected one of {}", flags.output, expected));
  }
  return 0;
}

std::vector<std::string> with_more(std::vector<std::string> paths, const NetworkFlags& flags) {
  paths.insert(paths.end(), flags.with.begin(), flags.with.end());
  return paths;
}

int exit_code(const LoadedNetwork& loaded, bool is_good) {
  return loaded.has_errors ? kCannot : is_good ? 0 : 1;
}

Result<reachability::mesh::MeshOptions> mesh_options_of(const NetworkFlags& flags) {
  const auto mode = reachability::mesh::parse_mesh_mode(flags.mesh);
  if (!mode) {
    return content_error(
        fmt::format("--mesh: found \"{}\", expected auto, none, sidecar or ambient", flags.mesh));
  }
  return reachability::mesh::MeshOptions{.mode = *mode, .trust_domain = flags.trust_domain};
}

}  // namespace tally::app
