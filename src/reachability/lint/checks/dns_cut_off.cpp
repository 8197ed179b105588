// Rule: a workload whose egress is isolated may ask for names.
// Examined: workloads that are isolated for egress and of which no rule lets UDP or TCP 53 (5353 on
// OpenShift) out to the cluster's DNS: pods with k8s-app=kube-dns of kube-system, those of
// openshift-dns, an address, or pods whose selector speaks of DNS. Medium if the manifest of the
// workload names a host, low if nothing shows that it asks for names.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "dns-cut-off",
    .title = "Workloads are cut off from DNS",
    .description =
        "Whoever is isolated for egress needs a rule for the cluster's DNS, or every call by "
        "name fails: the first thing that a default deny breaks.",
    .remedy =
        "Allow UDP and TCP 53 to pods with k8s-app: kube-dns of the namespace with "
        "kubernetes.io/metadata.name: kube-system, in one policy for the namespace.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kPolicyReference};

bool speaks_of_dns(const View& view, const network_policy::Rule& rule) {
  return std::ranges::any_of(view.policies().peers_of(rule), [&](const auto& peers) {
    return view.policies().selectors().to_string(peers.endpoints).contains("dns");
  });
}

bool may_ask(const View& view, ClassId id, const ImaginedPod& kube_dns,
             const ImaginedPod& openshift_dns) {
  for (const Protocol protocol : {Protocol::Udp, Protocol::Tcp}) {
    if (may_pass(view, id, Direction::Egress, kube_dns, protocol, 53) ||
        may_pass(view, id, Direction::Egress, openshift_dns, protocol, 5353)) {
      return true;
    }
  }
  const auto& set = view.policies();
  for (const std::uint32_t position : view.governing(id, Direction::Egress)) {
    for (const network_policy::Rule& rule : set.rules_of(set.policies()[position])) {
      const auto& connections = set.connections(rule.connections);
      const bool has_port = connections.contains(Protocol::Udp, 53) ||
                            connections.contains(Protocol::Udp, 5353) ||
                            !set.named_ports_of(rule).empty();
      if (rule.direction == Direction::Egress && has_port && speaks_of_dns(view, rule)) {
        return true;
      }
    }
  }
  return false;
}

// A variable that names a host: "db:5432", "https://api.example.com".
std::string evidence_of(const topology::Endpoint& endpoint) {
  std::string evidence;
  for_each_variable(endpoint, [&](const Variable& variable) {
    const std::string_view text = variable.value->text();
    const Address address = address_of(text);
    const bool is_name = !address.host.empty() &&
                         std::isalpha(static_cast<unsigned char>(address.host[0])) != 0 &&
                         address.host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") ==
                             std::string_view::npos &&
                         address.host != "localhost";
    const bool is_address = text.contains("://") || (address.port != 0 && text.contains(':'));
    if (evidence.empty() && is_name && is_address) {
      evidence = fmt::format("{} of container {} names {} ({})", variable.name, variable.container,
                             address.host, place_of(*endpoint.object, variable.value->offset()));
    }
  });
  return evidence;
}

void examine(View& view, Reporter& reporter) {
  const ImaginedPod kube_dns(view, "kube-system", "k8s-app", "kube-dns");
  const ImaginedPod openshift_dns(view, "openshift-dns", "dns.operator.openshift.io/daemonset-dns",
                                  "default");
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  std::map<ClassId, bool> asks;
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const ClassId id = workloads[i].class_id;
    const topology::Endpoint& endpoint =
        view.topology().endpoints()[workloads[i].endpoints.front()];
    if (!view.is_isolated(id, Direction::Egress) || workloads[i].name_space == "kube-system") {
      continue;
    }
    const auto [at, is_new] = asks.try_emplace(id, false);
    if (is_new) {
      at->second = may_ask(view, id, kube_dns, openshift_dns);
    }
    if (at->second) {
      continue;
    }
    Cut cut{.workload = i, .evidence = evidence_of(endpoint), .what = "UDP 53"};
    cut.severity = cut.evidence.empty() ? finding::Severity::Low : kCheck.severity;
    cuts.push_back(std::move(cut));
  }
  report_cuts(view, reporter, kCheck, cuts,
              {.from = "DNS", .allowed = "UDP and TCP 53 to the cluster's DNS"});
}

}  // namespace

Row dns_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
