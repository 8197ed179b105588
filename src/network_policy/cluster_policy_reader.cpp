// policy.networking.k8s.io: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1), and
// ClusterNetworkPolicy (v1alpha2), after the comments of their API types in
// kubernetes-sigs/network-policy-api. Lower priority first, the order of rules matters, nothing is
// denied that no rule denies.
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/ports.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

constexpr std::int64_t kPriorityMax = 1'000;
constexpr std::array kProtocols{Protocol::Tcp, Protocol::Udp, Protocol::Sctp};

// What the two API versions call things.
struct Dialect {
  std::string_view title;  // for messages
  std::string_view allow;  // word of the action
  std::string_view ports;  // key of the list of ports
  bool has_pass = true;
  bool fails_closed = false;  // v1alpha2: of a peer or port that we do not know
};

constexpr Dialect kAdmin{.title = "Admin Network Policy", .allow = "Allow", .ports = "ports"};
constexpr Dialect kBaselineAdmin{.title = "Baseline Admin Network Policy",
                                 .allow = "Allow",
                                 .ports = "ports",
                                 .has_pass = false};
constexpr Dialect kCluster{.title = "Cluster Network Policy",
                           .allow = "Accept",
                           .ports = "protocols",
                           .fails_closed = true};

class Reader {
 public:
  Reader(PolicySetBuilder& builder, const kube::Object& object, const Dialect& dialect)
      : builder_(builder), object_(object), dialect_(dialect) {}

  void read(std::string_view tier, bool has_priority) {
    static const Node kEmpty;
    const Node* spec = object_.root.find("spec");
    PolicyDraft draft{.object = &object_, .tier = tier};
    if (auto done = read_spec(spec == nullptr ? kEmpty : *spec, has_priority, draft); !done) {
      builder_.invalid(object_, "/spec" + done.error().pointer, done.error().offset,
                       done.error().message);
      return;
    }
    builder_.add(std::move(draft));
  }

