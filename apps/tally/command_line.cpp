// The one file that sees CLI11 (six seconds of compile time). Verbs, flags, help and completion
// come from one tree.
#include "command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "version.hpp"

namespace tally::app {

namespace {

constexpr const char* kAssessExamples = R"(
Examples:
  tally assess k8s/                                  judge a folder, table on the terminal
  helm template shop ./chart | tally assess -        judge what a chart renders
  tally assess k8s/ -o table -o sarif=tally.sarif    table for people, SARIF for the code host
  tally assess k8s/ --fail-on medium                 exit 1 at medium and above
  tally assess pod.yaml --pod-security restricted:v1.36
                                                     one level and version, nothing else: exit 1 if it fails
  tally assess k8s/ --policy policies/ --user ci     apply admission policies to the request of a user
  tally assess k8s/ --write-baseline tally.baseline  accept what is there today ...
  tally assess k8s/ --baseline tally.baseline        ... and report only what is new

Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 could not do the job
(an input that cannot be read or parsed, a wrong flag, nothing judged). 2 wins over 1.)";

constexpr const char* kCelExamples = R"(
Examples:
  tally cel '1 + 2'
  tally cel 'object.spec.replicas <= 5' --with object=deployment.yaml
  kubectl get pod web -o json | tally cel 'object.spec.containers.all(c, c.image.contains("@"))' --with object=-
  tally cel 'quantity("1Gi").isGreaterThan(quantity("512Mi"))' --profile kubernetes:1.30
  tally cel 'object.metadata.labels.exists(k, k == "tier")' --with object=pod.yaml --trace

Exit codes: 0 there is a value; 2 the expression does not compile, its evaluation is an error, or a
file cannot be read.)";

constexpr const char* kTraceExamples = R"(
Examples:
  tally trace --policy policy.yaml --object deployment.yaml
  tally trace --policy policies/ --object new.yaml --operation UPDATE --old-object old.yaml --user ci

Exit codes: 0 allowed; 1 denied, or it cannot be known; 2 a policy does not compile or a file cannot be read.)";

constexpr const char* kJpExamples = R"text(
Examples:
  tally jp 'spec.containers[].image' --with pod.yaml
  tally jp "time_since('', '2026-01-01T00:00:00Z', time_now_utc())"
  tally jp --list

Exit codes: 0 a value; 2 the expression does not compile or fails, or a file cannot be read.)text";

constexpr const char* kChangeExamples = R"(
Examples:
  tally mutate k8s/ --policy policies/               the objects as policies would leave them
  tally mutate k8s/ --policy policies/ -o diff       what would change
  tally generate namespace.yaml --policy policies/   what would be created

Nothing is written to a cluster. Exit codes: 0 done; 2 a policy or a file cannot be read, or what it makes cannot be known.)";

constexpr const char* kLintExamples = R"(
Examples:
  tally lint policies/                               every policy below a folder
  tally lint policy.yaml --fail-on medium            exit 1 at medium and above
  tally lint policies/ -o json                       for programs

Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 an input cannot be read, or holds no policy.)";

constexpr const char* kMigrateExamples = R"(
Examples:
  tally migrate policy.yaml                          to standard output
  tally migrate policies/ --out migrated/            a file for each policy
  tally migrate policy.yaml --with k8s/              prove it on own objects as well
  tally migrate policy.yaml --partial                leave out rules that have no equivalent

Exit codes: 0 translated and proven; 1 a translation differs (nothing of it is written); 2 something has no equivalent or
cannot be read.)";

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

constexpr const char* kTestExamples = R"(
Examples:
  tally test policies/                              every test below a folder
  tally test policies/ --filter policy=require-labels
  tally test policies/ -o junit > report.xml
  tally test policies/ --coverage                   rules that no test exercises

Exit codes: 0 all results as expected; 1 some are not; 2 a test cannot be run, or there is none.)";

struct Tree {
  CLI::App app{"Tallystick: zero-trust security for Kubernetes in one program.", "tally"};
  CommandLine command;
  CLI::App* assess = nullptr;
  CLI::App* cel = nullptr;
  CLI::App* trace = nullptr;
  CLI::App* jp = nullptr;
  CLI::App* lint = nullptr;
  CLI::App* migrate = nullptr;
  CLI::App* network = nullptr;
  CLI::App* mutate = nullptr;
  CLI::App* generate = nullptr;
  CLI::App* test = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* completion = nullptr;
  CLI::App* version = nullptr;

