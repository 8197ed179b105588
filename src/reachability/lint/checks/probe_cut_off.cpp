// Rule: the kubelet's probes reach the pod.
// Probes come from the pod's own node, and that is always let in (kubernetes.io, Network Policies):
// NetworkPolicy cannot stop them. Examined:
//   * a rule of another dialect that denies the node to a workload with probes over the network;
//   * workloads in ambient mode that are isolated for ingress without a rule for 169.254.7.127, the
//     address that Istio gives to probes (istio.io, Ambient and Kubernetes NetworkPolicy: some
//     network plugins let link-local addresses in, some do not). Low: the plugin is not in the
//     input.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/needs.hpp"
#include "reachability/mesh/mesh.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;
using scalar::Protocol;

constexpr std::array kReferences = {
    std::string_view{"https://istio.io/latest/docs/ambient/usage/networkpolicy/"}};
constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "cross-layer",
    .id = "probe-cut-off",
    .title = "The kubelet's probes are stopped",
    .description =
        "A pod whose readiness probe does not get through takes no traffic; one whose liveness "
        "probe does not is killed again and again. Policies that deny the node, and the changed "
        "address of probes in an ambient mesh, stop them.",
    .remedy =
        "Allow the node (in Cilium: the entity host), and in ambient mode 169.254.7.127/32, on "
        "the ports of the probes.",
    .severity = finding::Severity::Medium,
    .controls = kOperation,
    .references = kReferences};

// The ports of probes over the network; a name is resolved by the container's ports.
std::vector<std::uint16_t> probe_ports(const topology::Endpoint& endpoint) {
  std::vector<std::uint16_t> ports;
  const document::Node* spec = mesh::pod_spec(endpoint);
  const document::Node* containers = spec == nullptr ? nullptr : spec->find("containers");
  for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
    for (const std::string_view probe : {"readinessProbe", "livenessProbe", "startupProbe"}) {
      const document::Node* node = containers->items()[i].find(probe);
      for (const std::string_view way : {"httpGet", "tcpSocket", "grpc"}) {
        const document::Node* how = node == nullptr ? nullptr : node->find(way);
        const document::Node* port = how == nullptr ? nullptr : how->find("port");
        if (port == nullptr) {
          continue;
        }
        if (const auto number = port->integer(); number && *number > 0 && *number <= 65535) {
          ports.push_back(static_cast<std::uint16_t>(*number));
        } else if (port->is_string()) {
          const auto named = topology::named_ports(endpoint, port->text(), Protocol::Tcp);
          if (!named.is_empty()) {
            ports.push_back(named.intervals().front().first);
          }
        }
      }
    }
  }
  return ports;
}

bool denies_node(const View& view, const network_policy::Rule& rule, std::uint16_t port) {
  const auto& set = view.policies();
  return rule.direction == Direction::Ingress && rule.action == network_policy::Action::Deny &&
         set.connections(rule.connections).contains(Protocol::Tcp, port) &&
         std::ranges::any_of(set.peers_of(rule), [](const network_policy::Peers& peers) {
           return has(peers.entities, network_policy::Entity::Host);
         });
}

void examine_denials(View& view, Reporter& reporter) {
  const auto& set = view.policies();
  for (std::uint32_t i = 0; i < set.policies().size(); ++i) {
    for (const network_policy::Rule& rule : set.rules_of(set.policies()[i])) {
      if (rule.action != network_policy::Action::Deny || rule.direction != Direction::Ingress) {
        continue;
      }
      std::vector<std::uint32_t> stopped;
      for (const std::uint32_t workload : view.workloads_of(view.selected(i).sure)) {
        const auto ports = probe_ports(
            view.topology().endpoints()[view.world().workloads()[workload].endpoints.front()]);
        if (std::ranges::any_of(
                ports, [&](std::uint16_t port) { return denies_node(view, rule, port); })) {
          stopped.push_back(workload);
        }
      }
      if (!stopped.empty()) {
        const kube::Object& object = *set.policies()[i].object;
        const std::string names = view.names_of(stopped, object.ref.name_space);
        reporter.add(kCheck, object, {std::string(rule.pointer), rule.offset},
                     {.found = "the node is denied",
                      .allowed = "the node on the ports of the probes",
                      .message = fmt::format("the rule denies the node, from which the kubelet "
                                             "probes {}",
                                             names)});
      }
    }
  }
}

void examine_ambient(View& view, Reporter& reporter) {
  static const scalar::AddressSet kProbes(*scalar::IpAddress::parse("169.254.7.127"));
  std::vector<Cut> cuts;
  const auto workloads = view.world().workloads();
  const auto& analyser = view.world().analyser();
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    const std::uint32_t endpoint = workloads[i].endpoints.front();
    const auto& table = analyser.table(workloads[i].class_id, Direction::Ingress);
    if (!table.is_isolated || view.mesh().data_plane_of(endpoint) != mesh::DataPlane::Ambient) {
      continue;
    }
    const auto ports = probe_ports(view.topology().endpoints()[endpoint]);
    const auto part = std::ranges::find_if(
        table.outside, [&](const auto& block) { return block.first.contains(kProbes); });
    if (part == table.outside.end()) {
      continue;
    }
    const auto& allowed = analyser.connections().at(part->second.allowed);
    const auto denied = std::ranges::find_if(
        ports, [&](std::uint16_t port) { return !allowed.contains(Protocol::Tcp, port); });
    if (denied != ports.end()) {
      cuts.push_back({.workload = i,
                      .direction = Direction::Ingress,
                      .evidence = "in ambient mode probes come from 169.254.7.127, which some "
                                  "network plugins let in and some do not",
                      .what = fmt::format("TCP {}", *denied),
                      .severity = finding::Severity::Low});
    }
  }
  report_cuts(
      view, reporter, kCheck, cuts,
      {.from = "the kubelet's probes", .allowed = "169.254.7.127/32 on the ports of the probes"});
}

void examine(View& view, Reporter& reporter) {
  examine_denials(view, reporter);
  if (view.mesh().is_present()) {
    examine_ambient(view, reporter);
  }
}

}  // namespace

Row probe_cut_off_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
