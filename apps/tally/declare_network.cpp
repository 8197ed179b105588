#include "declare_network.hpp"

#include <CLI/CLI.hpp>

namespace tally::app {
namespace {

constexpr const char* kNetworkExamples = R"(
Examples:
  tally network connections k8s/                     who can talk to whom
  tally network exposure k8s/                        and what is open to pods that are not there yet
  tally network explain shop/cart bank/api tcp/80 -f k8s/
  tally network diff main/ branch/                   what a change opens and closes
  tally network evaluate shop/web shop/db tcp/5432 -f k8s/
                                                     one question: exit code 0 or 1
  tally network query assertions.yaml -f k8s/        what must hold, for CI
  tally network query redundancy -f k8s/             which rules change nothing
  tally network lint k8s/                            what is wrong, useless or missing
  tally network map k8s/ --out map.html              the picture

Exit codes: 0 done; 1 evaluate: not allowed, query: violated, diff: different, replay: denied; 2 the input cannot be read or analysed.)";

CLI::App* declare_verb(CLI::App& network, NetworkFlags& flags, const char* name,
                       const char* description, const char* operands) {
  CLI::App* verb = network.add_subcommand(name, description);
  verb->parse_complete_callback([&flags, name] { flags.verb = name; });
  verb->add_option("PATH", flags.paths, operands)->required();
  verb->add_option("-f,--file", flags.files,
                   "Manifests, where the operands name something else. Repeatable")
      ->allow_extra_args(false);
  verb->add_option("--with", flags.with, "What if these manifests were there as well")
      ->allow_extra_args(false);
  verb->add_flag("--ip-blocks-skip-pods", flags.ip_blocks_skip_pods,
                 "An ipBlock selects no pod, whatever its address (as in Cilium)");
  verb->add_flag("--host-network-like-others", flags.host_network_like_others,
                 "Policies govern pods on their node's network like others");
  verb->add_option("--compat", flags.compat,
                   "netpol-analyzer, or network-config-analyzer (of query: scheme files): what "
                   "that tool answers, in its formats")
      ->check(CLI::IsMember({"netpol-analyzer", "network-config-analyzer"}));
  verb->add_option("--mesh", flags.mesh,
                   "Istio's data plane: auto (as labels say), none, sidecar or ambient "
                   "(default: auto)")
      ->check(CLI::IsMember({"auto", "none", "sidecar", "ambient"}));
  verb->add_option("--trust-domain", flags.trust_domain,
                   "Of the mesh's identities (default: that of MeshConfig, or cluster.local)");
  verb->add_flag("--multiple-networks", flags.multiple_networks,
                 "Analyse user-defined and secondary networks");
  verb->add_option("-n,--namespace", flags.default_namespace,
                   "Namespace of objects that name none (default: default)");
  verb->add_flag("-q,--quiet", flags.quiet, "No warnings");
  return verb;
}

}  // namespace

