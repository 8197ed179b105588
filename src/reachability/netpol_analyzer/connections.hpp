#pragma once
// ConnectionPool: sets of connections by number. Equal sets have equal numbers, and what was united
// once is looked up: clusters have few different sets and many pairs.
//
// Only TCP, UDP and SCTP are kept of a set: the tool knows no other protocol. The place of ICMP is
// taken by named ports whose numbers nobody knows yet (NamedPorts).
//
// One thread.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scalar/connection_set.hpp"

namespace tally::reachability::netpol_analyzer {

using ConnectionId = std::uint32_t;
inline constexpr ConnectionId kNoConnection = 0;
inline constexpr ConnectionId kAllConnections = 1;

class ConnectionPool {
 public:
  ConnectionPool();
  [[nodiscard]] ConnectionId intern(const scalar::ConnectionSet& set);
  [[nodiscard]] const scalar::ConnectionSet& at(ConnectionId id) const noexcept {
    return sets_[id];
  }

  [[nodiscard]] ConnectionId unite(ConnectionId a, ConnectionId b);
  [[nodiscard]] ConnectionId intersect(ConnectionId a, ConnectionId b);
  [[nodiscard]] ConnectionId minus(ConnectionId a, ConnectionId b);

 private:
  using Memory = std::unordered_map<std::uint64_t, ConnectionId>;

  std::deque<scalar::ConnectionSet> sets_;
  std::unordered_map<std::string, ConnectionId> by_text_;
  Memory united_;
  Memory intersected_;
  Memory subtracted_;
};

// Names of ports as members of a ConnectionSet, where they stand for ports of a pod that is not
// there.
class NamedPorts {
 public:
  // No protocol: the pod that has the name says which.
  [[nodiscard]] scalar::ConnectionSet add(std::string_view name, const scalar::Protocol* protocol);
  struct Found {
    std::string_view name;
    const scalar::Protocol* protocol;
  };
  [[nodiscard]] std::vector<Found> in(const scalar::ConnectionSet& set) const;

 private:
  std::vector<std::string> names_;
};

// "All Connections", "No Connections", or "TCP 80,443-445,UDP 53": protocols in the order of their
// names.
[[nodiscard]] std::string connection_text(const scalar::ConnectionSet& set,
                                          const NamedPorts* names = nullptr);

}  // namespace tally::reachability::netpol_analyzer
