// Who a rule of Cilium speaks of. The parts exclude each other (Cilium
// pkg/policy/api/rule_validation.go). A part that is an empty list selects nobody; no part at all
// selects everybody, if the rule names ports (pkg/policy/types/policyentry.go: "Nil selects
// nothing. Non-nil but empty L3 is implicitly treated as a wildcard selector if any L4 PortRules
// are also specified").
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "network_policy/internal/cilium.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::AddressSet;

struct Part {
  std::string_view ingress;  // key; empty: there is none
  std::string_view egress;
};
enum PartIndex : std::uint8_t {
  kEndpoints,
  kCidr,
  kCidrSet,
  kEntities,
  kNodes,
  kGroups,
  kServices,
  kNames
};
constexpr std::array<Part, 8> kParts{{{"fromEndpoints", "toEndpoints"},
                                      {"fromCIDR", "toCIDR"},
                                      {"fromCIDRSet", "toCIDRSet"},
                                      {"fromEntities", "toEntities"},
                                      {"fromNodes", "toNodes"},
                                      {"fromGroups", "toGroups"},
                                      {"", "toServices"},
                                      {"", "toFQDNs"}}};

// Only addresses without an identity of their own: no pods, no nodes (Cilium
// Documentation/security/policy/layer3.rst, "IP/CIDR based"; policy-cidr-match-mode is not set).
void add_addresses(const CiliumScope& scope, const AddressSet& addresses, RuleDraft& rule) {
  rule.peers.push_back(
      {.addresses = scope.builder.addresses(addresses.minus(scope.node_addresses))});
}

// api.CIDR: a prefix, or a single address.
Read<AddressSet> read_prefix(const CiliumScope& scope, const Node& node, const std::string& pointer,
                             bool or_address) {
  if (or_address && node.is_string()) {
    if (const auto address = scalar::IpAddress::parse(node.text())) {
      return AddressSet(*address);
    }
  }
  auto prefix = read_cidr(scope.builder, scope.object, node, pointer);
  if (!prefix) {
    return std::unexpected(std::move(prefix).error());
  }
  return prefix->value_or(AddressSet());
}

Read<void> read_cidrs(const CiliumScope& scope, const Node& list, const std::string& pointer,
                      RuleDraft& rule) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto addresses = read_prefix(scope, list.items()[i], pointer + "/" + std::to_string(i), true);
    if (!addresses) {
      return std::unexpected(std::move(addresses).error());
    }
    add_addresses(scope, *addresses, rule);
  }
  return {};
}

AddressSet group_addresses(const kube::Object& group) {
  AddressSet addresses;
  const Node* spec = group.root.find("spec");
  const Node* cidrs = spec == nullptr ? nullptr : field(*spec, "externalCIDRs");
  if (cidrs != nullptr) {
    for (const Node& cidr : cidrs->items()) {
      if (const auto prefix = scalar::Cidr::parse(cidr.text())) {
        addresses = addresses.unite(AddressSet(*prefix));
      }
    }
  }
  return addresses;
}

// CiliumCIDRGroup by name or by labels.
Read<AddressSet> read_group(const CiliumScope& scope, const Node* name, const Node* selector,
                            const std::string& pointer) {
  const kube::Snapshot& snapshot = scope.builder.snapshot();
  if (name != nullptr) {
    const kube::Object* group = snapshot.find("cilium.io", "CiliumCIDRGroup", "", name->text());
    if (group == nullptr) {
      scope.ignored(pointer + "/cidrGroupRef", *name,
                    "no CiliumCIDRGroup is named " + quoted(*name) + ": it selects nothing");
      return AddressSet();
    }
    return group_addresses(*group);
  }
  const auto wanted = kube::read_label_selector(*selector);
  if (!wanted) {
    return fault(pointer + "/cidrGroupSelector", *selector, wanted.error().message);
  }
  AddressSet addresses;
  for (const std::uint32_t position : snapshot.by_kind("cilium.io", "CiliumCIDRGroup")) {
    const kube::Object& group = snapshot.objects()[position];
    if (wanted->matches([&group](std::string_view key) { return group.label(key); })) {
      addresses = addresses.unite(group_addresses(group));
    }
  }
  return addresses;
}

