#pragma once
// PolicySet: the policies of a Snapshot, of every dialect, in the one rule form.
//
//   const topology::Topology topology = topology::Topology::read(snapshot);
//   const PolicySet set = PolicySet::load(snapshot, {});
//
// A policy that cannot be read whole is left out with a problem that says where and why; the rest
// is answered. Texts point into the Snapshot or into the set. Immutable; share freely.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "kube/snapshot.hpp"
#include "network_policy/rule_form.hpp"
#include "scalar/address_set.hpp"

namespace tally::network_policy {

// Where implementations of one dialect differ.
struct LoadOptions {
  // Does an ipBlock select pods that have the address? The API leaves it open; Calico and Antrea
  // say yes, Cilium (by identity) no.
  bool ip_blocks_select_pods = true;
  // A pod on its node's network sends and receives with the node's address: nearly every
  // implementation treats it as the node, so that NetworkPolicy neither isolates nor selects it.
  bool host_network_pods_are_nodes = true;
  // netpol-analyzer reads no IPv6: prefixes of it are left out with a problem.
  bool with_v6 = true;
  // Calico's API server refuses what Felix would read, as it does of objects that were stored
  // past it: global() beside other selectors.
  bool with_calico_admission = true;
  bool with_staged = false;  // judge staged policies as if they were enforced
};

struct LoadProblem {
  enum class Kind : std::uint8_t {
    Invalid,  // the API server would refuse it: the policy is left out
    Ignored,  // a part that has no effect: a named port of an address, a field of another dialect
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer;
  std::uint32_t offset = 0;
  std::string message;
};

class PolicySet {
 public:
  [[nodiscard]] static PolicySet load(const kube::Snapshot& snapshot, const LoadOptions& options);

  // Ascending by order.
  [[nodiscard]] std::span<const Tier> tiers() const noexcept { return tiers_; }
  // By tier, order, namespace and name.
  [[nodiscard]] std::span<const Policy> policies() const noexcept { return policies_; }
  [[nodiscard]] std::span<const Rule> rules() const noexcept { return rules_; }
  [[nodiscard]] std::span<const Rule> rules_of(const Policy& policy) const noexcept {
    return rules().subspan(policy.rules_begin, policy.rules_end - policy.rules_begin);
  }
  [[nodiscard]] std::span<const Peers> peers_of(const Rule& rule) const noexcept {
    return std::span(peers_).subspan(rule.peers_begin, rule.peers_end - rule.peers_begin);
  }
  [[nodiscard]] std::span<const NamedPort> named_ports_of(const Rule& rule) const noexcept {
    return std::span(named_ports_).subspan(rule.ports_begin, rule.ports_end - rule.ports_begin);
  }
  [[nodiscard]] const SelectorPool& selectors() const noexcept { return selectors_; }
  [[nodiscard]] const scalar::AddressSet& addresses(AddressesId id) const noexcept {
    return addresses_[id];
  }
  // Every set of addresses that a rule names.
  [[nodiscard]] std::span<const scalar::AddressSet> addresses() const noexcept {
    return addresses_;
  }
  [[nodiscard]] const scalar::ConnectionSet& connections(ConnectionsId id) const noexcept {
    return connections_[id];
  }
  [[nodiscard]] std::span<const LoadProblem> problems() const noexcept { return problems_; }

  PolicySet(PolicySet&&) noexcept = default;
  PolicySet& operator=(PolicySet&&) noexcept = default;
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;
  ~PolicySet() = default;

 private:
  friend class PolicySetBuilder;
  PolicySet() = default;

  std::vector<Tier> tiers_;
  std::vector<Policy> policies_;
  std::vector<Rule> rules_;
  std::vector<Peers> peers_;
  std::vector<NamedPort> named_ports_;
  SelectorPool selectors_;
  std::vector<scalar::AddressSet> addresses_;
  std::vector<scalar::ConnectionSet> connections_;
  std::vector<LoadProblem> problems_;
  std::unique_ptr<Arena> texts_;
};

}  // namespace tally::network_policy
