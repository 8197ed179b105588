// `tally network generate PATH...`: network policies for the workloads of the input, from its
// manifests and from flows that were seen, with the proof that the result allows them.
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/file_writer.hpp"
#include "flow/flow_set.hpp"
#include "network_policy/policy_set.hpp"
#include "output.hpp"
#include "reachability/synthesis/candidate.hpp"
#include "reachability/synthesis/generate.hpp"
#include "reachability/synthesis/links.hpp"
#include "reachability/synthesis/replay.hpp"
#include "topology/topology.hpp"
#include "verb_network.hpp"

namespace tally::app {
namespace {

using network_policy::PolicySet;
using reachability::Connectivity;
using reachability::Generated;
using reachability::GeneratedPolicy;

constexpr std::size_t kNotesMax = 50;

// One file for each policy: "shop-web.yaml".
Result<void> write_folder(const std::string& folder, const Generated& generated) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) {
    return environment_error(fmt::format("cannot create {}: {}", folder, failure.message()));
  }
  for (const GeneratedPolicy& policy : generated.policies) {
    TALLY_TRY(auto file, FileWriter::create(
                             fmt::format("{}/{}-{}.yaml", folder, policy.name_space, policy.name)));
    file.write(policy.yaml);
    TALLY_CHECK(file.commit());
  }
  return {};
}

std::string connectivity_text(std::string_view when, const Connectivity& of) {
  return fmt::format("{}: {} of {} pairs of workloads may connect, {} of them on every port\n",
                     when, of.connected, of.pairs, of.open);
}

}  // namespace

int run_network_generate(const NetworkFlags& flags) {
  auto cluster = read_cluster(flags.paths, flags);
  if (!cluster) {
    return fail_network(flags, cluster.error().to_string());
  }
  const kube::Snapshot& snapshot = *cluster->snapshot;
  const topology::Topology topology = topology::Topology::read(snapshot);
  if (topology.endpoints().empty()) {
    return fail_network(flags, "found no workload in the input");
  }
  flow::FlowSet flows(topology);
  const bool has_choice = flags.default_deny || flags.least_privilege || !flags.flows.empty();
  const reachability::GenerateOptions options{
      .default_deny = flags.default_deny || !has_choice,
      .least_privilege = flags.least_privilege || !flags.flows.empty() || !has_choice};
  reachability::Links links = reachability::links_without_reasons(topology);
  if (options.least_privilege) {
    reachability::add_links_of_manifests(snapshot, topology, links);
    reachability::add_entry_points(snapshot, topology, links);
  }
  for (const std::string& file : flags.flows) {
    // A set for each file, so that evidence names its file and line.
    flow::FlowSet one(topology);
    if (const int code = read_flow_file(file, flags, {&one, &flows}); code != 0) {
      return code;
    }
    reachability::add_links_of_flows(one, file, links);
  }
  const Generated generated = reachability::generate_policies(topology, links, options);
  auto candidate =
      reachability::with_policies(snapshot, flags.default_namespace, generated.to_yaml());
  if (!candidate) {
    return fail_network(flags, candidate.error().to_string());
  }
  const PolicySet before = PolicySet::load(snapshot, {});
  const PolicySet after = PolicySet::load(*candidate->snapshot, {});
  const reachability::Replayed proof = reachability::replay(topology, after, flows);

  if (flags.out.empty()) {
    static_cast<void>(print(generated.to_yaml()));
  } else if (auto done = write_folder(flags.out, generated); !done) {
    return fail_network(flags, done.error().to_string());
  }
  std::string report = fmt::format("{} policies\n", generated.policies.size());
  report += connectivity_text("before", reachability::connectivity_of(topology, before));
  report += connectivity_text("after", reachability::connectivity_of(topology, after));
  if (!flags.flows.empty()) {
    report += fmt::format(
        "flows: {} connections are allowed by the result, {} denied, {} unknown, {} not asked, "
        "{} were denied when seen\n",
        proof.allowed, proof.denials.size(), proof.unknown, proof.not_asked, proof.was_denied);
  }
  for (const reachability::Denial& denial : proof.denials) {
    report += fmt::format("denied: {} -> {} {} {}: {}\n", denial.source, denial.destination,
                          scalar::protocol_name(denial.protocol), denial.port, denial.reason);
  }
  for (const GeneratedPolicy& policy : generated.policies) {
    if (snapshot.find("networking.k8s.io", "NetworkPolicy", policy.name_space, policy.name) !=
        nullptr) {
      report += fmt::format("note: applied, {}/{} takes the place of the policy of that name\n",
                            policy.name_space, policy.name);
    }
  }
  std::size_t count = 0;
  const auto add_notes = [&](const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
      if (count++ < kNotesMax) {
        report += fmt::format("note: {}\n", note);
      }
    }
  };
  add_notes(generated.notes);
  add_notes(links.notes);
  if (count > kNotesMax) {
    report += fmt::format("note: and {} more\n", count - kNotesMax);
  }
  if (!flags.quiet) {
    print_error(report);
  }
  return proof.denials.empty() ? 0 : 1;
}

}  // namespace tally::app
