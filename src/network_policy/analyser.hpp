#pragma once
// Analyser: what all endpoints of a cluster can reach, at the size of the largest clusters.
//
// Endpoints that no rule tells apart are one class: the same selectors match them, they have the
// same named ports, and lie in the same address blocks. For each class and direction there is one
// table: the answer towards nearly everybody, and the lists of classes and outside addresses for
// which it is another. Tables whose rules ask for the same share these lists; building is linear in
// what selectors match; a question is two look-ups.
//
//   const Analyser analyser(topology, policies);
//   analyser.between(source, destination)          // positions in topology.endpoints()
//
// Topology and policies must outlive it. Immutable after building; share freely.

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "network_policy/connection_pool.hpp"
#include "network_policy/policy_set.hpp"
#include "topology/topology.hpp"

namespace tally::network_policy {

using ClassId = std::uint32_t;

// allowed and unknown are disjoint; the rest is denied.
struct PooledAnswer {
  PooledId allowed = kAll;
  PooledId unknown = kNone;
  friend bool operator==(const PooledAnswer&, const PooledAnswer&) = default;
  friend auto operator<=>(const PooledAnswer&, const PooledAnswer&) = default;
};

// One direction of one class.
struct DirectionTable {
  // Towards every class that is in no part: [0] of pods whose addresses are not known, [1] of pods
  // whose addresses are.
  PooledAnswer usual[2];
  // Classes towards which it is another. Disjoint; tables share the lists of classes.
  struct Part {
    std::span<const ClassId> classes;  // ascending
    PooledAnswer answer;
  };
  std::vector<Part> parts;
  // Outside addresses, disjoint and together everything (IPv4 and IPv6).
  std::vector<std::pair<scalar::AddressSet, PooledAnswer>> outside;
  bool is_isolated = false;  // a policy of this direction selects it, and ends with a denial

  [[nodiscard]] PooledAnswer towards(ClassId other, bool knows_addresses) const noexcept;
};

class Analyser {
 public:
  Analyser(const topology::Topology& topology, const PolicySet& policies);

  [[nodiscard]] std::uint32_t class_count() const noexcept {
    return static_cast<std::uint32_t>(class_begin_.size() - 1);
  }
  [[nodiscard]] ClassId class_of(std::uint32_t endpoint) const noexcept {
    return class_of_[endpoint];
  }
  // Positions of the endpoints of a class, ascending.
  [[nodiscard]] std::span<const std::uint32_t> members(ClassId id) const noexcept {
    return std::span(members_).subspan(class_begin_[id], class_begin_[id + 1] - class_begin_[id]);
  }
  [[nodiscard]] const DirectionTable& table(ClassId id, Direction direction) const noexcept {
    const auto d = static_cast<std::size_t>(direction);
    return tables_[table_of_[d][id]];
  }
  [[nodiscard]] PooledAnswer towards(ClassId own, Direction direction,
                                     ClassId other) const noexcept {
    return table(own, direction).towards(other, knows_addresses_[other]);
  }
  // How many tables there are: classes that the same rules govern share one.
  [[nodiscard]] std::size_t table_count() const noexcept { return tables_.size(); }

  // Of two different endpoints, by their positions.
  [[nodiscard]] PooledAnswer between(std::uint32_t source, std::uint32_t destination) {
    return between_classes(class_of(source), class_of(destination));
  }
  [[nodiscard]] PooledAnswer between_classes(ClassId source, ClassId destination) {
    return join(towards(source, Direction::Egress, destination),
                towards(destination, Direction::Ingress, source));
  }
  // What both sides allow.
  [[nodiscard]] PooledAnswer join(const PooledAnswer& egress, const PooledAnswer& ingress);

  [[nodiscard]] const ConnectionPool& connections() const noexcept { return pool_; }

 private:
  friend class AnalyserBuilder;

  std::vector<ClassId> class_of_;           // by endpoint
  std::vector<std::uint32_t> class_begin_;  // positions in members_, one more than classes
  std::vector<std::uint32_t> members_;
  std::vector<bool> knows_addresses_;  // by class
  std::vector<DirectionTable> tables_;
  std::deque<std::vector<ClassId>> lists_;  // of classes, which tables share
  std::vector<std::uint32_t> table_of_[2];  // by Direction and class: positions in tables_
  ConnectionPool pool_;
};

}  // namespace tally::network_policy
