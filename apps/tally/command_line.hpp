#pragma once
// The command line as values. CLI11 stays behind command_line.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace tally::app {

enum class Verb : unsigned char {
  None,
  Assess,
  Cel,
  Change,
  Completion,
  Decision,
  Explain,
  Finding,
  Install,
  Jp,
  Lint,
  Migrate,
  Network,
  Serve,
  Test,
  Trace,
  Version,
};

// A cluster as an input, read from its API server.
struct ClusterFlags {
  bool is_wanted = false;               // --cluster
  std::string context;                  // of the kubeconfig; empty: the current one
  std::vector<std::string> kubeconfig;  // files; none: $KUBECONFIG, ~/.kube/config, or in a pod its
                                        // service account
  bool print_rbac = false;              // only say what has to be granted
};

struct AssessFlags {
  std::vector<std::string> paths;
  std::vector<std::string> outputs;  // FORMAT or FORMAT=FILE
  std::string config;
  std::string pod_security;  // LEVEL[:VERSION]
  std::string fail_on;
  std::string default_namespace;
  std::vector<std::string> exceptions;
  std::vector<std::string> includes;  // "pass"
  std::vector<std::string> policies;  // files and folders
  std::string user;
  std::vector<std::string> groups;
  std::string operation = "CREATE";
  std::string subresource;
  std::string old_object;  // a file
  std::vector<std::string> allowed_hosts;
  std::string baseline;
  std::string write_baseline;
  std::string changed_since;
  std::string reader = "fast";
  unsigned threads = 0;
  ClusterFlags cluster;
  bool list_rules = false;
  bool verbose = false;
  bool quiet = false;
  bool no_color = false;
  bool no_defaults = false;
};

struct CelFlags {
  std::string expression;
  std::vector<std::string> with;  // NAME=FILE
  std::string profile = "kubernetes";
  std::string output = "text";
  std::uint64_t cost_max = 100'000'000;
  std::vector<std::string> allowed_hosts;
  bool trace = false;
  bool no_color = false;
};

struct TraceFlags {
  std::vector<std::string> policies;
  std::vector<std::string> objects;
  std::string old_object;
  std::string operation = "CREATE";
  std::string user;
  std::vector<std::string> groups;
  std::string default_namespace = "default";
  std::vector<std::string> allowed_hosts;
  bool verbose = false;
  bool no_color = false;
};

// `tally jp`
struct JpFlags {
  std::string expression;
  std::string with;  // a file, or "-"; empty: null
  bool standard = false;
  bool list = false;
  bool unquoted = false;
};

// `tally mutate` and `tally generate`
struct ChangeFlags {
  std::vector<std::string> paths;
  std::vector<std::string> policies;
  std::string output = "yaml";  // yaml, json, diff or patch
  std::string operation = "CREATE";
  std::string user;
  std::vector<std::string> groups;
  std::string default_namespace = "default";
  std::vector<std::string> allowed_hosts;
  bool is_generate = false;
};

// `tally lint`
struct LintFlags {
  std::vector<std::string> paths;
  std::string output = "table";  // table or json
  std::string fail_on = "high";
  bool no_color = false;
};

// `tally migrate`
struct MigrateFlags {
  std::vector<std::string> paths;
  std::vector<std::string> with;  // objects to judge as well
  std::string output = "yaml";    // yaml or json
  std::string out;                // a folder
  std::uint64_t objects = 10'000;
  std::uint64_t seed = 1;
  bool partial = false;
};