 private:
  Read<void> read_spec(const Node& spec, bool has_priority, PolicyDraft& draft) {
    if (has_priority) {
      const Node* priority = field(spec, "priority");
      const auto value = priority == nullptr ? std::nullopt : priority->integer();
      if (!value || *value < 0 || *value > kPriorityMax) {
        return fault(
            "/priority", priority == nullptr ? spec : *priority,
            "Invalid Priority Value: " +
                (priority == nullptr ? std::string("none") : std::string(priority->text())) +
                " in " + std::string(dialect_.title) + ": \"" + std::string(object_.ref.name) +
                "\"; it must be from 0 to 1000");
      }
      draft.order = static_cast<double>(*value);
    }
    const Node* subject = field(spec, "subject");
    if (subject == nullptr || count_fields(*subject) != 1) {
      return fault("/subject", subject == nullptr ? spec : *subject,
                   "exactly one field must be set in a subject: namespaces or pods");
    }
    auto selected = read_namespaced_pods(builder_, *subject, "/subject");
    if (!selected) {
      return std::unexpected(std::move(selected).error());
    }
    if (!*selected) {
      return fault("/subject", *subject,
                   "exactly one field must be set in a subject: namespaces or pods, found \"" +
                       std::string(subject->key(0)) + "\"");
    }
    draft.subject = **selected;
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const std::string_view name = direction == Direction::Ingress ? "ingress" : "egress";
      const Node* rules = field(spec, name);
      if (rules == nullptr) {
        continue;
      }
      draft.applies[static_cast<int>(direction)] = rules->size() > 0;
      for (std::size_t i = 0; i < rules->size(); ++i) {
        const std::string at = "/" + std::string(name) + "/" + std::to_string(i);
        if (auto done = read_rule(direction, rules->items()[i], i, at, draft); !done) {
          done.error().pointer = at + done.error().pointer;
          return done;
        }
      }
    }
    return {};
  }

  Read<Action> read_action(const Node& rule) {
    const Node* action = field(rule, "action");
    const std::string_view text = action == nullptr ? std::string_view{} : action->text();
    if (text == dialect_.allow) {
      return Action::Allow;
    }
    if (text == "Deny") {
      return Action::Deny;
    }
    if (text == "Pass" && dialect_.has_pass) {
      return Action::Pass;
    }
    return fault("/action", action == nullptr ? rule : *action,
                 "unrecognized action \"" + std::string(text) + "\"; expected " +
                     std::string(dialect_.allow) +
                     (dialect_.has_pass ? ", Deny or Pass" : " or Deny"));
  }

  Read<void> read_rule(Direction direction, const Node& node, std::size_t ordinal,
                       const std::string& at, PolicyDraft& draft) {
    auto action = read_action(node);
    if (!action) {
      return std::unexpected(std::move(action).error());
    }
    RuleDraft rule{.direction = direction,
                   .action = *action,
                   .ordinal = static_cast<std::uint32_t>(ordinal),
                   .pointer = "/spec" + at,
                   .offset = node.offset()};
    if (const Node* name = field(node, "name"); name != nullptr) {
      rule.name = name->text();
    }
    if (auto done = read_ports(field(node, dialect_.ports), rule); !done) {
      return done;
    }
    const std::string_view side = direction == Direction::Ingress ? "from" : "to";
    const Node* peers = field(node, side);
    if (peers == nullptr || peers->size() == 0) {
      return fault("/" + std::string(side), peers == nullptr ? node : *peers,
                   std::string(side) + " field must be defined and contain at least one item");
    }
    for (std::size_t i = 0; i < peers->size(); ++i) {
      const std::string below = "/" + std::string(side) + "/" + std::to_string(i);
      auto peer = read_peer(direction, peers->items()[i], at + below, below, rule);
      if (!peer) {
        return std::unexpected(std::move(peer).error());
      }
      if (*peer) {
        rule.peers.push_back(**peer);
      }
    }
    if (rule.is_any_peer) {
      rule.peers.clear();
    }
    draft.rules.push_back(std::move(rule));
    return {};
  }

  // v1alpha2: what we do not understand is taken to mean the worst. An Accept matches nothing, a
  // Deny or Pass denies whoever it is.
  static void fail_closed(RuleDraft& rule) {
    if (rule.action != Action::Allow) {
      rule.action = Action::Deny;
      rule.is_any_peer = true;
    }
  }

  Read<std::optional<Peers>> read_peer(Direction direction, const Node& node,
                                       const std::string& pointer, const std::string& below,
                                       RuleDraft& rule) {
    if (count_fields(node) != 1) {
      return fault(below, node,
                   "exactly one field must be set in a rule peer, found " +
                       std::to_string(count_fields(node)));
    }
    auto pods = read_namespaced_pods(builder_, node, below);
    if (!pods) {
      return std::unexpected(std::move(pods).error());
    }
    if (*pods) {
      return Peers{.endpoints = **pods};
    }
    if (direction == Direction::Egress) {
      if (const Node* networks = field(node, "networks"); networks != nullptr) {
        return read_networks(*networks, pointer, below, rule);
      }
      if (const Node* nodes = field(node, "nodes"); nodes != nullptr) {
        return read_nodes(*nodes, below);
      }
      if (field(node, "domainNames") != nullptr) {
        return Peers{.unknown = "a domain name, whose addresses are not known"};
      }
    }
    if (dialect_.fails_closed) {
      builder_.ignored(object_, "/spec" + pointer, node.offset(),
                       "unknown peer \"" + std::string(node.key(0)) +
                           "\": the rule fails closed, as the API asks");
      fail_closed(rule);
      return std::optional<Peers>();
    }
    return fault(below, node,
                 "exactly one field must be set in a rule peer: namespaces, pods" +
                     std::string(direction == Direction::Egress ? ", nodes or networks" : "") +
                     "; found \"" + std::string(node.key(0)) + "\"");
  }

  Read<std::optional<Peers>> read_networks(const Node& networks, const std::string& pointer,
                                           const std::string& below, const RuleDraft& rule) {
    scalar::AddressSet addresses;
    for (std::size_t i = 0; i < networks.size(); ++i) {
      const std::string at = "/networks/" + std::to_string(i);
      auto cidr = read_cidr(builder_, object_, networks.items()[i], below + at);
      if (!cidr) {
        return std::unexpected(std::move(cidr).error());
      }
      if (*cidr) {
        addresses = addresses.unite(**cidr);
      }
    }
    if (!rule.named_ports.empty()) {
      builder_.ignored(object_, "/spec" + pointer, networks.offset(),
                       "named port is not defined for IP addresses; skipped");
    }
    return Peers{.addresses = builder_.addresses(addresses),
                 .addresses_reach_endpoints = builder_.options().ip_blocks_select_pods};
  }

  // Nodes, and the pods that use their network.
  Read<std::optional<Peers>> read_nodes(const Node& nodes, const std::string& below) {
    SelectorPool& pool = builder_.selectors();
    auto selector = read_selector(builder_, nodes, Subject::NodeLabel, below + "/nodes");
    if (!selector) {
      return std::unexpected(std::move(selector).error());
    }
    const SelectorId on_host = pool.term(
        {.subject = Subject::HostNetwork, .key = {}, .op = TermOperator::In, .values = {"true"}});
    return Peers{.endpoints = pool.all_of({on_host, *selector}),
                 .unknown = "nodes, whose addresses are not known"};
  }

  Read<void> read_ports(const Node* ports, RuleDraft& rule) {
    if (ports == nullptr) {
      rule.connections = ConnectionSet::all();
      return {};
    }
    for (std::size_t i = 0; i < ports->size(); ++i) {
      const Node& item = ports->items()[i];
      const std::string at = "/" + std::string(dialect_.ports) + "/" + std::to_string(i);
      if (count_fields(item) != 1) {
        return fault(at, item,
                     "exactly one field must be set in an " +
                         std::string(dialect_.fails_closed ? "ClusterNetworkPolicyProtocol"
                                                           : "AdminNetworkPolicyPort") +
                         ", found " + std::to_string(count_fields(item)));
      }
      auto done = dialect_.fails_closed ? read_protocol_item(item, at, rule)
                                        : read_port_item(item, at, rule);
      if (!done) {
        return done;
      }
    }
    return {};
  }

  // The pod's definition says of which protocol the name is.
  static void add_named(const Node& name, RuleDraft& rule) {
    for (const Protocol protocol : kProtocols) {
      rule.named_ports.push_back({.protocol = protocol, .name = name.text()});
    }
  }

  // AdminNetworkPolicyPort: portNumber, namedPort or portRange.
  Read<void> read_port_item(const Node& item, const std::string& at, RuleDraft& rule) {
    if (const Node* named = field(item, "namedPort"); named != nullptr) {
      add_named(*named, rule);
      return {};
    }
    const Node* number = field(item, "portNumber");
    const Node* range = field(item, "portRange");
    const Node* node = number != nullptr ? number : range;
    if (node == nullptr) {
      return fault(at, item,
                   "expected portNumber, namedPort or portRange, found \"" +
                       std::string(item.key(0)) + "\"");
    }
    const std::string below = at + (number != nullptr ? "/portNumber" : "/portRange");
    Protocol protocol = Protocol::Tcp;
    if (const Node* text = field(*node, "protocol"); text != nullptr) {
      auto read = read_protocol(*text, below + "/protocol");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      protocol = *read;
    }
    return add_range(*node, number != nullptr ? "port" : "start",
                     number != nullptr ? "port" : "end", protocol, below, rule);
  }

  // ClusterNetworkPolicyProtocol: tcp, udp, sctp or destinationNamedPort.
  Read<void> read_protocol_item(const Node& item, const std::string& at, RuleDraft& rule) {
    if (const Node* named = field(item, "destinationNamedPort"); named != nullptr) {
      add_named(*named, rule);
      return {};
    }
    for (const Protocol protocol : kProtocols) {
      std::string key(scalar::protocol_name(protocol));
      std::ranges::transform(key, key.begin(),
                             [](char c) { return static_cast<char>(c - 'A' + 'a'); });
      const Node* node = field(item, key);
      if (node == nullptr) {
        continue;
      }
      const Node* port = field(*node, "destinationPort");
      const std::string below = at + "/" + key + "/destinationPort";
      if (port == nullptr) {
        rule.connections = rule.connections.unite(ConnectionSet::of(protocol));
        return {};
      }
      if (const Node* range = field(*port, "range"); range != nullptr) {
        return add_range(*range, "start", "end", protocol, below + "/range", rule);
      }
      return add_range(*port, "number", "number", protocol, below, rule);
    }
    builder_.ignored(object_, rule.pointer + at, item.offset(),
                     "unknown protocol \"" + std::string(item.key(0)) +
                         "\": the rule fails closed, as the API asks");
    if (rule.action != Action::Allow) {
      rule.connections = ConnectionSet::all();
    }
    fail_closed(rule);
    return {};
  }

  static Read<void> add_range(const Node& node, std::string_view first_key,
                              std::string_view last_key, Protocol protocol,
                              const std::string& below, RuleDraft& rule) {
    const Node* first = field(node, first_key);
    const Node* last = field(node, last_key);
    if (first == nullptr || last == nullptr) {
      return fault(below, node,
                   "found no \"" + std::string(first == nullptr ? first_key : last_key) + "\"");
    }
    auto from = read_port_number(*first, below + "/" + std::string(first_key));
    if (!from) {
      return std::unexpected(std::move(from).error());
    }
    auto to = read_port_number(*last, below + "/" + std::string(last_key));
    if (!to) {
      return std::unexpected(std::move(to).error());
    }
    if (*to < *from) {
      return fault(below, node,
                   "port range " + std::to_string(*from) + "-" + std::to_string(*to) +
                       " is empty: end must not be less than start");
    }
    rule.connections.add(protocol, PortSet(*from, *to));
    return {};
  }

  PolicySetBuilder& builder_;
  const kube::Object& object_;
  const Dialect& dialect_;
};

