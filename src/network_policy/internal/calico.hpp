#pragma once
// What the readers of Calico's kinds share.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "network_policy/calico_selector.hpp"
#include "network_policy/internal/builder.hpp"
#include "network_policy/internal/ports.hpp"
#include "scalar/address_set.hpp"

namespace tally::network_policy {

// The kinds are served by Calico's own API server (projectcalico.org/v3) and stored as custom
// resources of the same shape (crd.projectcalico.org/v1).
inline constexpr std::string_view kCalicoGroups[] = {"projectcalico.org", "crd.projectcalico.org"};

inline constexpr std::string_view kProfileTier = "profiles";
// Profiles of namespaces are named so (libcalico-go/lib/backend/k8s/conversion/constants.go).
inline constexpr std::string_view kNamespaceProfilePrefix = "kns.";

// A NetworkSet, or without namespace a GlobalNetworkSet.
struct CalicoNetworkSet {
  const kube::Object* object = nullptr;
  std::string_view name_space;
  scalar::AddressSet addresses;
};

// Whose labels a selector speaks of.
enum class CalicoScope : std::uint8_t { Endpoint, Namespace, ServiceAccount };

// The world in which Calico's selectors are read: pods by terms, network sets by their addresses.
class CalicoWorld {
 public:
  explicit CalicoWorld(PolicySetBuilder& builder);

  [[nodiscard]] PolicySetBuilder& builder() noexcept { return builder_; }

  // As terms over pods, which all are in a namespace: global() is none of them.
  [[nodiscard]] SelectorId pods(const CalicoSelector& selector, CalicoScope scope);
  // Pods that use the network of their node are no workload endpoints of Calico.
  [[nodiscard]] SelectorId workload_endpoints();
  [[nodiscard]] SelectorId service_account_names(std::vector<std::string> names);

  // The addresses of the network sets that all of these select.
  struct SetSelectors {
    const CalicoSelector* labels = nullptr;
    const CalicoSelector* namespaces = nullptr;
    std::string_view own_namespace{};  // else, if not empty: of this namespace
    bool of_service_accounts = false;  // then none: a network set has no service account
  };
  [[nodiscard]] scalar::AddressSet network_sets(const SetSelectors& selectors) const;
  [[nodiscard]] bool has_service_accounts() const noexcept { return !service_accounts_.empty(); }

 private:
  void read_network_sets();
  [[nodiscard]] SelectorId test(const CalicoSelector::Node& node, CalicoScope scope);
  [[nodiscard]] SelectorId test_service_account(const CalicoSelector::Node& node);
  [[nodiscard]] SelectorId term(Subject subject, std::string_view key,
                                const CalicoSelector::Node& node);

  PolicySetBuilder& builder_;
  std::vector<CalicoNetworkSet> sets_;
  std::vector<const kube::Object*> service_accounts_;
};

[[nodiscard]] Read<CalicoSelector> read_calico_selector(const document::Node& node,
                                                        const std::string& pointer);
// The members of a list of prefixes or addresses, together.
[[nodiscard]] Read<scalar::AddressSet> read_calico_nets(PolicySetBuilder& builder,
                                                        const kube::Object& object,
                                                        const document::Node& nets,
                                                        const std::string& pointer);

// EntityRule: one side of a rule.
struct CalicoEntity {
  bool is_any = true;
  std::vector<Peers> peers{};  // as the other side
  // As the policy's own side: pods that match this, and have an address within.
  SelectorId own = kEverything;
  AddressesId own_within = kNoAddresses;
  // Of a service, which brings its ports along.
  bool is_service = false;
  scalar::ConnectionSet service_connections{};
  std::vector<NamedPort> service_ports{};
};

struct CalicoRulePlace {
  const kube::Object& object;
  std::string_view policy_namespace;  // empty: of a policy of the whole cluster
  Direction direction = Direction::Ingress;
};

// `families`: the addresses of the rule's ipVersion.
[[nodiscard]] Read<CalicoEntity> read_calico_entity(CalicoWorld& world,
                                                    const CalicoRulePlace& place,
                                                    const scalar::AddressSet& families,
                                                    const document::Node& node,
                                                    const std::string& pointer);
// services: the endpoints of a Service, and towards them its ports.
[[nodiscard]] Read<CalicoEntity> read_calico_service(CalicoWorld& world,
                                                     const CalicoRulePlace& place,
                                                     const document::Node& node,
                                                     const std::string& pointer);

// protocol, notProtocol, icmp, notICMP, and ports and notPorts of the destination.
struct CalicoConnections {
  scalar::ConnectionSet connections{};
  std::vector<NamedPort> named_ports{};
  std::string_view unknown{};  // why they may be fewer
};
[[nodiscard]] Read<CalicoConnections> read_calico_connections(PolicySetBuilder& builder,
                                                              const document::Node& rule);

// Rule: nothing for Log, which decides nothing. Pointers of faults begin at the rule.
[[nodiscard]] Read<std::optional<RuleDraft>> read_calico_rule(CalicoWorld& world,
                                                              const CalicoRulePlace& place,
                                                              const document::Node& node);

}  // namespace tally::network_policy
