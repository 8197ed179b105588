#pragma once
// Label selectors of the API, as terms.

#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/ports.hpp"

namespace tally::network_policy {

[[nodiscard]] Read<SelectorId> read_selector(PolicySetBuilder& builder,
                                             const document::Node& selector, Subject subject,
                                             std::string pointer);

// AdminNetworkPolicySubject, ClusterNetworkPolicySubject, and the peers `namespaces` and `pods` of
// both: nothing if the map has neither. Pods on the network of their node are not among them.
[[nodiscard]] Read<std::optional<SelectorId>> read_namespaced_pods(PolicySetBuilder& builder,
                                                                   const document::Node& node,
                                                                   const std::string& pointer);

// "10.0.0.0/8" and the like. Nothing: IPv6, which the options leave out.
[[nodiscard]] Read<std::optional<scalar::AddressSet>> read_cidr(PolicySetBuilder& builder,
                                                                const kube::Object& object,
                                                                const document::Node& node,
                                                                const std::string& pointer);

// Members that say something: a null is as good as none.
[[nodiscard]] const document::Node* field(const document::Node& node, std::string_view key);
[[nodiscard]] std::size_t count_fields(const document::Node& node);

}  // namespace tally::network_policy
