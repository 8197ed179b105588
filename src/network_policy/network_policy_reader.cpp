// networking.k8s.io/v1 NetworkPolicy (kubernetes.io/docs/reference/kubernetes-api/policy-resources/
// network-policy-v1, and the comments of k8s.io/api/networking/v1 types.go 1.36).
#include <algorithm>
#include <utility>

#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/ports.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;

class Reader {
 public:
  Reader(PolicySetBuilder& builder, const kube::Object& object)
      : builder_(builder), object_(object), pool_(builder.selectors()) {}

  std::optional<PolicyDraft> read() {
    static const Node kEmpty;
    const Node* spec = object_.root.find("spec");
    if (spec == nullptr || spec->is_null()) {
      spec = &kEmpty;
    }
    PolicyDraft draft{.object = &object_, .tier = kDefaultTier};
    if (auto done = read_spec(*spec, draft); !done) {
      builder_.invalid(object_, "/spec" + done.error().pointer, done.error().offset,
                       done.error().message);
      return std::nullopt;
    }
    return draft;
  }

 private:
  Read<void> read_spec(const Node& spec, PolicyDraft& draft) {
    // Where Calico runs too, NetworkPolicies stand in its default tier at this order
    // (docs.tigera.io/calico/latest/network-policy/policy-rules).
    draft.order = 1'000;
    std::vector<SelectorId> subject{pool_.in_namespace(object_.ref.name_space), pods_not_on_host()};
    if (const Node* selector = field(spec, "podSelector"); selector != nullptr) {
      auto read = read_selector(builder_, *selector, Subject::PodLabel, "/podSelector");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      subject.push_back(*read);
    }
    draft.subject = pool_.all_of(std::move(subject));
    if (auto done = read_types(spec, draft); !done) {
      return done;
    }
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const std::string_view name = direction == Direction::Ingress ? "ingress" : "egress";
      const Node* rules = field(spec, name);
      if (rules == nullptr) {
        continue;
      }
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

  // Absent: Ingress always, Egress if there are egress rules: an empty list does not isolate.
  Read<void> read_types(const Node& spec, PolicyDraft& draft) {
    const Node* types = field(spec, "policyTypes");
    if (types == nullptr || types->size() == 0) {
      const Node* egress = field(spec, "egress");
      draft.applies[static_cast<int>(Direction::Ingress)] = true;
      draft.applies[static_cast<int>(Direction::Egress)] = egress != nullptr && egress->size() > 0;
    } else {
      for (std::size_t i = 0; i < types->size(); ++i) {
        const Node& type = types->items()[i];
        if (type.text() == "Ingress") {
          draft.applies[static_cast<int>(Direction::Ingress)] = true;
        } else if (type.text() == "Egress") {
          draft.applies[static_cast<int>(Direction::Egress)] = true;
        } else {
          return fault("/policyTypes/" + std::to_string(i), type,
                       "found " + quoted(type) + ", expected Ingress or Egress");
        }
      }
    }
    std::ranges::copy(draft.applies, std::begin(draft.isolates));
    return {};
  }

  Read<void> read_rule(Direction direction, const Node& node, std::size_t ordinal,
                       const std::string& at, PolicyDraft& draft) {
    RuleDraft rule{.direction = direction,
                   .action = Action::Allow,
                   .ordinal = static_cast<std::uint32_t>(ordinal),
                   .pointer = "/spec" + at,
                   .offset = node.offset()};
    auto ports = read_network_policy_ports(field(node, "ports"));
    if (!ports) {
      return std::unexpected(std::move(ports).error());
    }
    rule.connections = std::move(ports->connections);
    rule.named_ports = std::move(ports->named);
    const std::string_view side = direction == Direction::Ingress ? "from" : "to";
    const Node* peers = field(node, side);
    rule.is_any_peer = peers == nullptr || peers->size() == 0;
    for (std::size_t i = 0; peers != nullptr && i < peers->size(); ++i) {
      const std::string below = "/" + std::string(side) + "/" + std::to_string(i);
      auto peer = read_peer(peers->items()[i], below);
      if (!peer) {
        return std::unexpected(std::move(peer).error());
      }
      if (peer->addresses != kNoAddresses && direction == Direction::Egress &&
          !rule.named_ports.empty()) {
        builder_.ignored(object_, "/spec" + at + below, peers->items()[i].offset(),
                         "named port is not defined for IP addresses; skipped");
      }
      rule.peers.push_back(*peer);
    }
    draft.rules.push_back(std::move(rule));
    return {};
  }

  Read<Peers> read_peer(const Node& node, const std::string& at) {
    const Node* pods = field(node, "podSelector");
    const Node* namespaces = field(node, "namespaceSelector");
    const Node* block = field(node, "ipBlock");
    if (block != nullptr) {
      if (pods != nullptr || namespaces != nullptr) {
        return fault(at, node,
                     "an ipBlock cannot stand beside a podSelector or a namespaceSelector");
      }
      return read_block(*block, at + "/ipBlock");
    }
    if (pods == nullptr && namespaces == nullptr) {
      return fault(at, node,
                   "a peer must have a podSelector, a namespaceSelector or an ipBlock; found none");
    }
    std::vector<SelectorId> parts{pods_not_on_host()};
    if (namespaces == nullptr) {
      parts.push_back(pool_.in_namespace(object_.ref.name_space));
    } else {
      auto read =
          read_selector(builder_, *namespaces, Subject::NamespaceLabel, at + "/namespaceSelector");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      parts.push_back(*read);
    }
    if (pods != nullptr) {
      auto read = read_selector(builder_, *pods, Subject::PodLabel, at + "/podSelector");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      parts.push_back(*read);
    }
    return Peers{.endpoints = pool_.all_of(std::move(parts))};
  }

  Read<Peers> read_block(const Node& block, const std::string& at) {
    const Node* cidr = field(block, "cidr");
    if (cidr == nullptr) {
      return fault(at, block, "an ipBlock needs a cidr");
    }
    auto whole = read_cidr(builder_, object_, *cidr, at + "/cidr");
    if (!whole) {
      return std::unexpected(std::move(whole).error());
    }
    scalar::AddressSet addresses = whole->value_or(scalar::AddressSet());
    if (const Node* except = field(block, "except"); except != nullptr) {
      for (std::size_t i = 0; i < except->size(); ++i) {
        const Node& item = except->items()[i];
        const std::string below = at + "/except/" + std::to_string(i);
        auto part = read_cidr(builder_, object_, item, below);
        if (!part) {
          return std::unexpected(std::move(part).error());
        }
        if (*part && *whole && !(*whole)->contains(**part)) {
          return fault(
              below, item,
              "an except must lie within the cidr " + quoted(*cidr) + ", found " + quoted(item));
        }
        if (*part) {
          addresses = addresses.minus(**part);
        }
      }
    }
    return Peers{.addresses = builder_.addresses(addresses),
                 .addresses_reach_endpoints = builder_.options().ip_blocks_select_pods};
  }

  SelectorId pods_not_on_host() {
    return builder_.options().host_network_pods_are_nodes
               ? pool_.term({.subject = Subject::HostNetwork,
                             .key = {},
                             .op = TermOperator::In,
                             .values = {"false"}})
               : kEverything;
  }

  PolicySetBuilder& builder_;
  const kube::Object& object_;
  SelectorPool& pool_;
};

}  // namespace

std::optional<PolicyDraft> draft_network_policy(PolicySetBuilder& builder,
                                                const kube::Object& object) {
  return Reader(builder, object).read();
}

void read_network_policies(PolicySetBuilder& builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  // extensions/v1beta1 has the same shape and is still found in repositories.
  for (const std::string_view group : {"networking.k8s.io", "extensions"}) {
    for (const std::uint32_t position : snapshot.by_kind(group, "NetworkPolicy")) {
      if (auto draft = draft_network_policy(builder, snapshot.objects()[position])) {
        builder.add(std::move(*draft));
      }
    }
  }
}

}  // namespace tally::network_policy
