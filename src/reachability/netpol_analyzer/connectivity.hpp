#pragma once
// Connectivity: which connections the policies of one network allow, for every pair.
//
// Pairs are not computed one by one. On either side of a connection, workloads that no selector of
// the policies tells apart are one class: `own` classes by the policies that select them, `other`
// classes by the peers of rules that mean them. A row holds what one own class may do with every
// other class; it is made when it is first asked for. A pair is two look-ups and one intersection
// that is remembered.
//
// One thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "network_policy/policy_set.hpp"
#include "reachability/netpol_analyzer/connections.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"

namespace tally::reachability::netpol_analyzer {

// A workload by its position, or, from kFirstBlock on, a block of outside addresses.
using PeerId = std::uint32_t;
inline constexpr PeerId kFirstBlock = 0x80000000U;
[[nodiscard]] constexpr bool is_block(PeerId id) noexcept { return id >= kFirstBlock; }

// What the rules that select an endpoint say to each of a number of peers ("columns"): the judge of
// rule_form.hpp, for all columns at once.
struct Columns {
  std::size_t count = 0;
  // Which ones a rule means, ascending.
  std::function<std::span<const std::uint32_t>(const network_policy::Rule&)> meant_by;
  // The rule's connections towards the destination.
  std::function<ConnectionId(const network_policy::Rule&, std::uint32_t column)> connections;
  ConnectionId everything = kAllConnections;
};
[[nodiscard]] std::vector<ConnectionId> judge(ConnectionPool& pool,
                                              const network_policy::PolicySet& set,
                                              network_policy::Direction direction,
                                              std::span<const std::uint32_t> policies,
                                              const Columns& columns);

class Connectivity {
 public:
  // All must outlive it. `addresses`, by workload, are those that the policies' prefixes are
  // compared with; empty: prefixes mean no workload.
  Connectivity(const Workloads& workloads, const network_policy::PolicySet& set,
               ConnectionPool& pool, std::vector<scalar::AddressSet> addresses = {});

  [[nodiscard]] const network_policy::PolicySet& set() const noexcept { return *set_; }

  // The blocks of outside addresses that the rules of a direction tell apart: sources for Ingress,
  // destinations for Egress. Each is one interval of IPv4.
  [[nodiscard]] std::span<const scalar::AddressSet> blocks(
      network_policy::Direction direction) const noexcept {
    return sides_[static_cast<std::size_t>(direction)].blocks;
  }

  // The policies that select a workload in a direction, in the order of evaluation.
  [[nodiscard]] std::span<const std::uint32_t> policies_of(network_policy::Direction direction,
                                                           std::uint32_t workload) const noexcept {
    return sides_[static_cast<std::size_t>(direction)].policies[workload];
  }
  [[nodiscard]] bool means(const network_policy::Rule& rule, PeerId peer);
  // A rule's connections towards a workload.
  [[nodiscard]] ConnectionId connections_to(const network_policy::Rule& rule, PeerId destination);

  // What the own side allows; everything if it is a block.
  [[nodiscard]] ConnectionId side(network_policy::Direction direction, PeerId own, PeerId other);
  [[nodiscard]] ConnectionId between(PeerId source, PeerId destination);

  // The same for many pairs at once: side() is row_of(own)[column_of(other)]; null: everything.
  [[nodiscard]] const ConnectionId* row_of(network_policy::Direction direction, PeerId own);
  [[nodiscard]] std::uint32_t column_of(network_policy::Direction direction,
                                        PeerId other) const noexcept;

  // A row for an own side that is none of the workloads: what these policies say to every other
  // class; see other_class(). Blocks follow the classes.
  [[nodiscard]] std::vector<ConnectionId> row_for(
      network_policy::Direction direction, std::span<const std::uint32_t> policies,
      const std::function<ConnectionId(const network_policy::Rule&, PeerId other)>& connections,
      ConnectionId everything);
  [[nodiscard]] std::uint32_t other_class(network_policy::Direction direction,
                                          std::uint32_t workload) const noexcept {
    return sides_[static_cast<std::size_t>(direction)].other_class[workload];
  }

  // Positions of the workloads that a selector means, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& members(network_policy::SelectorId selector);
  // Workloads that no policy tells apart on their own side have one number.
  [[nodiscard]] std::uint32_t own_class(network_policy::Direction direction,
                                        std::uint32_t workload) const noexcept {
    return sides_[static_cast<std::size_t>(direction)].own_class[workload];
  }

 private:
  struct Side {
    std::vector<scalar::AddressSet> blocks;
    std::vector<std::vector<std::uint32_t>> policies;  // by workload
    std::vector<std::uint32_t> own_class;              // by workload
    std::vector<std::uint32_t> other_class;            // by workload
    std::uint32_t class_count = 0;                     // other classes of workloads; blocks follow
    std::vector<std::uint32_t> own_of;                 // a workload of each own class
    std::vector<std::uint32_t> other_of;               // a workload of each other class
    std::vector<std::vector<ConnectionId>> rows;       // by own class; empty: not made yet
    std::vector<std::string_view> port_names;          // that rules of this direction use
  };

  void index_labels();
  [[nodiscard]] bool has_address_in(std::uint32_t workload,
                                    network_policy::AddressesId addresses) const;
  void find_blocks(network_policy::Direction direction);
  void append_blocks(std::vector<std::uint32_t>& classes, const Side& side,
                     const scalar::AddressSet& addresses) const;
  void select(network_policy::Direction direction);
  void classify_own(network_policy::Direction direction);
  void classify_others(network_policy::Direction direction);
  [[nodiscard]] std::string port_signature(const Side& side, std::uint32_t workload) const;
  [[nodiscard]] std::span<const std::uint32_t> classes_meant_by(const network_policy::Rule& rule);
  [[nodiscard]] const std::vector<ConnectionId>& row(network_policy::Direction direction,
                                                     std::uint32_t own);
  [[nodiscard]] const std::vector<std::uint32_t>* candidates(
      network_policy::SelectorId selector) const;

  const Workloads* workloads_;
  const network_policy::PolicySet* set_;
  ConnectionPool* pool_;
  std::vector<scalar::AddressSet> addresses_;
  Side sides_[2];  // by Direction
  std::vector<topology::Endpoint> endpoints_;
  std::unordered_map<std::string, std::vector<std::uint32_t>> by_label_;  // "key=value"
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> by_namespace_;
  std::vector<std::optional<std::vector<std::uint32_t>>> members_;  // by selector
  std::vector<std::optional<std::vector<std::uint32_t>>> meant_;    // by rule
};

}  // namespace tally::reachability::netpol_analyzer
