#pragma once
// ConnectionPool: sets of connections by number, with their algebra remembered. A cluster has few
// different sets and asks for the same unions and differences again and again.
//
// Threads: one pool belongs to one thread while it is asked; at() is safe once nobody adds.

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "scalar/connection_set.hpp"

namespace tally::network_policy {

using PooledId = std::uint32_t;
inline constexpr PooledId kNone = 0;
inline constexpr PooledId kAll = 1;

class ConnectionPool {
 public:
  ConnectionPool();

  [[nodiscard]] PooledId intern(const scalar::ConnectionSet& set);
  [[nodiscard]] const scalar::ConnectionSet& at(PooledId id) const noexcept { return sets_[id]; }
  [[nodiscard]] std::size_t size() const noexcept { return sets_.size(); }

  [[nodiscard]] PooledId unite(PooledId a, PooledId b);
  [[nodiscard]] PooledId intersect(PooledId a, PooledId b);
  [[nodiscard]] PooledId minus(PooledId a, PooledId b);

 private:
  enum class Operation : std::uint8_t { Unite, Intersect, Minus };
  [[nodiscard]] PooledId compute(Operation operation, PooledId a, PooledId b);

  std::deque<scalar::ConnectionSet> sets_;  // addresses stay
  std::unordered_multimap<std::size_t, PooledId> by_hash_;
  std::unordered_map<std::uint64_t, PooledId> results_;
};

}  // namespace tally::network_policy