Read<void> read_cidr_set(const CiliumScope& scope, const Node& list, const std::string& pointer,
                         RuleDraft& rule) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node& item = list.items()[i];
    const std::string at = pointer + "/" + std::to_string(i);
    const Node* cidr = field(item, "cidr");
    const Node* name = field(item, "cidrGroupRef");
    const Node* selector = field(item, "cidrGroupSelector");
    const int count = (cidr != nullptr) + (name != nullptr) + (selector != nullptr);
    if (count != 1) {
      return fault(at, item,
                   "exactly one of cidr, cidrGroupRef and cidrGroupSelector is required, found " +
                       std::to_string(count));
    }
    auto whole = cidr != nullptr ? read_prefix(scope, *cidr, at + "/cidr", false)
                                 : read_group(scope, name, selector, at);
    if (!whole) {
      return std::unexpected(std::move(whole).error());
    }
    AddressSet addresses = *whole;
    if (const Node* except = field(item, "except"); except != nullptr) {
      for (std::size_t j = 0; j < except->size(); ++j) {
        const Node& one = except->items()[j];
        const std::string below = at + "/except/" + std::to_string(j);
        auto part = read_prefix(scope, one, below, false);
        if (!part) {
          return std::unexpected(std::move(part).error());
        }
        if (cidr != nullptr && !whole->contains(*part)) {
          return fault(
              below, one,
              "the prefix " + quoted(*cidr) + " does not contain the exception " + quoted(one));
        }
        addresses = addresses.minus(*part);
      }
    }
    add_addresses(scope, addresses, rule);
  }
  return {};
}

Read<void> read_names(const Node& list, const std::string& pointer, RuleDraft& rule) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Node& item = list.items()[i];
    const Node* name = field(item, "matchName");
    const Node* pattern = field(item, "matchPattern");
    if (name == nullptr && pattern == nullptr) {
      return fault(pointer + "/" + std::to_string(i), item,
                   "expected a matchName or a matchPattern, found neither");
    }
  }
  if (list.size() > 0) {
    // Nothing is allowed until the proxy has seen an answer of a DNS server.
    rule.peers.push_back({.unknown = "DNS names, whose addresses are not known"});
  }
  return {};
}

// Nodes have identities of their own only where enable-node-selector-labels is set.
Read<void> read_nodes(const CiliumScope& scope, const Node& list, const std::string& pointer,
                      RuleDraft& rule) {
  SelectorPool& pool = scope.builder.selectors();
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto nodes = read_cilium_nodes(scope, list.items()[i], pointer + "/" + std::to_string(i));
    if (!nodes) {
      return std::unexpected(std::move(nodes).error());
    }
    rule.peers.push_back(
        {.endpoints = pool.all_of({*nodes, pool.undecided("enable-node-selector-labels")}),
         .unknown = "nodes by label, whose addresses are not known"});
  }
  return {};
}

Read<void> read_part(const CiliumScope& scope, std::size_t part, const Node& list,
                     const std::string& pointer, RuleDraft& rule) {
  switch (static_cast<PartIndex>(part)) {
    case kEndpoints:
      for (std::size_t i = 0; i < list.size(); ++i) {
        if (auto done = read_cilium_endpoint(scope, list.items()[i],
                                             pointer + "/" + std::to_string(i), rule);
            !done) {
          return done;
        }
      }
      return {};
    case kCidr:
      return read_cidrs(scope, list, pointer, rule);
    case kCidrSet:
      return read_cidr_set(scope, list, pointer, rule);
    case kEntities:
      for (std::size_t i = 0; i < list.size(); ++i) {
        const Node& item = list.items()[i];
        if (!add_cilium_entity(scope, item.text(), rule)) {
          return fault(pointer + "/" + std::to_string(i), item,
                       "unsupported entity: " + quoted(item));
        }
      }
      return {};
    case kNodes:
      return read_nodes(scope, list, pointer, rule);
    case kGroups:
      if (list.size() > 0) {
        rule.peers.push_back(
            {.unknown = "groups of a cloud provider, whose addresses are not known"});
      }
      return {};
    case kServices:
      return read_cilium_services(scope, list, pointer, rule);
    case kNames:
      return read_names(list, pointer, rule);
  }
  return {};
}

}  // namespace

