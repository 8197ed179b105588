#pragma once
// The verbs below `tally network`, one file each, and what they share.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "command_line.hpp"
#include "flow/flow_set.hpp"
#include "input/read_inputs.hpp"
#include "kube/snapshot.hpp"
#include "reachability/mesh/mesh.hpp"
#include "reachability/world.hpp"

namespace tally::app {

// The manifests of one cluster; views of the snapshot point into the inputs.
struct ClusterInput {
  input::Inputs inputs;
  std::shared_ptr<const kube::Snapshot> snapshot;
};
// Files that cannot be read are printed as warnings as long as others can. An Error: nothing could.
[[nodiscard]] Result<ClusterInput> read_cluster(const std::vector<std::string>& paths,
                                                const NetworkFlags& flags);

// `tally network VERB: message`; 2.
int fail_network(const NetworkFlags& flags, std::string_view message);
int fail_network(const NetworkFlags& flags, const Error& error);
// Observed flows of a file, or of standard input ("-"), into every set; lines that cannot be read
// are printed as warnings. 0, or an exit code.
int read_flow_file(const std::string& path, const NetworkFlags& flags,
                   const std::vector<flow::FlowSet*>& sets);
// On standard error, unless --quiet.
void print_warning(const NetworkFlags& flags, std::string_view message);

// Manifests and what was made of them; the World points into the rest.
struct LoadedNetwork {
  ClusterInput cluster;
  std::unique_ptr<reachability::World> world;
  bool has_errors = false;  // something could not be read: what is printed is not the whole
};
// Null: said why, exit code 2.
[[nodiscard]] std::unique_ptr<LoadedNetwork> load_network(const std::vector<std::string>& paths,
                                                          const NetworkFlags& flags);
// `paths` and those of --with.
[[nodiscard]] std::vector<std::string> with_more(std::vector<std::string> paths,
                                                 const NetworkFlags& flags);
// What only netpol-analyzer's view knows is refused, not passed over: 0, or the exit code.
[[nodiscard]] int refuse_foreign(const NetworkFlags& flags,
                                 std::initializer_list<std::string_view> formats);
// --mesh and --trust-domain.
[[nodiscard]] Result<reachability::mesh::MeshOptions> mesh_options_of(const NetworkFlags& flags);
// The mesh of the input; null: the input does not speak of one. What of it could not be read is
// printed as warnings.
[[nodiscard]] Result<std::unique_ptr<reachability::mesh::Mesh>> load_mesh(
    const LoadedNetwork& loaded, const NetworkFlags& flags);
// 0 or 1; what could not be read makes the answer one that cannot be relied on: 2.
[[nodiscard]] int exit_code(const LoadedNetwork& loaded, bool is_good);

// One function for each row of the table in verb_network.cpp.
// Our own answers (verb_network_world.cpp):
int run_network_connections(const NetworkFlags& flags);
int run_network_exposure(const NetworkFlags& flags);
int run_network_question(const NetworkFlags& flags);  // evaluate, explain
int run_network_difference(const NetworkFlags& flags);
int run_network_query(const NetworkFlags& flags);     // verb_network_query.cpp
int run_network_map(const NetworkFlags& flags);       // verb_network_map.cpp
int run_network_lint(const NetworkFlags& flags);      // verb_network_lint.cpp
int run_network_generate(const NetworkFlags& flags);  // verb_network_generate.cpp
int run_network_replay(const NetworkFlags& flags);    // verb_network_replay.cpp
// netpol-analyzer's:
int run_network_list(const NetworkFlags& flags);
int run_network_diff(const NetworkFlags& flags);
int run_network_evaluate(const NetworkFlags& flags);
// network-config-analyzer's:
int run_network_scheme(const NetworkFlags& flags);

}  // namespace tally::app