  Tree() {
    app.require_subcommand(0, 1);
    app.footer("\n`tally VERB --help` shows the flags of a verb with examples.");
    app.add_flag_function(
        "-V,--version", [this](std::int64_t) { command.verb = Verb::Version; },
        "Print the version");
    declare_assess();
    declare_cel();
    declare_trace();
    declare_jp();
    declare_lint();
    declare_migrate();
    mutate = declare_change("mutate", "Print what mutating policies would make of objects");
    generate = declare_change("generate", "Print what generating policies would create");
    declare_test();
    declare_network();
    explain =
        app.add_subcommand("explain", "Document a rule: what it examines, why, and what to do");
    explain
        ->add_option("RULE", command.rule,
                     "Id of the rule, as findings name it (see `tally assess --list-rules`)")
        ->required();
    completion = app.add_subcommand("completion", "Print a completion script");
    completion->add_option("SHELL", command.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->footer("\nExample:\n  source <(tally completion bash)");
    version = app.add_subcommand("version", "Print the version");
  }

  void declare_cel() {
    CelFlags& flags = command.cel;
    cel = app.add_subcommand("cel", "Evaluate a CEL expression: value, type and cost");
    cel->footer(kCelExamples);
    cel->add_option("EXPRESSION", flags.expression, "The expression")->required();
    cel->add_option("--with", flags.with,
                    "NAME=FILE, repeatable: a variable and the YAML or JSON document that it holds "
                    "(- is standard input)")
        ->allow_extra_args(false);
    cel->add_option("--profile", flags.profile,
                    "spec, kubernetes[:1.NN], crd[:1.NN], kyverno or gatekeeper: whose functions "
                    "there are (default: kubernetes)");
    cel->add_option("--cost-limit", flags.cost_max,
                    "Stop at this cost, in the units of Kubernetes (default: 100000000)");
    add_allow_host(cel, flags.allowed_hosts);
    cel->add_flag("--trace", flags.trace, "Show the value of each sub-expression");
    cel->add_option("-o,--output", flags.output, "text or json (default: text)")
        ->check(CLI::IsMember({"text", "json"}));
    cel->add_flag("--no-color", flags.no_color, "No colour (the variable NO_COLOR does the same)");
  }

  // A host means all its ports.
  static void add_allow_host(CLI::App* verb, std::vector<std::string>& hosts) {
    verb->add_option("--allow-host", hosts,
                     "HOST[:PORT] that policies may call over HTTP; none is called otherwise. "
                     "Repeatable")
        ->allow_extra_args(false);
  }

  void declare_trace() {
    TraceFlags& flags = command.trace;
    trace = app.add_subcommand(
        "trace", "Show which sub-expression of an admission policy made the verdict on an object");
    trace->footer(kTraceExamples);
    trace
        ->add_option("--policy", flags.policies,
                     "Files or folders with policies, bindings and parameters, repeatable")
        ->required()
        ->allow_extra_args(false);
    trace->add_option("--object", flags.objects, "Files or folders with the objects, repeatable")
        ->required()
        ->allow_extra_args(false);
    trace->add_option("--old-object", flags.old_object, "For UPDATE: the objects as they were");
    trace->add_option("--operation", flags.operation, "CREATE, UPDATE or DELETE (default: CREATE)")
        ->check(CLI::IsMember({"CREATE", "UPDATE", "DELETE"}));
    trace->add_option("--user", flags.user, "Who does it: the user name that policies see");
    trace->add_option("--groups", flags.groups, "The user's groups, separated by commas")
        ->delimiter(',')
        ->allow_extra_args(false);
    trace->add_option("-n,--namespace", flags.default_namespace,
                      "Namespace of objects that name none (default: default)");
    add_allow_host(trace, flags.allowed_hosts);
    trace->add_flag("-v,--verbose", flags.verbose, "Show the expressions that passed, too");
    trace->add_flag("--no-color", flags.no_color,
                    "No colour (the variable NO_COLOR does the same)");
  }

  void declare_jp() {
    JpFlags& flags = command.jp;
    jp = app.add_subcommand("jp", "Evaluate a JMESPath expression as Kyverno does");
    jp->footer(kJpExamples);
    jp->add_option("EXPRESSION", flags.expression, "The expression");
    jp->add_option("--with", flags.with,
                   "YAML or JSON document to evaluate over (- is standard input)");
    jp->add_flag("--standard", flags.standard,
                 "The JMESPath specification without Kyverno's additions");
    jp->add_flag("--list", flags.list, "List every function, and end");
    jp->add_flag("-u,--unquoted", flags.unquoted, "Print a text without quotes");
  }

  void declare_migrate() {
    MigrateFlags& flags = command.migrate;
    migrate = app.add_subcommand("migrate", "Write classic Kyverno policies in CEL, with a proof");
    migrate->footer(kMigrateExamples);
    migrate->add_option("POLICY", flags.paths, "Files, directories, globs, or - for standard input")
        ->required();
    migrate->add_option("-o,--output", flags.output, "yaml or json (default: yaml)")
        ->check(CLI::IsMember({"yaml", "json"}));
    migrate->add_option("--out", flags.out, "A folder to write to, a file for each policy");
    migrate->add_option("--objects", flags.objects, "Objects of the proof (default: 10000)");
    migrate->add_option("--seed", flags.seed, "Another number, other objects (default: 1)");
    migrate->add_option("--with", flags.with, "Files and folders with objects to judge as well");
    migrate->add_flag("--partial", flags.partial, "Leave out rules that cannot be translated");
  }

  void declare_lint() {
    LintFlags& flags = command.lint;
    lint = app.add_subcommand("lint", "Say what a policy misses: for its author");
    lint->footer(kLintExamples);
    lint->add_option("PATH", flags.paths, "Files, directories, globs, or - for standard input")
        ->required();
    lint->add_option("-o,--output", flags.output, "table or json (default: table)")
        ->check(CLI::IsMember({"table", "json"}));
    lint->add_option("--fail-on", flags.fail_on,
                     "critical, high, medium, low, info or never (default: high)")
        ->check(CLI::IsMember({"critical", "high", "medium", "low", "info", "never"}));
    lint->add_flag("--no-color", flags.no_color, "No colour (the variable NO_COLOR does the same)");
  }

  CLI::App* declare_change(const char* name, const char* description) {
    ChangeFlags& flags = command.change;
    CLI::App* verb = app.add_subcommand(name, description);
    verb->footer(kChangeExamples);
    verb->add_option("PATH", flags.paths, "Files, directories, globs, or - for standard input")
        ->required();
    verb->add_option("--policy", flags.policies, "Files or folders with policies, repeatable")
        ->required()
        ->allow_extra_args(false);
    verb->add_option("-o,--output", flags.output,
                     "yaml, json, diff (unified) or patch (RFC 6902); default: yaml")
        ->check(CLI::IsMember({"yaml", "json", "diff", "patch"}));
    verb->add_option("--operation", flags.operation, "CREATE, UPDATE or DELETE (default: CREATE)")
        ->check(CLI::IsMember({"CREATE", "UPDATE", "DELETE"}));
    verb->add_option("--user", flags.user, "Who does it: the user name that policies see");
    verb->add_option("--groups", flags.groups, "The user's groups, separated by commas")
        ->delimiter(',')
        ->allow_extra_args(false);
    add_allow_host(verb, flags.allowed_hosts);
    verb->add_option("-n,--namespace", flags.default_namespace,
                     "Namespace of objects that name none (default: default)");
    return verb;
  }

  CLI::App* declare_network_verb(
      const char* name, const char* description,
      const char* operands = "Files, directories, globs, or - for standard input") {
    NetworkFlags& flags = command.network;
    CLI::App* verb = network->add_subcommand(name, description);
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
                     "Of the mesh's identities (default: cluster.local)");
    verb->add_flag("--multiple-networks", flags.multiple_networks,
                   "Analyse user-defined and secondary networks");
    verb->add_option("-n,--namespace", flags.default_namespace,
                     "Namespace of objects that name none (default: default)");
    verb->add_flag("-q,--quiet", flags.quiet, "No warnings");
    return verb;
  }

