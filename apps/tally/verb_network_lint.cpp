// `tally network lint PATH... [-o FORMAT[=FILE]] [--fail-on SEVERITY]`: what is wrong, useless or
// missing in network policies and the mesh, in the formats of `tally assess`.
#include <array>
#include <optional>
#include <string>

#include "assessment/assessment.hpp"
#include "assessment/input_findings.hpp"
#include "base/parallel.hpp"
#include "output.hpp"
#include "terminal.hpp"
#include "verb_network.hpp"
#include "version.hpp"

namespace tally::app {
namespace {

Result<assessment::NetworkOptions> options_of(const NetworkFlags& flags) {
  assessment::NetworkOptions options;
  options.policies.ip_blocks_select_pods = !flags.ip_blocks_skip_pods;
  options.policies.host_network_pods_are_nodes = !flags.host_network_like_others;
  TALLY_TRY(const auto mesh, mesh_options_of(flags));
  options.trust_domain = mesh.trust_domain;
  options.mesh = mesh.mode;
  return options;
}

}  // namespace

int run_network_lint(const NetworkFlags& flags) {
  const auto outputs =
      parse_outputs(flags.output == "txt" ? std::vector<std::string>{} : std::vector{flags.output});
  if (!outputs) {
    return fail_network(flags, outputs.error());
  }
  const auto options = options_of(flags);
  if (!options) {
    return fail_network(flags, options.error());
  }
  auto cluster = read_cluster(with_more(flags.paths, flags), flags);
  if (!cluster) {
    return fail_network(flags, cluster.error());
  }
  const input::Config config;
  assessment::EngineSet engines;
  engines.config = &config;
  engines.structure = false;
  engines.pod_security = false;
  engines.hygiene = false;
  engines.tiers = false;
  engines.network_options = *options;
  assessment::Context context;
  context.threads = hardware_threads();
  finding::Assessment assessment = assessment::assess(*cluster->snapshot, {}, engines, context);
  assessment::add_inputs(assessment, std::move(cluster->inputs), cluster->snapshot->objects());
  const auto threshold = severity_of(flags.fail_on);
  const Terminal terminal = detect_terminal();
  report::WriteOptions write;
  write.tally_version = kVersion;
  write.fail_on = threshold ? &*threshold : nullptr;
  write.width = terminal.width;
  write.verbose = true;
  for (const Output& output : *outputs) {
    write.color = terminal.color && output.file.empty();
    if (const auto written = write_report(output, assessment, write); !written) {
      return fail_network(flags, written.error());
    }
  }
  return finding::exit_code(assessment, threshold ? &*threshold : nullptr);
}

}  // namespace tally::app
