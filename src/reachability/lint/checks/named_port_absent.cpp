// Rule: a named port of a rule is a port of some pod that the rule speaks of.
// Names are resolved for each destination pod, by protocol, restartable init containers included.
// Examined: names that no destination pod of the input has; silent if the input holds none of them.
#include <fmt/format.h>

#include <algorithm>

#include "reachability/lint/checks/all.hpp"
#include "reachability/lint/checks/controls.hpp"
#include "reachability/lint/internal/rule_form.hpp"

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

// A name of a port, where it is written, and who should have it.
struct Wanted {
  const kube::Object& object;
  Place place{};
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::string_view name{};
};

void judge(View& view, Wanted wanted, std::span<const ClassId> destinations, Reporter& reporter) {
  bool has_other_protocol = false;
  std::vector<std::string> names;
  for (const ClassId id : destinations) {
    for (const topology::ContainerPort& declared : view.sample(id).ports) {
      if (declared.name == wanted.name && declared.protocol == wanted.protocol) {
        return;
      }
      has_other_protocol = has_other_protocol || declared.name == wanted.name;
      if (!declared.name.empty() && names.size() < 8 &&
          std::ranges::find(names, declared.name) == names.end()) {
        names.emplace_back(declared.name);
      }
    }
  }
  const std::string_view protocol = scalar::protocol_name(wanted.protocol);
  reporter.add(
      kCheck, wanted.object, std::move(wanted.place),
      {.found = fmt::format("{} {}", protocol, wanted.name),
       .allowed = names.empty() ? std::string("the number of a port") : listed(names, 4),
       .message = has_other_protocol
                      ? fmt::format("the port {} is not {} on any pod that the rule speaks of",
                                    quoted(wanted.name), protocol)
                      : fmt::format("no pod that the rule speaks of has a port named {}{}",
                                    quoted(wanted.name),
                                    names.empty() ? std::string("; none of them names a port")
                                                  : "; there are " + listed(names, 4))});
}

// Of another dialect; a name that is taken off needs nobody to have it.
void judge_rule_form(View& view, std::uint32_t position, const network_policy::Rule& rule,
                     Reporter& reporter) {
  const network_policy::PolicySet& set = view.policies();
  if (set.named_ports_of(rule).empty()) {
    return;
  }
  std::vector<ClassId> destinations;
  if (rule.direction == Direction::Ingress) {
    destinations = view.selected(position).sure;
  } else if (!rule.is_any_peer) {
    destinations = view.peers_of(rule).sure;
  }
  for (const network_policy::NamedPort& port : set.named_ports_of(rule)) {
    if (!port.is_excluded && !destinations.empty()) {
      judge(view,
            {.object = *set.policies()[position].object,
             .place = place_of_rule(rule),
             .protocol = port.protocol,
             .name = port.name},
            destinations, reporter);
    }
  }
}

void examine(View& view, Reporter& reporter) {
  for_each_other_rule(view, [&](const network_policy::Policy&, std::uint32_t position,
                                const network_policy::Rule& rule) {
    judge_rule_form(view, position, rule, reporter);
  });
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
          const document::Node* name = port.node->find("port");
          judge(view,
                {.object = *policy.object,
                 .place = {port.pointer + "/port", name->offset()},
                 .protocol = port.protocol,
                 .name = port.name},
                destinations, reporter);
        }
      }
    }
  }
}

}  // namespace

Row named_port_absent_check() { return {.check = &kCheck, .examine = examine}; }

}  // namespace tally::reachability::linting
