// cilium.io/v2 CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, after Cilium 1.19. They
// stand in one tier with NetworkPolicies: what any of them allows is allowed, unless a deny rule of
// one says no (Documentation/security/policy/deny.rst).
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

struct List {
  std::string_view key;
  Direction direction;
  Action action;
};
constexpr std::array<List, 4> kLists{{{"ingress", Direction::Ingress, Action::Allow},
                                      {"ingressDeny", Direction::Ingress, Action::Deny},
                                      {"egress", Direction::Egress, Action::Allow},
                                      {"egressDeny", Direction::Egress, Action::Deny}}};
constexpr std::array<std::string_view, 20> kRuleFields{
    "fromEndpoints", "fromRequires", "fromCIDR",    "fromCIDRSet",    "fromEntities",
    "fromNodes",     "fromGroups",   "toEndpoints", "toRequires",     "toCIDR",
    "toCIDRSet",     "toEntities",   "toServices",  "toNodes",        "toGroups",
    "toFQDNs",       "toPorts",      "icmps",       "authentication", "description"};

class Reader {
 public:
  explicit Reader(const CiliumScope& scope) : scope_(scope) {}

  // All rules of the object, or a fault: one that is wrong spoils the whole policy
  // (pkg/k8s/apis/cilium.io/v2/cnp_types.go, Parse).
  Read<std::vector<PolicyDraft>> read() {
    std::vector<PolicyDraft> drafts;
    const Node* spec = field(scope_.object.root, "spec");
    const Node* specs = field(scope_.object.root, "specs");
    if (spec == nullptr && specs == nullptr) {
      return fault("", scope_.object.root, "a policy needs a spec or specs, found neither");
    }
    if (spec != nullptr) {
      if (auto done = read_spec(*spec, "/spec", drafts); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    for (std::size_t i = 0; specs != nullptr && i < specs->size(); ++i) {
      if (auto done = read_spec(specs->items()[i], "/specs/" + std::to_string(i), drafts); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    return drafts;
  }

 private:
  Read<void> read_spec(const Node& spec, const std::string& at, std::vector<PolicyDraft>& drafts) {
    const Node* endpoints = field(spec, "endpointSelector");
    const Node* nodes = field(spec, "nodeSelector");
    if ((endpoints == nullptr) == (nodes == nullptr)) {
      return fault(at, spec,
                   endpoints == nullptr
                       ? "a rule must have an endpointSelector or a nodeSelector"
                       : "a rule cannot have both endpointSelector and nodeSelector");
    }
    PolicyDraft draft{.object = &scope_.object, .tier = kDefaultTier, .order = 1'000};
    if (endpoints != nullptr) {
      auto subject = read_cilium_subject(scope_, *endpoints, at + "/endpointSelector");
      if (!subject) {
        return std::unexpected(std::move(subject).error());
      }
      draft.subject = *subject;
    } else if (!scope_.name_space.empty()) {
      return fault(at + "/nodeSelector", *nodes, "a namespaced policy cannot have a nodeSelector");
    } else {
      scope_.ignored(at + "/nodeSelector", *nodes, "a host policy: it selects nodes, and no pod");
      draft.subject = kNothing;
    }
    bool has_rules = false;
    for (const List& list : kLists) {
      const Node* rules = field(spec, list.key);
      if (rules == nullptr || rules->size() == 0) {
        continue;  // "If omitted or empty, this rule does not apply"
      }
      has_rules = true;
      draft.applies[static_cast<int>(list.direction)] = true;
      draft.isolates[static_cast<int>(list.direction)] = denies_by_default(spec, list.direction);
      for (std::size_t i = 0; i < rules->size(); ++i) {
        const std::string below = at + "/" + std::string(list.key) + "/" + std::to_string(i);
        if (auto done = read_rule(list, rules->items()[i], i, below, draft); !done) {
          return done;
        }
      }
    }
    if (!has_rules) {
      scope_.ignored(at, spec, "no rules: it has no effect");
    }
    drafts.push_back(std::move(draft));
    return {};
  }

  // enableDefaultDeny: true where there are rules, unless it says no (pkg/policy/utils/
  // parserules.go: the entry of a rule carries it, so that without rules it says nothing).
  static bool denies_by_default(const Node& spec, Direction direction) {
    const Node* switches = field(spec, "enableDefaultDeny");
    const Node* own = switches == nullptr ? nullptr : field(*switches, to_text(direction));
    return own == nullptr || own->boolean();
  }

  Read<void> read_rule(const List& list, const Node& node, std::size_t ordinal,
                       const std::string& at, PolicyDraft& draft) {
    RuleDraft rule{.direction = list.direction,
                   .action = list.action,
                   .is_first_in_tier = list.action == Action::Deny,
                   .ordinal = static_cast<std::uint32_t>(ordinal),
                   .pointer = at,
                   .offset = node.offset()};
    note_fields(node, at);
    auto has_ports = read_cilium_ports(scope_, node, at, rule);
    if (!has_ports) {
      return std::unexpected(std::move(has_ports).error());
    }
    if (auto done = read_cilium_peers(scope_, node, at, rule); !done) {
      return done;
    }
    if (auto done = read_requirements(node, at, rule, draft); !done) {
      return done;
    }
    // "ingress: [{}]": default deny, and nothing is allowed. But a rule that says `all` names
    // somebody.
    const bool names_nobody = rule.is_any_peer && !*has_ports && !has_peer_field(node, rule);
    if (names_nobody) {
      rule.is_any_peer = false;
    }
    draft.rules.push_back(std::move(rule));
    return {};
  }

  static bool has_peer_field(const Node& node, const RuleDraft& rule) {
    const bool is_ingress = rule.direction == Direction::Ingress;
    const Node* entities = field(node, is_ingress ? "fromEntities" : "toEntities");
    const Node* endpoints = field(node, is_ingress ? "fromEndpoints" : "toEndpoints");
    return (entities != nullptr && entities->size() > 0) ||
           (endpoints != nullptr && endpoints->size() > 0);
  }

  // fromRequires and toRequires, gone since Cilium 1.19: the pods on the other side must match them
  // all, whichever rule allows them (Documentation/security/policy/layer3.rst, "Additional Label
  // Requirements"): a deny of those that do not.
  Read<void> read_requirements(const Node& node, const std::string& at, const RuleDraft& rule,
                               PolicyDraft& draft) {
    const std::string_view key =
        rule.direction == Direction::Ingress ? "fromRequires" : "toRequires";
    const Node* list = field(node, key);
    if (list == nullptr || list->size() == 0) {
      return {};
    }
    SelectorPool& pool = scope_.builder.selectors();
    std::vector<SelectorId> all;
    const std::string below = at + "/" + std::string(key);
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto one = read_cilium_requirement(scope_, list->items()[i], below + "/" + std::to_string(i));
      if (!one) {
        return std::unexpected(std::move(one).error());
      }
      all.push_back(*one);
    }
    scope_.ignored(
        below, *list,
        std::string(key) + ": judged as Cilium 1.18 does; Cilium 1.19 has no such field");
    RuleDraft deny{.direction = rule.direction,
                   .action = Action::Deny,
                   .is_first_in_tier = true,
                   .connections = scalar::ConnectionSet::all(),
                   .ordinal = rule.ordinal,
                   .pointer = below,
                   .offset = list->offset()};
    deny.peers.push_back({.endpoints = pool.all_of(
                              {cilium_endpoints(scope_.builder), pool.negate(pool.all_of(all))})});
    draft.rules.push_back(std::move(deny));
    return {};
  }

  // The API server drops fields that the CRD does not have: what remains may allow more, or less,
  // than was meant.
  void note_fields(const Node& node, const std::string& at) const {
    for (const document::Member member : node.members()) {
      if (std::ranges::find(kRuleFields, member.key) == kRuleFields.end()) {
        scope_.ignored(at, member.value,
                       "unknown field \"" + std::string(member.key.substr(0, 64)) +
                           "\": the API server drops it");
      }
    }
    if (const Node* authentication = field(node, "authentication"); authentication != nullptr) {
      scope_.ignored(at + "/authentication", *authentication,
                     "mutual authentication is asked for; the connection is judged as allowed");
    }
  }

  const CiliumScope& scope_;
};

AddressSet addresses_of_nodes(const kube::Snapshot& snapshot) {
  AddressSet addresses;
  for (const std::uint32_t position : snapshot.by_kind("", "Node")) {
    const Node* status = snapshot.objects()[position].root.find("status");
    const Node* list = status == nullptr ? nullptr : status->find("addresses");
    if (list == nullptr) {
      continue;
    }
    for (const Node& item : list->items()) {
      const Node* text = item.find("address");
      const auto address =
          scalar::IpAddress::parse(text == nullptr ? std::string_view{} : text->text());
      if (address) {
        addresses = addresses.unite(AddressSet(*address));
      }
    }
  }
  return addresses;
}

}  // namespace

void read_cilium_policies(PolicySetBuilder& builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  const AddressSet nodes = addresses_of_nodes(snapshot);
  for (const std::string_view kind : {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}) {
    for (const std::uint32_t position : snapshot.by_kind("cilium.io", kind)) {
      const kube::Object& object = snapshot.objects()[position];
      const CiliumScope scope{
          .builder = builder,
          .object = object,
          .name_space = kind == "CiliumNetworkPolicy" ? object.ref.name_space : std::string_view{},
          .node_addresses = nodes};
      auto drafts = Reader(scope).read();
      if (!drafts) {
        builder.invalid(object, std::move(drafts.error().pointer), drafts.error().offset,
                        std::move(drafts.error().message));
        continue;
      }
      for (PolicyDraft& draft : *drafts) {
        builder.add(std::move(draft));
      }
    }
  }
}

}  // namespace tally::network_policy