  void declare_network() {
    NetworkFlags& flags = command.network;
    network = app.add_subcommand("network", "Who can talk to whom: connections and their reasons");
    network->footer(kNetworkExamples);
    network->require_subcommand(1, 1);
    for (const auto& [name, description] :
         {std::pair("connections", "List every permitted connection"),
          std::pair("exposure", "List what is open to pods that are not in the input, too"),
          std::pair("explain", "Say which rules allow or deny a connection: SRC DST [PORT]")}) {
      CLI::App* verb = declare_network_verb(name, description);
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
    CLI::App* diff = declare_network_verb("diff", "Compare two sets of manifests: BEFORE AFTER",
                                          "Two files or folders: BEFORE AFTER");
    diff->add_option("-o,--output", flags.output, "txt, csv, json, md or dot (default: txt)")
        ->check(CLI::IsMember({"txt", "csv", "json", "md", "dot"}));
    CLI::App* synthesis = declare_network_verb(
        "generate", "Write policies: default deny, and what manifests and flows need");
    synthesis->add_flag("--default-deny", flags.default_deny,
                        "The two-way default deny of every namespace, with DNS");
    synthesis->add_flag("--least-privilege", flags.least_privilege,
                        "What each workload needs (without either flag: both)");
    synthesis
        ->add_option("--flows", flags.flows,
                     "Observed flows: Hubble, Calico, Istio access log or CSV. Repeatable")
        ->allow_extra_args(false);
    synthesis->add_option("--out", flags.out, "Write one file for each policy into this folder");
    CLI::App* replay = declare_network_verb(
        "replay", "Say which observed flows other policies would deny", "FLOWS");
    replay
        ->add_option("--against", flags.against,
                     "The candidate policies, and workloads unless -f names them. Repeatable")
        ->required()
        ->allow_extra_args(false);
    replay->add_option("-o,--output", flags.output, "txt or json (default: txt)")
        ->check(CLI::IsMember({"txt", "json"}));
    CLI::App* query = declare_network_verb(
        "query", "Check assertions about the network, or ask a question about the policies",
        "Files of kind NetworkAssertions, or one question: emptiness, vacuity, redundancy, "
        "disjointness, all-captured, sanity; with --against: equivalence, containment, "
        "two-way-containment, permits, forbids, interferes, pairwise-interferes, "
        "semantic-diff. Manifests by -f");
    query
        ->add_option("--against", flags.against,
                     "The manifests that those of -f are compared with. Repeatable")
        ->allow_extra_args(false);
    CLI::App* map = declare_network_verb("map",
                                         "Write one HTML page that shows who can talk to "
                                         "whom, and why");
    map->add_option("--out", flags.out, "Write into this file (default: standard output)");
    CLI::App* checks = declare_network_verb(
        "lint", "Name what is wrong, useless or missing in network policies and the mesh");
    checks->add_option("-o,--output", flags.output,
                     "Format, or FORMAT=FILE, as of tally assess (default: table)");
    checks->add_option("--fail-on", flags.fail_on,
                     "Exit code 1 from this severity on: critical, high, medium, low, info, never "
                     "(default: high)")
        ->check(CLI::IsMember({"critical", "high", "medium", "low", "info", "never"}));
    query->add_option("-o,--output", flags.output, "txt or json (default: txt)")
        ->check(CLI::IsMember({"txt", "json"}));
    CLI::App* evaluate = declare_network_verb(
        "evaluate", "Answer one question: SRC DST PORT",
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
  }

  void declare_test() {
    TestFlags& flags = command.test;
    test = app.add_subcommand("test", "Run the tests of policies: Kyverno's test files");
    test->footer(kTestExamples);
    test->add_option("PATH", flags.paths, "Files or folders (default: the working directory)");
    test->add_option("--file-name", flags.file_name,
                     "Name of the test files (default: kyverno-test.yaml)");
    test->add_option("--filter", flags.filter,
                     "policy=..,rule=..,resource=..,result=..: run these results only");
    test->add_option("-o,--output", flags.output, "table, json or junit (default: table)")
        ->check(CLI::IsMember({"table", "json", "junit"}));
    test->add_flag("--fail-only", flags.fail_only, "Show failing results only");
    test->add_flag("--detailed-results", flags.detailed, "Show every result");
    test->add_flag("--coverage", flags.coverage, "List the rules that no test exercises");
    test->add_flag("--require-tests", flags.require_tests, "No test found is an error");
    test->add_option("--threads", flags.threads, "Threads (default: as many as the machine has)")
        ->check(CLI::Range(0U, 256U));
    test->add_flag("--no-color", flags.no_color, "No colour (the variable NO_COLOR does the same)");
  }

  void declare_assess() {
    AssessFlags& flags = command.assess;
    assess = app.add_subcommand(
        "assess", "Judge manifests: Pod Security Standards, structure, namespaces, hygiene");
    assess->footer(kAssessExamples);
    assess->add_option("PATH", flags.paths, "Files, directories, globs, or - for standard input");
    assess
        ->add_option("-o,--output", flags.outputs,
                     "FORMAT or FORMAT=FILE, repeatable: table, json, yaml, sarif, junit, "
                     "markdown, html, policyreport, "
                     "openreports, github (default: table)")
        ->allow_extra_args(false);
    assess->add_option("--pod-security", flags.pod_security,
                       "LEVEL[:VERSION]: judge only this level, e.g. restricted:v1.36");
    assess
        ->add_option("--fail-on", flags.fail_on,
                     "critical, high, medium, low, info or never (default: high)")
        ->check(CLI::IsMember({"critical", "high", "medium", "low", "info", "never"}));
    assess->add_option(
        "--config", flags.config,
        "Configuration file (default: tally.yaml in the working directory, if there is one)");
    assess->add_option("-n,--namespace", flags.default_namespace,
                       "Namespace of objects that name none (default: default)");
    assess
        ->add_option("--exceptions", flags.exceptions,
                     "Honour the exceptions in this file or folder, repeatable")
        ->allow_extra_args(false);
    assess
        ->add_option("--policy", flags.policies,
                     "Apply the admission policies in this file or folder, with their bindings and "
                     "parameters; a policy without a binding applies to everything. Repeatable")
        ->allow_extra_args(false);
    assess
        ->add_option("--operation", flags.operation,
                     "What is done with the objects: CREATE, UPDATE or DELETE (default: CREATE)")
        ->check(CLI::IsMember({"CREATE", "UPDATE", "DELETE"}));
    assess->add_option("--subresource", flags.subresource,
                       "The subresource that the request names, e.g. status or scale");
    assess->add_option("--old-object", flags.old_object,
                       "For UPDATE: the file or folder with the objects as they were");
    assess->add_option("--user", flags.user, "Who does it: the user name that policies see");
    assess->add_option("--groups", flags.groups, "The user's groups, separated by commas")
        ->delimiter(',')
        ->allow_extra_args(false);
    add_allow_host(assess, flags.allowed_hosts);
    assess->add_option("--include", flags.includes, "pass: list what passed, too")
        ->check(CLI::IsMember({"pass"}))
        ->allow_extra_args(false);
    assess->add_option("--baseline", flags.baseline,
                       "Report only findings that this file does not hold");
    assess->add_option("--write-baseline", flags.write_baseline,
                       "Write the findings of this run as a baseline");
    assess->add_option("--changed-since", flags.changed_since,
                       "Judge all, report what stands in files changed since this git revision");
    assess
        ->add_option("--reader", flags.reader,
                     "fast or libyaml: which YAML reader to use (default: fast)")
        ->check(CLI::IsMember({"fast", "libyaml"}));
    assess->add_option("--threads", flags.threads, "Threads (default: as many as the machine has)")
        ->check(CLI::Range(0U, 256U));
    assess->add_flag("--list-rules", flags.list_rules,
                     "List every rule with its severity, and end");
    assess->add_flag("-v,--verbose", flags.verbose, "Table: every finding in full");
    assess->add_flag("-q,--quiet", flags.quiet, "No progress on the terminal");
    assess->add_flag("--no-color", flags.no_color,
                     "No colour (the variable NO_COLOR does the same)");
    assess->add_flag("--no-defaults", flags.no_defaults,
                     "Judge the object as written, without the API server's defaults");
  }
};

// "-o,--output" as its long name without dashes, for completion.
std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
    for (const auto& name : option->get_snames()) {
      names.push_back("-" + name);
    }
  }
  return names;
}

