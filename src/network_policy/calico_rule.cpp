// Rule of Calico (projectcalico.org/v3; docs.tigera.io/calico/latest/reference/resources/
// networkpolicy). Both sides can be named in either direction: the policy's own side narrows its
// subject.
#include <utility>

#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::AddressSet;

struct ReadAction {
  bool is_log = false;
  Action action = Action::Allow;
};

Read<ReadAction> read_action(const Node& node) {
  const Node* action = field(node, "action");
  const std::string_view text = action == nullptr ? std::string_view{} : action->text();
  if (text == "Allow") {
    return ReadAction{};
  }
  if (text == "Deny") {
    return ReadAction{.action = Action::Deny};
  }
  if (text == "Pass") {
    return ReadAction{.action = Action::Pass};
  }
  if (text == "Log") {
    return ReadAction{.is_log = true};
  }
  return fault("/action", action == nullptr ? node : *action,
               "found " + (action == nullptr ? std::string("no action") : quoted(*action)) +
                   ", expected Allow, Deny, Log or Pass");
}

Read<AddressSet> read_families(const Node& node) {
  const Node* version = field(node, "ipVersion");
  if (version == nullptr) {
    return AddressSet::all();
  }
  const auto number = version->integer();
  if (number == 4) {
    return AddressSet::all_v4();
  }
  if (number == 6) {
    return AddressSet::all_v6();
  }
  return fault("/ipVersion", *version, "found " + quoted(*version) + ", expected 4 or 6");
}

bool has_items(const Node* entity, std::string_view key) {
  const Node* list = entity == nullptr ? nullptr : field(*entity, key);
  return list != nullptr && list->size() > 0;
}

// A port list that names every port restricts nothing.
bool names_every_port(const Node& ports) {
  for (const Node& item : ports.items()) {
    if (item.text() == "1:65535" || item.text() == "0:65535") {
      return true;
    }
  }
  return false;
}

bool restricts_source_ports(const Node* source) {
  return has_items(source, "notPorts") ||
         (has_items(source, "ports") && !names_every_port(*field(*source, "ports")));
}

// validateRule: no rule names prefixes of both families.
Read<void> check_families(const Node& node, const AddressSet& families) {
  bool has_v4 = false;
  bool has_v6 = false;
  for (const std::string_view side : {"source", "destination"}) {
    const Node* entity = field(node, side);
    for (const std::string_view key : {"nets", "notNets"}) {
      const Node* nets = entity == nullptr ? nullptr : field(*entity, key);
      for (const Node& item : nets == nullptr ? std::span<const Node>() : nets->items()) {
        (item.text().contains(':') ? has_v6 : has_v4) = true;
        const std::string at = "/" + std::string(side) + "/" + std::string(key);
        if (has_v4 && has_v6) {
          return fault(at, item, "a rule cannot name both IPv4 and IPv6 prefixes");
        }
        const bool is_other = item.text().contains(':') ? families == AddressSet::all_v4()
                                                        : families == AddressSet::all_v6();
        if (is_other) {
          return fault(at, item,
                       "found " + quoted(item) + ", which is not of the rule's ipVersion");
        }
      }
    }
  }
  return {};
}

std::string_view why_unknown(const Node& node, const CalicoConnections& connections) {
  if (restricts_source_ports(field(node, "source"))) {
    return "source ports";
  }
  if (const Node* http = field(node, "http"); http != nullptr && http->size() > 0) {
    return "HTTP methods and paths";
  }
  return connections.unknown;
}

}  // namespace

Read<std::optional<RuleDraft>> read_calico_rule(CalicoWorld& world, const CalicoRulePlace& place,
                                                const Node& node) {
  static const Node kEmpty;
  auto action = read_action(node);
  if (!action) {
    return std::unexpected(std::move(action).error());
  }
  auto families = read_families(node);
  if (!families) {
    return std::unexpected(std::move(families).error());
  }
  if (auto done = check_families(node, *families); !done) {
    return std::unexpected(std::move(done).error());
  }
  if (const Node* http = field(node, "http"); http != nullptr && action->action != Action::Allow) {
    return fault("/http", *http, "http can stand in rules that allow only");
  }
  auto connections = read_calico_connections(world.builder(), node);
  if (!connections) {
    return std::unexpected(std::move(connections).error());
  }
  const bool is_ingress = place.direction == Direction::Ingress;
  const auto entity = [&](std::string_view side) -> Read<CalicoEntity> {
    const Node* found = field(node, side);
    return read_calico_entity(world, place, *families, found == nullptr ? kEmpty : *found,
                              "/" + std::string(side));
  };
  auto own = entity(is_ingress ? "destination" : "source");
  if (!own) {
    return std::unexpected(std::move(own).error());
  }
  auto other = entity(is_ingress ? "source" : "destination");
  if (!other) {
    return std::unexpected(std::move(other).error());
  }
  if (action->is_log) {
    return std::optional<RuleDraft>();
  }
  RuleDraft rule{.direction = place.direction,
                 .action = action->action,
                 .is_any_peer = other->is_any,
                 .peers = std::move(other->peers),
                 .own = own->own,
                 .own_within = own->own_within,
                 .unknown = why_unknown(node, *connections),
                 .connections = std::move(connections->connections),
                 .named_ports = std::move(connections->named_ports),
                 .offset = node.offset()};
  if (other->is_service && !is_ingress) {
    rule.connections = rule.connections.intersect(other->service_connections);
    rule.named_ports = std::move(other->service_ports);
  }
  return std::optional(std::move(rule));
}

}  // namespace tally::network_policy
