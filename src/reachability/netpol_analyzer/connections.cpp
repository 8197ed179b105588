#include "reachability/netpol_analyzer/connections.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tally::reachability::netpol_analyzer {
namespace {

using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

constexpr std::array kTransport{Protocol::Tcp, Protocol::Udp, Protocol::Sctp};

std::uint64_t key(ConnectionId a, ConnectionId b) { return (std::uint64_t{a} << 32U) | b; }

// The value that stands for a name: four for each, one of every protocol and one of none.
std::uint16_t value_of(std::size_t name, const Protocol* protocol) {
  const std::size_t part = protocol == nullptr ? 3 : static_cast<std::size_t>(*protocol);
  return static_cast<std::uint16_t>(name * 4 + part);
}

std::string ports_text(const PortSet& ports) {
  std::string text;
  for (const auto& interval : ports.intervals()) {
    text += text.empty() ? "" : ",";
    text += std::to_string(interval.first);
    if (interval.last != interval.first) {
      text.append("-").append(std::to_string(interval.last));
    }
  }
  return text;
}

}  // namespace

ConnectionPool::ConnectionPool() {
  static_cast<void>(intern({}));
  static_cast<void>(intern(ConnectionSet::transport()));
}

ConnectionId ConnectionPool::intern(const ConnectionSet& set) {
  const auto next = static_cast<ConnectionId>(sets_.size());
  const auto [at, is_new] = by_text_.try_emplace(set.to_string(), next);
  if (is_new) {
    sets_.push_back(set);
  }
  return at->second;
}

ConnectionId ConnectionPool::unite(ConnectionId a, ConnectionId b) {
  if (a == b || b == kNoConnection) {
    return a;
  }
  if (a == kNoConnection) {
    return b;
  }
  if (a > b) {
    std::swap(a, b);
  }
  const auto [at, is_new] = united_.try_emplace(key(a, b));
  if (is_new) {
    at->second = intern(sets_[a].unite(sets_[b]));
  }
  return at->second;
}

ConnectionId ConnectionPool::intersect(ConnectionId a, ConnectionId b) {
  if (a == b) {
    return a;
  }
  if (a > b) {
    std::swap(a, b);
  }
  if (a == kNoConnection) {
    return a;
  }
  const auto [at, is_new] = intersected_.try_emplace(key(a, b));
  if (is_new) {
    at->second = intern(sets_[a].intersect(sets_[b]));
  }
  return at->second;
}

ConnectionId ConnectionPool::minus(ConnectionId a, ConnectionId b) {
  if (a == b || a == kNoConnection) {
    return kNoConnection;
  }
  if (b == kNoConnection) {
    return a;
  }
  const auto [at, is_new] = subtracted_.try_emplace(key(a, b));
  if (is_new) {
    at->second = intern(sets_[a].minus(sets_[b]));
  }
  return at->second;
}

ConnectionSet NamedPorts::add(std::string_view name, const Protocol* protocol) {
  auto at = std::ranges::find(names_, name);
  if (at == names_.end()) {
    at = names_.insert(names_.end(), std::string(name));
  }
  const auto place = static_cast<std::size_t>(at - names_.begin());
  if (place >= 0x4000) {  // more names than there are places: the rest is not shown
    return {};
  }
  const std::uint16_t value = value_of(place, protocol);
  return ConnectionSet::of(Protocol::Icmp, PortSet(value, value));
}

std::vector<NamedPorts::Found> NamedPorts::in(const ConnectionSet& set) const {
  std::vector<Found> found;
  const PortSet& values = set.ports(Protocol::Icmp);
  if (values.is_empty()) {
    return found;
  }
  for (std::size_t i = 0; i < names_.size() && i < 0x4000; ++i) {
    for (const Protocol& protocol : kTransport) {
      if (values.contains(value_of(i, &protocol))) {
        found.push_back({.name = names_[i], .protocol = &protocol});
      }
    }
    if (values.contains(value_of(i, nullptr))) {
      found.push_back({.name = names_[i], .protocol = nullptr});
    }
  }
  return found;
}

std::string connection_text(const ConnectionSet& set, const NamedPorts* names) {
  if (set.contains(ConnectionSet::transport())) {
    return "All Connections";
  }
  std::array<std::string, 3> ports;
  std::string without_protocol;
  for (std::size_t i = 0; i < kTransport.size(); ++i) {
    ports[i] = ports_text(set.ports(kTransport[i]));
  }
  if (names != nullptr) {
    auto found = names->in(set);
    std::ranges::sort(found, {}, &NamedPorts::Found::name);
    for (const NamedPorts::Found& port : found) {
      std::string& text = port.protocol == nullptr
                              ? without_protocol
                              : ports[static_cast<std::size_t>(*port.protocol)];
      text += text.empty() ? "" : ",";
      text += port.name;
    }
  }
  std::vector<std::string> parts;
  if (!without_protocol.empty()) {
    parts.push_back(" " + without_protocol);
  }
  for (std::size_t i = 0; i < kTransport.size(); ++i) {
    if (!ports[i].empty()) {
      parts.push_back(std::string(scalar::protocol_name(kTransport[i])) + " " + ports[i]);
    }
  }
  if (parts.empty()) {
    return "No Connections";
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& part : parts) {
    text += text.empty() ? "" : ",";
    text += part;
  }
  return text;
}

}  // namespace tally::reachability::netpol_analyzer
