#pragma once
// IP addresses and prefixes as net/netip of Go reads and writes them (Go 1.26): no leading zeros in
// IPv4 octets, RFC 5952 as the written form. An address of IPv6 that maps one of IPv4 stays IPv6.
//
// Errors carry Go's words: `ParseAddr("1.2.3"): IPv4 address too short`.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tally::scalar {

class IpAddress {
 public:
  // 0.0.0.0
  IpAddress() = default;

  struct Parsed;
  [[nodiscard]] static Result<Parsed> parse_with_zone(std::string_view text);
  // An address with a zone ("fe80::1%eth0") is refused.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

  // From octets in network order.
  [[nodiscard]] static IpAddress from_v4(const std::array<std::uint8_t, 4>& octets) noexcept;
  [[nodiscard]] static IpAddress from_v6(const std::array<std::uint8_t, 16>& octets) noexcept;

  [[nodiscard]] bool is_v4() const noexcept { return is_v4_; }
  [[nodiscard]] unsigned bit_count() const noexcept { return is_v4_ ? 32 : 128; }
  // 4 or 16, in network order.
  [[nodiscard]] std::string_view octets() const noexcept {
    return {reinterpret_cast<const char*>(octets_.data()), is_v4_ ? 4U : 16U};
  }
  [[nodiscard]] bool is_v4_mapped() const noexcept;  // ::ffff:0:0/96

  [[nodiscard]] bool is_unspecified() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  [[nodiscard]] bool is_multicast() const noexcept;
  [[nodiscard]] bool is_link_local_multicast() const noexcept;
  [[nodiscard]] bool is_link_local_unicast() const noexcept;
  // Everything but the unspecified address, broadcast, loopback, multicast and link-local.
  [[nodiscard]] bool is_global_unicast() const noexcept;

  // The address with all bits behind the first `bits` cleared.
  [[nodiscard]] IpAddress masked(unsigned bits) const noexcept;
  // Whether both are of one family and share their first `bits`.
  [[nodiscard]] bool shares(unsigned bits, const IpAddress& other) const noexcept;

  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  friend class AddressReader;

  std::array<std::uint8_t, 16> octets_{};
  bool is_v4_ = true;
};

struct IpAddress::Parsed {
  IpAddress address;
  std::string_view zone;  // of an IPv6 address; points into the text
};

// "10.0.0.0/8": an address and how many of its bits say which network. The other bits may be set.
struct Cidr {
  IpAddress address;
  std::uint8_t bits = 0;

  [[nodiscard]] static Result<Cidr> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& other) const noexcept {
    return address.shares(bits, other);
  }
  [[nodiscard]] bool contains(const Cidr& other) const noexcept {
    return bits <= other.bits && address.shares(bits, other.address);
  }
  [[nodiscard]] Cidr masked() const noexcept { return {address.masked(bits), bits}; }
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Cidr&, const Cidr&) = default;
};

}  // namespace tally::scalar
