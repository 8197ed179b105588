#pragma once
// ConnectionSet: what may pass between two peers: destination ports of TCP, UDP and SCTP (1 to
// 65,535), ICMP types and codes, and other IP protocols by number.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scalar/interval_set.hpp"

namespace tally::scalar {

enum class Protocol : std::uint8_t { Tcp, Udp, Sctp, Icmp, Icmp6 };
inline constexpr std::size_t kProtocolCount = 5;
// "TCP", "UDP", "SCTP", "ICMP", "ICMPv6"
[[nodiscard]] std::string_view protocol_name(Protocol protocol) noexcept;
// In any letter case; nothing for another text.
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view name) noexcept;

using PortSet = IntervalSet<std::uint16_t>;

inline constexpr std::uint16_t kPortMin = 1;
inline constexpr std::uint16_t kPortMax = 65535;

class ConnectionSet {
 public:
  ConnectionSet() = default;
  // Every protocol and port.
  [[nodiscard]] static const ConnectionSet& all();
  // TCP, UDP and SCTP on every port: all that NetworkPolicy can name.
  [[nodiscard]] static const ConnectionSet& transport();
  [[nodiscard]] static ConnectionSet of(Protocol protocol, PortSet ports);
  // All ports, or all types and codes.
  [[nodiscard]] static ConnectionSet of(Protocol protocol);
  [[nodiscard]] static ConnectionSet of_port(Protocol protocol, std::uint16_t port) {
    return of(protocol, PortSet(port, port));
  }
  // An IP protocol by number: of the five named ones, all of their ports.
  [[nodiscard]] static ConnectionSet of_number(std::uint8_t protocol);

  // Of Icmp and Icmp6: 256 * type + code.
  [[nodiscard]] const PortSet& ports(Protocol protocol) const noexcept {
    return ports_[static_cast<std::size_t>(protocol)];
  }
  // Protocols without ports; the five named ones are never in it.
  [[nodiscard]] const std::bitset<256>& others() const noexcept { return others_; }

  [[nodiscard]] bool is_empty() const noexcept;
  [[nodiscard]] bool is_all() const { return *this == all(); }
  [[nodiscard]] bool contains(Protocol protocol, std::uint16_t port) const noexcept {
    return ports(protocol).contains(port);
  }
  [[nodiscard]] bool contains(const ConnectionSet& other) const {
    return other.minus(*this).is_empty();
  }
  [[nodiscard]] bool intersects(const ConnectionSet& other) const noexcept;

  void add(Protocol protocol, const PortSet& ports);
  [[nodiscard]] ConnectionSet unite(const ConnectionSet& other) const;
  [[nodiscard]] ConnectionSet intersect(const ConnectionSet& other) const;
  [[nodiscard]] ConnectionSet minus(const ConnectionSet& other) const;

  // "all", "none", or "TCP 80,443-445; UDP; ICMP 8/0; protocol 47": a name without ports is all of
  // them.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const ConnectionSet&, const ConnectionSet&) = default;

 private:
  std::array<PortSet, kProtocolCount> ports_;
  std::bitset<256> others_;
};

}  // namespace tally::scalar