// Flags with a closed set of values; kept beside the declarations above.
struct Values {
  const char* flags;
  const char* values;
};
constexpr Values kValues[] = {
    {"-o|--output",
     "table json yaml sarif junit markdown html policyreport openreports github diff patch"},
    {"--fail-on", "critical high medium low info never"},
    {"--pod-security", "privileged baseline restricted"},
    {"--include", "pass"},
    {"--operation", "CREATE UPDATE DELETE"},
    {"--reader", "fast libyaml"},
    {"--profile", "spec kubernetes crd kyverno gatekeeper"},
};

std::string bash_script(const Tree& tree) {
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : tree.app.get_subcommands({})) {
    verbs += verb->get_name() + " ";
    cases += fmt::format("    {}) words=\"{}\" ;;\n", verb->get_name(),
                         fmt::join(flag_names(*verb), " "));
  }
  std::string values;
  for (const auto& [flags, words] : kValues) {
    values += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return ;;\n",
                          flags, words);
  }
  return fmt::format(R"(# bash completion of tally: source <(tally completion bash)
_tally() {{
  local current previous words
  current="${{COMP_WORDS[COMP_CWORD]}}"
  previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{}" -- "$current"))
    return
  fi
  case "$previous" in
{}    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
  esac
  case "${{COMP_WORDS[1]}}" in
{}  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _tally tally
)",
                     verbs, values, cases);
}

