// Calico's selectors over pods and network sets.
//
// Calico turns them into selectors over one flat map of labels per endpoint
// (libcalico-go/lib/backend/syncersv1/updateprocessors/rules.go, Calico 3.30): the labels of the
// pod, those of its namespace with the prefix "pcns.", those of its service account with "pcsa.",
// and a few of Calico's own.
#include <algorithm>
#include <utility>

#include "kube/namespace_labels.hpp"
#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using Kind = CalicoSelector::Kind;
using document::Node;

constexpr std::string_view kNamespaceLabel = "projectcalico.org/namespace";
constexpr std::string_view kServiceAccountLabel = "projectcalico.org/serviceaccount";
constexpr std::string_view kOrchestratorLabel = "projectcalico.org/orchestrator";
constexpr std::string_view kNameLabel = "projectcalico.org/name";
constexpr std::string_view kNamespacePrefix = "pcns.";
constexpr std::string_view kServiceAccountPrefix = "pcsa.";

TermOperator term_operator(Kind kind) {
  switch (kind) {
    case Kind::In:
      return TermOperator::In;
    case Kind::NotIn:
      return TermOperator::NotIn;
    case Kind::Contains:
      return TermOperator::Contains;
    case Kind::StartsWith:
      return TermOperator::StartsWith;
    case Kind::EndsWith:
      return TermOperator::EndsWith;
    case Kind::All:
    case Kind::Global:
    case Kind::Has:
    case Kind::Not:
    case Kind::And:
    case Kind::Or:
      break;
  }
  return TermOperator::Exists;
}

}  // namespace

Read<CalicoSelector> read_calico_selector(const Node& node, const std::string& pointer) {
  if (!node.is_string()) {
    return fault(pointer, node, "found " + quoted(node) + ", expected a selector");
  }
  auto selector = CalicoSelector::parse(node.text());
  if (!selector) {
    return fault(pointer, node,
                 "invalid selector " + quoted(node) + ": " + selector.error().message);
  }
  return std::move(*selector);
}

Read<scalar::AddressSet> read_calico_nets(PolicySetBuilder& builder, const kube::Object& object,
                                          const Node& nets, const std::string& pointer) {
  scalar::AddressSet addresses;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    const Node& item = nets.items()[i];
    const std::string at = pointer + "/" + std::to_string(i);
    // ParseCIDROrIP: an address alone is a prefix of all of its bits.
    if (const auto address = scalar::IpAddress::parse(item.text()); item.is_string() && address) {
      if (address->is_v4() || builder.options().with_v6) {
        addresses = addresses.unite(scalar::AddressSet(*address));
        continue;
      }
    }
    auto cidr = read_cidr(builder, object, item, at);
    if (!cidr) {
      return std::unexpected(std::move(cidr).error());
    }
    if (*cidr) {
      addresses = addresses.unite(**cidr);
    }
  }
  return addresses;
}

CalicoWorld::CalicoWorld(PolicySetBuilder& builder) : builder_(builder) {
  const kube::Snapshot& snapshot = builder.snapshot();
  for (const std::uint32_t position : snapshot.by_kind("", "ServiceAccount")) {
    service_accounts_.push_back(&snapshot.objects()[position]);
  }
  read_network_sets();
}

void CalicoWorld::read_network_sets() {
  const kube::Snapshot& snapshot = builder_.snapshot();
  for (const std::string_view group : kCalicoGroups) {
    for (const std::string_view kind : {"NetworkSet", "GlobalNetworkSet"}) {
      for (const std::uint32_t position : snapshot.by_kind(group, kind)) {
        const kube::Object& object = snapshot.objects()[position];
        CalicoNetworkSet set{.object = &object, .name_space = {}, .addresses = {}};
        if (kind == "NetworkSet") {
          set.name_space = object.ref.name_space;
        }
        const Node* spec = object.root.find("spec");
        const Node* nets = spec == nullptr ? nullptr : field(*spec, "nets");
        if (nets != nullptr) {
          auto addresses = read_calico_nets(builder_, object, *nets, "/spec/nets");
          if (!addresses) {
            builder_.invalid(object, addresses.error().pointer, addresses.error().offset,
                             addresses.error().message);
            continue;
          }
          set.addresses = std::move(*addresses);
        }
        sets_.push_back(std::move(set));
      }
    }
  }
}

SelectorId CalicoWorld::workload_endpoints() {
  return builder_.options().host_network_pods_are_nodes
             ? builder_.selectors().term({.subject = Subject::HostNetwork,
                                          .key = {},
                                          .op = TermOperator::In,
                                          .values = {"false"}})
             : kEverything;
}

SelectorId CalicoWorld::service_account_names(std::vector<std::string> names) {
  return builder_.selectors().term({.subject = Subject::ServiceAccount,
                                    .key = {},
                                    .op = TermOperator::In,
                                    .values = std::move(names)});
}

