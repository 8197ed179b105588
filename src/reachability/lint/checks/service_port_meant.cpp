// Rule: a rule names the port of the pod, not that of the Service before it.
// NetworkPolicy sees the packet at the pod, where the Service's port is gone. Examined: numbers
// that no pod of the destination declares and that are the port of a Service of these pods with
// another targetPort. Silent if the rule names the targetPort as well.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "service-port-meant",
    .title = "The Service's port where the pod's was meant",
    .description =
        "A Service translates its port into the targetPort of the pod before the packet arrives. "
        "Policies see the pod's port: a rule with the Service's port allows nothing that goes "
        "through the Service.",
    .remedy = "Write the targetPort of the Service, or the name of the container's port.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kPolicyReference};

// Services with a port and who is behind them, found once for each port.
class Services {
 public:
  explicit Services(View& view) {
    for (const topology::Service& service : view.topology().services()) {
      for (const topology::ServicePort& port : service.ports) {
        if (service.selector && (port.target_port != port.port || !port.target_name.empty())) {
          by_port_[{port.protocol, port.port}].push_back({&service, &port});
        }
      }
    }
  }

  struct Meant {
    const topology::Service* service = nullptr;
    std::uint16_t pod_port = 0;
  };
  [[nodiscard]] std::optional<Meant> find(const topology::Endpoint& pod, scalar::Protocol protocol,
                                          std::uint16_t number) const {
    const auto at = by_port_.find({protocol, number});
    if (at == by_port_.end()) {
      return std::nullopt;
    }
    for (const auto& [service, port] : at->second) {
      const bool is_selected =
          service->name_space == pod.name_space &&
          service->selector->matches([&](std::string_view key) { return pod.label(key); });
      if (!is_selected) {
        continue;
      }
      std::uint16_t target = port->target_port;
      if (!port->target_name.empty()) {
        const scalar::PortSet named = topology::named_ports(pod, port->target_name, port->protocol);
        target = named.is_empty() ? std::uint16_t{0} : named.intervals().front().first;
      }
      if (target != 0 && target != number) {
        return Meant{.service = service, .pod_port = target};
      }
    }
    return std::nullopt;
  }

 private:
  std::map<std::pair<scalar::Protocol, std::uint16_t>,
           std::vector<std::pair<const topology::Service*, const topology::ServicePort*>>>
      by_port_;
};

void judge(View& view, const Services& services, const PlainPolicy& policy, const PlainRule& rule,
           std::span<const ClassId> destinations, Reporter& reporter) {
  for (const PlainPort& port : rule.ports) {
    if (port.first == 0 || port.first != port.last) {
      continue;
    }
    std::optional<Services::Meant> meant;
    bool is_declared = false;
    for (const ClassId id : destinations) {
      const topology::Endpoint& pod = view.sample(id);
      is_declared = is_declared || std::ranges::any_of(pod.ports, [&](const auto& declared) {
                      return declared.port == port.first && declared.protocol == port.protocol;
                    });
      if (!meant) {
        meant = services.find(pod, port.protocol, port.first);
      }
    }
    if (is_declared || !meant || rule.holds(port.protocol, meant->pod_port)) {
      continue;
    }
    const document::Node* number = port.node->find("port");
    reporter.add(
        kCheck, *policy.object, {port.pointer + "/port", number->offset()},
        {.found = fmt::format("{} {}", scalar::protocol_name(port.protocol), port.first),
         .allowed = fmt::format("{} {}", scalar::protocol_name(port.protocol), meant->pod_port),
         .message = fmt::format(
             "{} is the port of Service {}; its pods listen on {}, and policies see the pod's port",
             port.first, meant->service->name, meant->pod_port)});
  }
}

void examine(View& view, Reporter& reporter) {
  const Services services(view);
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      if (rule.rule == nullptr || rule.ports.empty()) {
        continue;
      }
      const std::vector<ClassId> destinations = rule.direction == Direction::Ingress
                                                    ? view.selected(*policy.policy).sure
                                                    : view.peers_of(*rule.rule).sure;
      judge(view, services, policy, rule, destinations, reporter);
    }
  }
}

}  // namespace

Row service_port_meant_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