// `tally network VERB`
struct NetworkFlags {
  std::string verb;
  std::vector<std::string> paths;  // of explain and evaluate: SRC DST PORT; of query: assertions
  std::vector<std::string> files;  // manifests of explain, evaluate and query
  std::vector<std::string> with;   // more manifests: "what if"
  std::string compat;              // "netpol-analyzer"
  std::string output = "txt";      // txt, csv, json, md or dot
  std::vector<std::string> focus_workloads;
  std::vector<std::string> focus_workload_peers;
  std::string focus_direction;   // ingress or egress
  std::string focus_connection;  // PROTOCOL-PORT
  std::string explain_only;      // allow or deny
  std::string source;
  std::string source_namespace = "default";
  std::string source_address;
  std::string destination;
  std::string destination_namespace = "default";
  std::string destination_address;
  std::string protocol = "tcp";
  std::string port;
  std::string default_namespace = "default";
  std::vector<std::string> flows;    // of generate
  std::vector<std::string> against;  // of replay: the candidate policies; of query: the second
  std::string out;                   // of generate: a folder; of map: a file
  std::string mesh = "auto";         // auto, none, sidecar or ambient
  std::string trust_domain;          // empty: MeshConfig's, or cluster.local
  std::string method;                // of explain and evaluate: an HTTP request
  std::string path;
  std::string host;
  std::string fail_on = "high";  // of lint: a severity, or never
  bool default_deny = false;
  bool least_privilege = false;
  bool exposure = false;
  bool explain = false;
  bool multiple_networks = false;
  bool without_outside = false;
  bool ip_blocks_skip_pods = false;
  bool host_network_like_others = false;
  bool quiet = false;
};

// `tally test`
struct TestFlags {
  std::vector<std::string> paths;  // none: the working directory
  std::string file_name = "kyverno-test.yaml";
  std::string filter;            // policy=..,rule=..,resource=..,result=..
  std::string output = "table";  // table, json or junit
  bool fail_only = false;
  bool detailed = false;
  bool coverage = false;
  bool require_tests = false;
  bool no_color = false;
  unsigned threads = 0;  // 0: as many as the machine has
};

struct InstallFlags {
  bool is_dry_run = false;
  std::string name_space = "tally-system";
  std::string image;  // empty: of this version
  unsigned replicas = 2;
  std::string store;  // URL of a PostgreSQL server; may hold a password
};

// `tally finding VERB` and `tally decision VERB`
struct HistoryFlags {
  enum class Verb : unsigned char { List, Show, Scopes };
  Verb verb = Verb::List;
  std::string store;  // empty: $TALLY_STORE, or the file in the state folder
  std::string id;     // of show
  std::string since;
  std::string until;
  std::string name_space;
  std::string policy;
  std::string user;
  std::string kind;
  std::string severity;
  std::string output = "table";  // table, json or yaml
  std::uint32_t limit = 100;     // 0: all
  bool denied = false;
  bool open = false;
  bool resolved = false;
  bool request = false;  // of show: print the request itself
};

// What is given here stands before tally.yaml.
struct ServeFlags {
  std::string config;
  std::vector<std::string> policies;
  std::string listen;
  std::string listen_health;
  std::string state;
  std::string store;
  ClusterFlags cluster;
  bool is_alone = false;  // no API server
  std::string name_space;
  std::string service;
  std::string webhook_url;
  bool no_webhook = false;
  bool no_audit = false;
  std::string certificate;
  std::string key;
  std::string authority;
  std::string client_authority;
  std::string certificate_life;
  std::string log_level;
  std::string log_format;
  std::vector<std::string> allowed_hosts;
  unsigned threads = 0;  // 0: as many as the machine has
};

struct CommandLine {
  Verb verb = Verb::None;
  AssessFlags assess;
  CelFlags cel;
  TraceFlags trace;
  JpFlags jp;
  LintFlags lint;
  ChangeFlags change;
  MigrateFlags migrate;
  NetworkFlags network;
  HistoryFlags history;  // of finding and decision
  InstallFlags install;
  ServeFlags serve;
  TestFlags test;
  std::string rule;   // explain RULE
  std::string shell;  // completion SHELL
  std::string explain_output = "text";
};

// What to do, or the text to print and the exit code with which to end (help, usage errors).
struct Ending {
  int code = 0;
  std::string out;
  std::string error;
};
struct Parsed {
  std::optional<Ending> ending;
  CommandLine command;
};
[[nodiscard]] Parsed parse_command_line(int argc, const char* const* argv);

// The completion script of a shell: bash, zsh or fish.
[[nodiscard]] Result<std::string> completion_script(const std::string& shell);

}  // namespace tally::app
