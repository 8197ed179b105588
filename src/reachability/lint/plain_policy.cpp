#include "reachability/lint/internal/plain_policy.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "kube/selectors.hpp"

namespace tally::reachability::linting {

using document::Node;
using network_policy::Direction;

namespace {

const Node* field(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<scalar::LabelSelector> selector_at(const Node* node) {
  if (node == nullptr) {
    return std::nullopt;
  }
  auto read = kube::read_label_selector(*node);
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

std::uint16_t port_of(const Node* node) {
  const auto number = node == nullptr ? std::nullopt : node->integer();
  return number && *number > 0 && *number <= scalar::kPortMax ? static_cast<std::uint16_t>(*number)
                                                              : std::uint16_t{0};
}

PlainPort read_port(const Node& node, std::string pointer) {
  PlainPort port{.node = &node, .pointer = std::move(pointer), .name = {}};
  if (const Node* protocol = field(&node, "protocol"); protocol != nullptr) {
    port.protocol = scalar::parse_protocol(protocol->text()).value_or(scalar::Protocol::Tcp);
  }
  const Node* number = field(&node, "port");
  if (number != nullptr && number->is_string()) {
    port.name = number->text();
    return port;
  }
  port.first = port_of(number);
  port.last = std::max(port.first, port_of(field(&node, "endPort")));
  return port;
}

PlainRule read_rule(Direction direction, const Node& node, std::string pointer) {
  PlainRule rule{.direction = direction, .node = &node, .pointer = std::move(pointer)};
  rule.list = field(&node, rule.side());
  for (std::size_t i = 0; rule.list != nullptr && i < rule.list->size(); ++i) {
    const Node& item = rule.list->items()[i];
    rule.peers.push_back(
        {.node = &item,
         .pointer = rule.pointer + "/" + std::string(rule.side()) + "/" + std::to_string(i),
         .namespaces = selector_at(field(&item, "namespaceSelector")),
         .pods = selector_at(field(&item, "podSelector")),
         .block = field(&item, "ipBlock")});
  }
  const Node* ports = field(&node, "ports");
  for (std::size_t i = 0; ports != nullptr && i < ports->size(); ++i) {
    rule.ports.push_back(
        read_port(ports->items()[i], rule.pointer + "/ports/" + std::to_string(i)));
  }
  return rule;
}

PlainPolicy read_policy(const kube::Object& object) {
  static const scalar::LabelSelector kEveryPod;
  PlainPolicy policy{.object = &object};
  const Node* spec = field(&object.root, "spec");
  policy.subject_node = field(spec, "podSelector");
  policy.subject =
      policy.subject_node == nullptr ? std::optional(kEveryPod) : selector_at(policy.subject_node);
  policy.types = field(spec, "policyTypes");
  if (policy.types != nullptr && policy.types->size() == 0) {
    policy.types = nullptr;
  }
  policy.egress = field(spec, "egress");
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const std::string name(to_text(direction));
    const Node* rules = field(spec, name);
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      policy.rules.push_back(
          read_rule(direction, rules->items()[i], "/spec/" + name + "/" + std::to_string(i)));
    }
  }
  return policy;
}

// The rule form keeps the order of both lists.
void join(PlainPolicy& plain, std::uint32_t position, const network_policy::PolicySet& set) {
  plain.policy = position;
  const auto rules = set.rules_of(set.policies()[position]);
  for (std::size_t i = 0; i < std::min(plain.rules.size(), rules.size()); ++i) {
    plain.rules[i].rule = &rules[i];
  }
}

}  // namespace

bool PlainRule::holds(scalar::Protocol protocol, std::uint16_t port) const noexcept {
  return ports.empty() || std::ranges::any_of(ports, [&](const PlainPort& entry) {
           return entry.holds(protocol, port);
         });
}

std::string_view PlainRule::side() const noexcept {
  return direction == Direction::Ingress ? "from" : "to";
}

bool PlainPolicy::applies(Direction direction) const noexcept {
  if (types == nullptr) {
    return direction == Direction::Ingress || (egress != nullptr && egress->size() > 0);
  }
  const std::string_view wanted = direction == Direction::Ingress ? "Ingress" : "Egress";
  return std::ranges::any_of(types->items(),
                             [&](const Node& type) { return type.text() == wanted; });
}

std::vector<PlainPolicy> read_plain_policies(const kube::Snapshot& snapshot,
                                             const network_policy::PolicySet& set) {
  std::unordered_map<const kube::Object*, std::uint32_t> positions;
  for (std::uint32_t i = 0; i < set.policies().size(); ++i) {
    positions.emplace(set.policies()[i].object, i);
  }
  std::vector<PlainPolicy> policies;
  for (const std::string_view group : {"networking.k8s.io", "extensions"}) {
    for (const std::uint32_t position : snapshot.by_kind(group, "NetworkPolicy")) {
      const kube::Object& object = snapshot.objects()[position];
      policies.push_back(read_policy(object));
      if (const auto at = positions.find(&object); at != positions.end()) {
        join(policies.back(), at->second, set);
      }
    }
  }
  return policies;
}

}  // namespace tally::reachability::linting