std::string zsh_script(const Tree& tree) {
  return "#compdef tally\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(tree);
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2) {
    text.insert(at, 1, '\\');
  }
  return "'" + text + "'";
}

std::string fish_script(const Tree& tree) {
  std::string script = "# fish completion of tally: tally completion fish | source\n";
  for (const CLI::App* verb : tree.app.get_subcommands({})) {
    script += fmt::format("complete -c tally -n __fish_use_subcommand -f -a {} -d {}\n",
                          verb->get_name(), quoted(verb->get_description()));
    for (const CLI::Option* option : verb->get_options()) {
      for (const auto& name : option->get_lnames()) {
        script += fmt::format("complete -c tally -n '__fish_seen_subcommand_from {}' -l {} -d {}\n",
                              verb->get_name(), name, quoted(option->get_description()));
      }
    }
  }
  return script;
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  Parsed parsed;
  try {
    Tree tree;
    try {
      tree.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      std::ostringstream out;
      std::ostringstream problem;
      const int code = tree.app.exit(error, out, problem);
      parsed.ending = Ending{.code = code == 0 ? 0 : 2, .out = out.str(), .error = problem.str()};
      return parsed;
    }
    parsed.command = tree.command;
    if (tree.assess->parsed()) {
      parsed.command.verb = Verb::Assess;
    } else if (tree.cel->parsed()) {
      parsed.command.verb = Verb::Cel;
    } else if (tree.trace->parsed()) {
      parsed.command.verb = Verb::Trace;
    } else if (tree.jp->parsed()) {
      parsed.command.verb = Verb::Jp;
    } else if (tree.lint->parsed()) {
      parsed.command.verb = Verb::Lint;
    } else if (tree.migrate->parsed()) {
      parsed.command.verb = Verb::Migrate;
    } else if (tree.network->parsed()) {
      parsed.command.verb = Verb::Network;
    } else if (tree.mutate->parsed() || tree.generate->parsed()) {
      parsed.command.verb = Verb::Change;
      parsed.command.change.is_generate = tree.generate->parsed();
    } else if (tree.test->parsed()) {
      parsed.command.verb = Verb::Test;
    } else if (tree.explain->parsed()) {
      parsed.command.verb = Verb::Explain;
    } else if (tree.completion->parsed()) {
      parsed.command.verb = Verb::Completion;
    } else if (tree.version->parsed()) {
      parsed.command.verb = Verb::Version;
    }
    if (parsed.command.verb == Verb::None) {
      parsed.ending = Ending{.code = 2, .out = {}, .error = tree.app.help()};
    } else if (parsed.command.verb == Verb::Assess && parsed.command.assess.paths.empty() &&
               !parsed.command.assess.list_rules) {
      parsed.ending = Ending{
          .code = 2,
          .out = {},
          .error =
              "tally assess: no input. Name files or directories, or - for standard input.\n\n" +
              tree.assess->help()};
    }
  } catch (const std::exception& error) {
    parsed.ending = Ending{.code = 2, .out = {}, .error = fmt::format("tally: {}\n", error.what())};
  }
  return parsed;
}

Result<std::string> completion_script(const std::string& shell) {
  try {
    const Tree tree;
    if (shell == "bash") {
      return bash_script(tree);
    }
    if (shell == "zsh") {
      return zsh_script(tree);
    }
    return fish_script(tree);
  } catch (const std::exception& error) {
    return environment_error(error.what());
  }
}

}  // namespace tally::app
