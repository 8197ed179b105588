#pragma once
// MultiNetworkPolicy (k8s.cni.cncf.io/v1beta1, k8snetworkplumbingwg/multi-networkpolicy): a
// NetworkPolicy for the secondary networks that its annotation names. Each network has a PolicySet
// of its own, since policies of one network say nothing about another.

#include <span>
#include <string_view>

#include "kube/snapshot.hpp"
#include "network_policy/policy_set.hpp"

namespace tally::network_policy {

inline constexpr std::string_view kPolicyForAnnotation = "k8s.v1.cni.cncf.io/policy-for";

// The policies for the network of this name, which has definitions in these namespaces (sorted). A
// policy without the annotation is a problem of every network.
[[nodiscard]] PolicySet load_multi_network(const kube::Snapshot& snapshot, std::string_view network,
                                           std::span<const std::string_view> namespaces,
                                           const LoadOptions& options);

}  // namespace tally::network_policy
