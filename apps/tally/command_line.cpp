// Verbs, flags, help and completion come from one tree. Only this file and declare_*.cpp see
// CLI11 (six seconds of compile time each).
#include "command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "command_examples.hpp"
#include "declare_install.hpp"
#include "declare_history.hpp"
#include "declare_network.hpp"
#include "declare_serve.hpp"
#include "version.hpp"

namespace tally::app {

namespace {

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
  CLI::App* finding = nullptr;
  CLI::App* decision = nullptr;
  CLI::App* install = nullptr;
  CLI::App* serve = nullptr;
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
    network = declare_network(app, command.network);
    finding = declare_finding(app, command.history);
    decision = declare_decision(app, command.history);
    serve = declare_serve(app, command.serve);
    install = declare_install(app, command.install);
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
    assess->add_flag("--cluster", flags.cluster.is_wanted,
                     "Judge the objects of a live cluster, read from its API server");
    assess->add_option("--context", flags.cluster.context,
                       "Context of the kubeconfig (default: the current one)");
    assess
        ->add_option("--kubeconfig", flags.cluster.kubeconfig,
                     "Kubeconfig (default: $KUBECONFIG, ~/.kube/config, or in a pod its service "
                     "account). Repeatable")
        ->allow_extra_args(false);
    assess->add_flag("--print-rbac", flags.cluster.print_rbac,
                     "Print the ClusterRole that --cluster needs, and end");
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
    } else if (tree.finding->parsed()) {
      parsed.command.verb = Verb::Finding;
    } else if (tree.decision->parsed()) {
      parsed.command.verb = Verb::Decision;
    } else if (tree.mutate->parsed() || tree.generate->parsed()) {
      parsed.command.verb = Verb::Change;
      parsed.command.change.is_generate = tree.generate->parsed();
    } else if (tree.test->parsed()) {
      parsed.command.verb = Verb::Test;
    } else if (tree.serve->parsed()) {
      parsed.command.verb = Verb::Serve;
    } else if (tree.install->parsed()) {
      parsed.command.verb = Verb::Install;
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
               !parsed.command.assess.cluster.is_wanted &&
               !parsed.command.assess.cluster.print_rbac && !parsed.command.assess.list_rules) {
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
