#include "network_policy/connection_pool.hpp"

#include <utility>

#include "base/assert.hpp"

namespace tally::network_policy {
namespace {

using scalar::ConnectionSet;
using scalar::Protocol;

std::size_t hash_of(const ConnectionSet& set) {
  std::size_t hash = std::hash<std::bitset<256>>{}(set.others());
  const auto mix = [&hash](std::size_t value) {
    hash = (hash ^ value) * 0x9E37'79B9'7F4A'7C15U;
    hash ^= hash >> 29U;
  };
  for (std::size_t i = 0; i < scalar::kProtocolCount; ++i) {
    mix(i);
    for (const auto& interval : set.ports(static_cast<Protocol>(i)).intervals()) {
      mix(std::size_t{interval.first} << 16U | interval.last);
    }
  }
  return hash;
}

constexpr unsigned kIdBits = 31;

}  // namespace

ConnectionPool::ConnectionPool() {
  (void)intern(ConnectionSet());
  (void)intern(ConnectionSet::all());
}

PooledId ConnectionPool::intern(const ConnectionSet& set) {
  const std::size_t hash = hash_of(set);
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto at = begin; at != end; ++at) {
    if (sets_[at->second] == set) {
      return at->second;
    }
  }
  const auto id = static_cast<PooledId>(sets_.size());
  sets_.push_back(set);
  by_hash_.emplace(hash, id);
  return id;
}

PooledId ConnectionPool::compute(Operation operation, PooledId a, PooledId b) {
  const std::uint64_t key = std::uint64_t{static_cast<std::uint8_t>(operation)} << (2 * kIdBits) |
                            std::uint64_t{a} << kIdBits | b;
  if (const auto known = results_.find(key); known != results_.end()) {
    return known->second;
  }
  const ConnectionSet& left = at(a);
  const ConnectionSet& right = at(b);
  const PooledId id = intern(operation == Operation::Unite       ? left.unite(right)
                             : operation == Operation::Intersect ? left.intersect(right)
                                                                 : left.minus(right));
  results_.emplace(key, id);
  return id;
}

PooledId ConnectionPool::unite(PooledId a, PooledId b) {
  if (a > b) {
    std::swap(a, b);
  }
  if (a == b || a == kNone) {
    return b;
  }
  return a == kAll ? kAll : compute(Operation::Unite, a, b);
}

PooledId ConnectionPool::intersect(PooledId a, PooledId b) {
  if (a > b) {
    std::swap(a, b);
  }
  if (a == b || a == kAll) {
    return b;
  }
  return a == kNone ? kNone : compute(Operation::Intersect, a, b);
}

PooledId ConnectionPool::minus(PooledId a, PooledId b) {
  if (b == kNone) {
    return a;
  }
  return a == b || a == kNone || b == kAll ? kNone : compute(Operation::Minus, a, b);
}

}  // namespace tally::network_policy