// Cilium pkg/policy/api/entity.go, EntitySelectorMapping. A pod on its node's network is its node;
// whether that is the node of the endpoint on the other side is not known here.
bool add_cilium_entity(const CiliumScope& scope, std::string_view name, RuleDraft& rule) {
  PolicySetBuilder& builder = scope.builder;
  SelectorPool& pool = builder.selectors();
  const SelectorId host_pods = cilium_host_pods(builder);
  Peers peers;
  if (name == "all") {
    rule.is_any_peer = true;
    return true;
  }
  if (name == "world") {
    peers.entities = Entity::World;
  } else if (name == "world-ipv4") {
    peers.addresses = builder.addresses(AddressSet::all_v4().minus(scope.node_addresses));
  } else if (name == "world-ipv6") {
    peers.addresses = builder.addresses(AddressSet::all_v6().minus(scope.node_addresses));
  } else if (name == "cluster") {
    peers.endpoints = kEverything;
    peers.entities =
        Entity::Host | Entity::RemoteNode | Entity::ApiServer | Entity::IngressController;
    peers.addresses = builder.addresses(scope.node_addresses);
  } else if (name == "host") {
    peers.endpoints = pool.all_of({host_pods, pool.undecided("which node a pod runs on")});
    peers.entities = Entity::Host;
  } else if (name == "remote-node") {
    peers.endpoints = pool.all_of({host_pods, pool.undecided("which node a pod runs on")});
    peers.entities = Entity::RemoteNode;
    peers.addresses = builder.addresses(scope.node_addresses);
  } else if (name == "kube-apiserver") {
    const SelectorId server = pool.term({.subject = Subject::PodLabel,
                                         .key = "component",
                                         .op = TermOperator::In,
                                         .values = {"kube-apiserver"}});
    peers.endpoints = pool.all_of(
        {host_pods, pool.any_of({server, pool.undecided("which node kube-apiserver runs on")})});
    peers.entities = Entity::ApiServer;
  } else if (name == "ingress") {
    peers.entities = Entity::IngressController;
  } else if (name != "init" && name != "health" && name != "unmanaged" && name != "none") {
    return false;  // those four are no peers that we know of
  }
  rule.peers.push_back(peers);
  return true;
}

Read<void> read_cilium_peers(const CiliumScope& scope, const Node& node, const std::string& pointer,
                             RuleDraft& rule) {
  const bool is_ingress = rule.direction == Direction::Ingress;
  std::string_view found;
  bool has_part = false;
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    const std::string_view key = is_ingress ? kParts[i].ingress : kParts[i].egress;
    const Node* list = key.empty() ? nullptr : field(node, key);
    if (list == nullptr) {
      continue;
    }
    const std::string at = pointer + "/" + std::string(key);
    if (!list->is_array()) {
      return fault(at, *list, "found " + quoted(*list) + ", expected a list");
    }
    if (i == kNames && rule.action == Action::Deny) {
      scope.ignored(at, *list, "a deny rule has no toFQDNs");
      continue;
    }
    // Of services, groups and names an empty list is as good as none
    // (pkg/policy/utils/parserules.go, mergeEndpointSelectors).
    const bool counts_when_empty = i < kGroups;
    has_part = has_part || counts_when_empty || list->size() > 0;
    if (list->size() > 0) {
      if (!found.empty()) {
        return fault(pointer, node,
                     "combining " + std::string(found) + " and " + std::string(key) +
                         " in one rule is not supported");
      }
      found = key;
    }
    if (auto done = read_part(scope, i, *list, at, rule); !done) {
      return done;
    }
  }
  if (!has_part) {
    rule.is_any_peer = true;
  }
  if (rule.is_any_peer) {
    rule.peers.clear();
  }
  return {};
}

}  // namespace tally::network_policy
