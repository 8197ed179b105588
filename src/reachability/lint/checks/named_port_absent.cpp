// Rule: a named port of a rule is a port of some pod that the rule speaks of.
// Names are resolved for each destination pod, by protocol, restartable init containers included.
// Examined: names that no destination pod of the input has; silent if the input holds none of them.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"

namespace tally::reachability::linting {
namespace {

using network_policy::Direction;

constexpr finding::Check kCheck{
    .engine = "network",
    .policy = "network-policy",
    .id = "named-port-absent",
    .title = "No pod has a port of this name",
    .description =
        "A port that is named in a rule is looked up in the containers of each destination pod, "
        "with the protocol. A pod without such a port is reached on none: the rule allows "
        "nothing there.",
    .remedy = "Name a port that the container declares (`ports[].name`), or write its number.",
    .severity = finding::Severity::Medium,
    .controls = kFlow,
    .references = kPolicyReference};

void judge(View& view, const PlainPolicy& policy, const PlainPort& port,
           std::span<const ClassId> destinations, Reporter& reporter) {
  bool has_other_protocol = false;
  std::vector<std::string> names;
  for (const ClassId id : destinations) {
    for (const topology::ContainerPort& declared : view.sample(id).ports) {
      if (declared.name == port.name && declared.protocol == port.protocol) {
        return;
      }
      has_other_protocol = has_other_protocol || declared.name == port.name;
      if (!declared.name.empty() && names.size() < 8 &&
          std::ranges::find(names, declared.name) == names.end()) {
        names.emplace_back(declared.name);
      }
    }
  }
  const document::Node* name = port.node->find("port");
  reporter.add(
      kCheck, *policy.object, {port.pointer + "/port", name->offset()},
      {.found = fmt::format("{} {}", scalar::protocol_name(port.protocol), port.name),
       .allowed = names.empty() ? std::string("the number of a port") : listed(names, 4),
       .message = has_other_protocol
                      ? fmt::format("the port {} is not {} on any pod that the rule speaks of",
                                    quoted(port.name), scalar::protocol_name(port.protocol))
                      : fmt::format("no pod that the rule speaks of has a port named {}{}",
                                    quoted(port.name),
                                    names.empty() ? std::string("; none of them names a port")
                                                  : "; there are " + listed(names, 4))});
}

void examine(View& view, Reporter& reporter) {
  for (const PlainPolicy& policy : view.plain()) {
    for (const PlainRule& rule : policy.rules) {
      if (rule.rule == nullptr || std::ranges::all_of(rule.ports, [](const PlainPort& port) {
            return port.name.empty();
          })) {
        continue;
      }
      std::vector<ClassId> destinations;
      if (rule.direction == Direction::Ingress) {
        destinations = view.selected(*policy.policy).sure;
      } else if (!rule.is_any_peer()) {
        destinations = view.peers_of(*rule.rule).sure;
      }
      for (const PlainPort& port : rule.ports) {
        if (!port.name.empty() && !destinations.empty()) {
          judge(view, policy, port, destinations, reporter);
        }
      }
    }
  }
}

}  // namespace

Row named_port_absent_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