constexpr std::string_view kGroup = "policy.networking.k8s.io";

}  // namespace

void read_admin_network_policies(PolicySetBuilder& builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(kGroup, "AdminNetworkPolicy")) {
    Reader(builder, snapshot.objects()[position], kAdmin).read(kAdminTier, true);
  }
  for (const std::uint32_t position : snapshot.by_kind(kGroup, "BaselineAdminNetworkPolicy")) {
    Reader(builder, snapshot.objects()[position], kBaselineAdmin).read(kBaselineTier, false);
  }
}

void read_cluster_network_policies(PolicySetBuilder& builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind(kGroup, "ClusterNetworkPolicy")) {
    const kube::Object& object = snapshot.objects()[position];
    const Node* spec = object.root.find("spec");
    const Node* tier = spec == nullptr ? nullptr : field(*spec, "tier");
    const std::string_view name = tier == nullptr ? std::string_view{} : tier->text();
    if (name != "Admin" && name != "Baseline") {
      builder.invalid(object, "/spec/tier", tier == nullptr ? object.root.offset() : tier->offset(),
                      "found \"" + std::string(name) + "\", expected Admin or Baseline");
      continue;
    }
    Reader(builder, object, kCluster).read(name == "Admin" ? kAdminTier : kBaselineTier, true);
  }
}

}  // namespace tally::network_policy
