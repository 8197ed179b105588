// `tally network VERB`: the table of its verbs and what they share.
#include "verb_network.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "base/parallel.hpp"
#include "kube/api_kinds.hpp"
#include "output.hpp"
#include "verbs.hpp"

namespace tally::app {
namespace {

struct Row {
  std::string_view verb;
  int (*run)(const NetworkFlags&);     // our own answer
  int (*compat)(const NetworkFlags&);  // netpol-analyzer's; null: that tool has no such verb
  int (*scheme)(const NetworkFlags&) = nullptr;  // network-config-analyzer's; null: likewise
};
constexpr std::array kRows{
    Row{"connections", run_network_connections, run_network_list},
    Row{"exposure", run_network_exposure, run_network_list},
    Row{"explain", run_network_question, run_network_list},
    Row{"evaluate", run_network_question, run_network_evaluate},
    Row{"diff", run_network_difference, run_network_diff},
    Row{"query", run_network_query, nullptr, run_network_scheme},
    Row{"map", run_network_map, nullptr},
    Row{"lint", run_network_lint, nullptr},
    Row{"generate", run_network_generate, nullptr, nullptr},
    Row{"replay", run_network_replay, nullptr, nullptr},
};

}  // namespace

Result<ClusterInput> read_cluster(const std::vector<std::string>& paths,
                                  const NetworkFlags& flags) {
  input::InputOptions options;
  options.paths = paths;
  options.default_namespace = flags.default_namespace;
  options.threads = hardware_threads();
  ClusterInput cluster;
  cluster.inputs = input::read_inputs(options);
  if (cluster.inputs.objects.empty() && !cluster.inputs.errors.empty()) {
    return std::unexpected(cluster.inputs.errors.front());
  }
  for (const Error& error : cluster.inputs.errors) {
    print_warning(flags, error.to_string());
  }
  cluster.snapshot =
      kube::Snapshot::create(cluster.inputs.objects, flags.default_namespace, options.threads);
  return cluster;
}

int fail_network(const NetworkFlags& flags, std::string_view message) {
  print_error(fmt::format("tally network {}: {}\n", flags.verb, message));
  return 2;
}

void print_warning(const NetworkFlags& flags, std::string_view message) {
  if (!flags.quiet) {
    print_error(fmt::format("tally network {}: {}\n", flags.verb, message));
  }
}

int run_network(const NetworkFlags& flags) {
  kube::load_api_kinds();
  for (const Row& row : kRows) {
    if (row.verb != flags.verb) {
      continue;
    }
    if (flags.compat.empty()) {
      return row.run(flags);
    }
    const auto run = flags.compat == "network-config-analyzer" ? row.scheme : row.compat;
    return run == nullptr ? fail_network(flags, "--compat has no such verb") : run(flags);
  }
  return fail_network(flags, "no such verb");
}

}  // namespace tally::app