SelectorId CalicoWorld::pods(const CalicoSelector& selector, CalicoScope scope) {
  SelectorPool& pool = builder_.selectors();
  std::vector<SelectorId> made;
  made.reserve(selector.nodes().size());
  for (const CalicoSelector::Node& node : selector.nodes()) {
    std::vector<SelectorId> parts;
    for (const std::uint32_t part : node.parts) {
      parts.push_back(made[part]);
    }
    switch (node.kind) {
      case Kind::All:
        made.push_back(kEverything);
        break;
      case Kind::Global:
        made.push_back(kNothing);
        break;
      case Kind::Not:
        made.push_back(pool.negate(parts.front()));
        break;
      case Kind::And:
        made.push_back(pool.all_of(std::move(parts)));
        break;
      case Kind::Or:
        made.push_back(pool.any_of(std::move(parts)));
        break;
      case Kind::Has:
      case Kind::In:
      case Kind::NotIn:
      case Kind::Contains:
      case Kind::StartsWith:
      case Kind::EndsWith:
        made.push_back(test(node, scope));
        break;
    }
  }
  return made.back();
}

SelectorId CalicoWorld::term(Subject subject, std::string_view key,
                             const CalicoSelector::Node& node) {
  const bool is_label = subject == Subject::PodLabel || subject == Subject::NamespaceLabel;
  if (!is_label && node.kind == Kind::Has) {
    return kEverything;  // every pod has a name, a namespace and a service account
  }
  return builder_.selectors().term({.subject = subject,
                                    .key = std::string(is_label ? key : std::string_view{}),
                                    .op = term_operator(node.kind),
                                    .values = node.values});
}

SelectorId CalicoWorld::test(const CalicoSelector::Node& node, CalicoScope scope) {
  const std::string_view key = node.key;
  if (scope == CalicoScope::Namespace) {
    return key == kNameLabel ? term(Subject::NamespaceName, {}, node)
                             : term(Subject::NamespaceLabel, key, node);
  }
  if (scope == CalicoScope::ServiceAccount) {
    return test_service_account(node);
  }
  if (key == kNamespaceLabel) {
    return term(Subject::NamespaceName, {}, node);
  }
  if (key == kServiceAccountLabel) {
    return term(Subject::ServiceAccount, {}, node);
  }
  if (key == kOrchestratorLabel) {
    return holds(node, "k8s") ? kEverything : kNothing;
  }
  if (key.starts_with(kNamespacePrefix)) {
    CalicoSelector::Node inner = node;
    inner.key.erase(0, kNamespacePrefix.size());
    return test(inner, CalicoScope::Namespace);
  }
  if (key.starts_with(kServiceAccountPrefix)) {
    CalicoSelector::Node inner = node;
    inner.key.erase(0, kServiceAccountPrefix.size());
    return test(inner, CalicoScope::ServiceAccount);
  }
  return term(Subject::PodLabel, key, node);
}

// The labels of service accounts are known here: the test becomes the names of those that pass it.
// One that the input does not hold has none.
SelectorId CalicoWorld::test_service_account(const CalicoSelector::Node& node) {
  if (node.key == kNameLabel) {
    return term(Subject::ServiceAccount, {}, node);
  }
  SelectorPool& pool = builder_.selectors();
  std::vector<SelectorId> known;
  std::vector<SelectorId> passing;
  for (const kube::Object* account : service_accounts_) {
    const SelectorId one = pool.all_of({pool.in_namespace(account->ref.name_space),
                                        service_account_names({std::string(account->ref.name)})});
    known.push_back(one);
    if (holds(node, account->label(node.key))) {
      passing.push_back(one);
    }
  }
  if (holds(node, std::nullopt)) {
    passing.push_back(pool.negate(pool.any_of(std::move(known))));
  }
  return pool.any_of(std::move(passing));
}

// updateprocessors/networksetprocessor.go and globalnetworksetprocessor.go: a NetworkSet has the
// labels of its namespace with their prefix, a GlobalNetworkSet its own labels only. Within a
// namespaceSelector, all() is "has a namespace" and global() its opposite.
scalar::AddressSet CalicoWorld::network_sets(const SetSelectors& selectors) const {
  scalar::AddressSet addresses;
  if (selectors.of_service_accounts) {
    return addresses;
  }
  for (const CalicoNetworkSet& set : sets_) {
    const bool is_global = set.name_space.empty();
    const CalicoSelector::Labels of_namespace =
        [&](std::string_view key) -> std::optional<std::string_view> {
      if (is_global) {
        return std::nullopt;
      }
      if (key == kNameLabel || key == kube::kNamespaceNameLabel) {
        return set.name_space;
      }
      const kube::Object* object = builder_.snapshot().find("", "Namespace", "", set.name_space);
      return object == nullptr ? std::nullopt : object->label(key);
    };
    const CalicoSelector::Labels of_set =
        [&](std::string_view key) -> std::optional<std::string_view> {
      if (key == kNamespaceLabel) {
        return is_global ? std::nullopt : std::optional(set.name_space);
      }
      if (key.starts_with(kNamespacePrefix)) {
        return of_namespace(key.substr(kNamespacePrefix.size()));
      }
      return set.object->label(key);
    };
    const bool is_there =
        selectors.namespaces != nullptr
            ? selectors.namespaces->matches(of_namespace, {.all = !is_global, .global = is_global})
            : selectors.own_namespace.empty() || selectors.own_namespace == set.name_space;
    if (is_there && (selectors.labels == nullptr || selectors.labels->matches(of_set))) {
      addresses = addresses.unite(set.addresses);
    }
  }
  return addresses;
}

}  // namespace tally::network_policy