CLI::App* declare_network(CLI::App& app, NetworkFlags& flags) {
  CLI::App* network =
      app.add_subcommand("network", "Who can talk to whom: connections and their reasons");
  network->footer(kNetworkExamples);
  network->require_subcommand(1, 1);
  const auto declare = [&](const char* name, const char* description,
                           const char* operands =
                               "Files, directories, globs, or - for standard input") {
    return declare_verb(*network, flags, name, description, operands);
  };
  for (const auto& [name, description] :
       {std::pair("connections", "List every permitted connection"),
        std::pair("exposure", "List what is open to pods that are not in the input, too"),
        std::pair("explain", "Say which rules allow or deny a connection: SRC DST [PORT]")}) {
    CLI::App* verb = declare(name, description);
    verb->add_option("-o,--output", flags.output,
                     "txt, csv, json, md, dot or classes (default: txt)")
        ->check(CLI::IsMember({"txt", "csv", "json", "md", "dot", "classes"}));
    verb->add_flag("--no-outside", flags.without_outside,
                   "Leave out addresses outside the cluster");
    verb->add_option("--focusworkload", flags.focus_workloads,
                     "Only connections of these workloads: NAME or NAMESPACE/NAME, or "
                     "ingress-controller; separated by commas")
        ->delimiter(',')
        ->allow_extra_args(false);
    verb->add_option("--focusworkload-peer", flags.focus_workload_peers,
                     "... with these on the other side")
        ->delimiter(',')
        ->allow_extra_args(false);
    verb->add_option("--focus-direction", flags.focus_direction,
                     "ingress or egress of the workloads in focus")
        ->check(CLI::IsMember({"ingress", "egress"}));
    verb->add_option("--focus-conn", flags.focus_connection,
                     "Only this connection: PROTOCOL-PORT, e.g. tcp-80");
    verb->add_flag("--exposure", flags.exposure, "With the exposure");
    verb->add_flag("--explain", flags.explain, "With the reasons");
    verb->add_option("--explain-only", flags.explain_only,
                     "allow or deny: reasons for what is allowed, or for what is not")
        ->check(CLI::IsMember({"allow", "deny"}));
  }
  CLI::App* diff = declare("diff", "Compare two sets of manifests: BEFORE AFTER",
                           "Two files or folders: BEFORE AFTER");
  diff->add_option("-o,--output", flags.output, "txt, csv, json, md or dot (default: txt)")
      ->check(CLI::IsMember({"txt", "csv", "json", "md", "dot"}));
  CLI::App* synthesis =
      declare("generate", "Write policies: default deny, and what manifests and flows need");
  synthesis->add_flag("--default-deny", flags.default_deny,
                      "The two-way default deny of every namespace, with DNS");
  synthesis->add_flag("--least-privilege", flags.least_privilege,
                      "What each workload needs (without either flag: both)");
  synthesis
      ->add_option("--flows", flags.flows,
                   "Observed flows: Hubble, Calico, Istio access log or CSV. Repeatable")
      ->allow_extra_args(false);
  synthesis->add_option("--out", flags.out, "Write one file for each policy into this folder");
  CLI::App* replay =
      declare("replay", "Say which observed flows other policies would deny", "FLOWS");
  replay
      ->add_option("--against", flags.against,
                   "The candidate policies, and workloads unless -f names them. Repeatable")
      ->required()
      ->allow_extra_args(false);
  replay->add_option("-o,--output", flags.output, "txt or json (default: txt)")
      ->check(CLI::IsMember({"txt", "json"}));
  CLI::App* query =
      declare("query", "Check assertions about the network, or ask a question about the policies",
              "Files of kind NetworkAssertions, or one question: emptiness, vacuity, redundancy, "
              "disjointness, all-captured, sanity; with --against: equivalence, containment, "
              "two-way-containment, permits, forbids, interferes, pairwise-interferes, "
              "semantic-diff. Manifests by -f");
  query
      ->add_option("--against", flags.against,
                   "The manifests that those of -f are compared with. Repeatable")
      ->allow_extra_args(false);
  CLI::App* map = declare("map",
                          "Write one HTML page that shows who can talk to "
                          "whom, and why");
  map->add_option("--out", flags.out, "Write into this file (default: standard output)");
  CLI::App* checks =
      declare("lint", "Name what is wrong, useless or missing in network policies and the mesh");
  checks->add_option("-o,--output", flags.output,
                     "Format, or FORMAT=FILE, as of tally assess (default: table)");
  checks
      ->add_option("--fail-on", flags.fail_on,
                   "Exit code 1 from this severity on: critical, high, medium, low, info, never "
                   "(default: high)")
      ->check(CLI::IsMember({"critical", "high", "medium", "low", "info", "never"}));
  query->add_option("-o,--output", flags.output, "txt or json (default: txt)")
      ->check(CLI::IsMember({"txt", "json"}));
  CLI::App* evaluate =
      declare("evaluate", "Answer one question: SRC DST PORT",
              "Workloads (NAMESPACE/NAME) or addresses, and tcp/80; manifests by -f");
  for (CLI::App* verb : {network->get_subcommand("explain"), evaluate}) {
    verb->add_option("--method", flags.method, "Of an HTTP request: GET, POST, ...");
    verb->add_option("--path", flags.path, "Its path");
    verb->add_option("--host", flags.host, "Its host");
  }
  evaluate->add_option("-s,--source-pod", flags.source, "Pod or workload that connects");
  evaluate->add_option("--source-namespace", flags.source_namespace,
                       "Its namespace (default: default)");
  evaluate->add_option("--source-ip", flags.source_address, "Or an outside address");
  evaluate->add_option("-d,--destination-pod", flags.destination,
                       "Pod or workload that is connected to");
  evaluate->add_option("--destination-namespace", flags.destination_namespace,
                       "Its namespace (default: default)");
  evaluate->add_option("--destination-ip", flags.destination_address, "Or an outside address");
  evaluate->add_option("-p,--destination-port", flags.port, "Port: 1 to 65535");
  evaluate->add_option("--protocol", flags.protocol, "tcp, udp or sctp (default: tcp)");
  return network;
}

}  // namespace tally::app
