#pragma once
// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2), after Cilium 1.19:
// pkg/policy/api (validation), pkg/k8s/apis/cilium.io/utils (namespaces of selectors),
// pkg/policy/utils/parserules.go and pkg/policy/rule.go (what rules mean). Pointers are RFC 6901
// from the root of the object.

#include <string>
#include <string_view>

#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/ports.hpp"
#include "scalar/address_set.hpp"

namespace tally::network_policy {

// What the parts of one policy are read with.
struct CiliumScope {
  PolicySetBuilder& builder;
  const kube::Object& object;
  std::string_view name_space;  // empty: clusterwide
  // Of nodes that the input holds: identities of their own, which no CIDR and not `world` selects.
  const scalar::AddressSet& node_addresses;

  void ignored(std::string pointer, const document::Node& at, std::string message) const {
    builder.ignored(object, std::move(pointer), at.offset(), std::move(message));
  }
};

// Pods with an identity: one on its node's network has the node's.
[[nodiscard]] SelectorId cilium_endpoints(PolicySetBuilder& builder);
[[nodiscard]] SelectorId cilium_host_pods(PolicySetBuilder& builder);

// endpointSelector.
[[nodiscard]] Read<SelectorId> read_cilium_subject(const CiliumScope& scope,
                                                   const document::Node& selector,
                                                   const std::string& pointer);
// One item of fromEndpoints or toEndpoints, into the rule.
[[nodiscard]] Read<void> read_cilium_endpoint(const CiliumScope& scope,
                                              const document::Node& selector,
                                              const std::string& pointer, RuleDraft& rule);
// fromRequires and toRequires: what every endpoint on the other side must be.
[[nodiscard]] Read<SelectorId> read_cilium_requirement(const CiliumScope& scope,
                                                       const document::Node& selector,
                                                       const std::string& pointer);
// Of nodes: plain labels, without namespaces.
[[nodiscard]] Read<SelectorId> read_cilium_nodes(const CiliumScope& scope,
                                                 const document::Node& selector,
                                                 const std::string& pointer);

// fromEntities and toEntities. False: there is no such entity.
[[nodiscard]] bool add_cilium_entity(const CiliumScope& scope, std::string_view name,
                                     RuleDraft& rule);

// Every part of a rule that says who: sets the rule's peers.
[[nodiscard]] Read<void> read_cilium_peers(const CiliumScope& scope, const document::Node& node,
                                           const std::string& pointer, RuleDraft& rule);

// toServices: the pods behind a Service, or the addresses of one without selector.
[[nodiscard]] Read<void> read_cilium_services(const CiliumScope& scope,
                                              const document::Node& services,
                                              const std::string& pointer, RuleDraft& rule);

// toPorts and icmps. False: neither stands in the rule, or an empty list.
[[nodiscard]] Read<bool> read_cilium_ports(const CiliumScope& scope, const document::Node& node,
                                           const std::string& pointer, RuleDraft& rule);

}  // namespace tally::network_policy
