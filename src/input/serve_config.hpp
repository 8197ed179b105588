#pragma once
// The parts of tally.yaml that say how verdicts are enforced and how `tally serve` runs
// (docs/configuration.md, "Enforcement" and "Serving").
//
// CONTRACTS: a policy that carries its own mode keeps it; ours begin in audit and are raised scope
// by scope.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "finding/exception.hpp"
#include "finding/finding.hpp"
#include "scalar/label_selector.hpp"

namespace tally::input {

// What becomes of a verdict that nobody could reach (unknown, error) where the rule is enforced.
enum class OnDoubt : std::uint8_t { Deny, Allow };

// One entry of `enforcement.scopes`. The entries are asked in their order; the first that matches
// namespace and rule decides.
struct EnforcementScope {
  std::string name;
  std::vector<std::string> namespaces;  // wildcards * and ?; empty: every one
  std::optional<scalar::LabelSelector> selector;
  // Rules as exceptions name them: "rule", "policy/rule", "engine/rule", "engine"; wildcards.
  // Empty: Pod Security. A rule of a policy that carries its own mode has to be named.
  std::vector<std::string> policies;
  finding::Mode mode = finding::Mode::Audit;
  std::optional<OnDoubt> on_doubt;
  Position at;
};

struct Enforcement {
  finding::Mode mode = finding::Mode::Audit;            // where no scope says otherwise
  finding::Mode pod_controllers = finding::Mode::Warn;  // at most this for templates of pods
  OnDoubt on_doubt = OnDoubt::Deny;
  // Namespaces that are created on or after this day begin in that mode.
  struct NewNamespaces {
    finding::Day since = 0;
    finding::Mode mode = finding::Mode::Enforce;
  };
  std::optional<NewNamespaces> new_namespaces;
  std::vector<EnforcementScope> scopes;
};

struct Serve {
  std::string listen = "0.0.0.0:8443";         // HTTPS: AdmissionReviews
  std::string listen_health = "0.0.0.0:8080";  // HTTP: health and metrics
  std::string name_space = "tally-system";     // its own; never judged by the webhook
  std::string service = "tally";               // that leads to it
  std::string state = "/var/lib/tally";        // folder: last good policies, certificates
  std::string store;                           // URL; empty: sqlite in the state folder
  std::vector<std::string> policies;           // files and folders, read again when they change
  bool watch_policies = true;                  // of the cluster, too
  std::vector<std::string> exempt_namespaces = {"kube-system"};
  struct Certificates {
    std::string certificate;  // files, e.g. of cert-manager; empty: its own authority
    std::string key;
    std::string authority;  // caBundle of the webhook
  };
  Certificates certificates;
  std::string client_authority;  // file: the API server must show a certificate of it
  bool manage_webhook = true;
  std::uint32_t webhook_timeout_seconds = 10;  // at most; 1 to 30
  bool audit = true;
  bool reports = true;  // PolicyReports in the cluster
  std::string lease = "tally";
  std::string log_level = "info";   // debug, info, warning, error
  std::string log_format = "json";  // json, text
  struct Traces {
    std::string endpoint;  // "http://otel:4318"; empty: none
    double ratio = 0.1;
  };
  Traces traces;
  std::vector<std::string> allowed_hosts;  // that policies may call
  std::uint32_t decision_days = 90;        // how long decisions are kept
  bool keep_allowed = false;               // decisions that said nothing are kept, too
};

// Where to listen: an address and a port, "0.0.0.0:8443", "[::]:8443" (IPv6, and IPv4 where the
// system maps it), ":8443" (every address of IPv4). Port 0: one that is free. Names are not taken:
// what they mean may change.
struct ListenAddress {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace tally::input
