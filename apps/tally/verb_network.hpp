#pragma once
// The verbs below `tally network`, one file each, and what they share.

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "command_line.hpp"
#include "flow/flow_set.hpp"
#include "input/read_inputs.hpp"
#include "kube/snapshot.hpp"

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
// Observed flows of a file, or of standard input ("-"), into every set; lines that cannot be read
// are printed as warnings. 0, or an exit code.
int read_flow_file(const std::string& path, const NetworkFlags& flags,
                   const std::vector<flow::FlowSet*>& sets);
// On standard error, unless --quiet.
void print_warning(const NetworkFlags& flags, std::string_view message);

// One function for each row of the table in verb_network.cpp.
// Our own answers (verb_network_world.cpp):
int run_network_connections(const NetworkFlags& flags);
int run_network_exposure(const NetworkFlags& flags);
int run_network_question(const NetworkFlags& flags);  // evaluate, explain
int run_network_difference(const NetworkFlags& flags);
int run_network_query(const NetworkFlags& flags);
int run_network_generate(const NetworkFlags& flags);  // verb_network_generate.cpp
int run_network_replay(const NetworkFlags& flags);    // verb_network_replay.cpp
// netpol-analyzer's:
int run_network_list(const NetworkFlags& flags);
int run_network_diff(const NetworkFlags& flags);
int run_network_evaluate(const NetworkFlags& flags);
// network-config-analyzer's:
int run_network_scheme(const NetworkFlags& flags);

}  // namespace tally::app
