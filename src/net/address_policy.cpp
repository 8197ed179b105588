#include "net/address_policy.hpp"

#include <array>
#include <cstdint>

namespace tally::net {

namespace {

using scalar::IpAddress;

struct Row {
  std::array<std::uint8_t, 16> prefix;
  std::uint8_t bits;
  bool is_v4;
  std::string_view why;
};

// "named metadata.*" is not a row: what such names resolve to is.
constexpr auto kRefused = std::to_array<Row>({
    {{0, 0, 0, 0}, 8, true, "means this machine (0.0.0.0/8)"},
    {{169, 254, 0, 0}, 16, true, "is link-local (169.254.0.0/16)"},
    {{224, 0, 0, 0}, 4, true, "is multicast (224.0.0.0/4)"},
    {{255, 255, 255, 255}, 32, true, "is broadcast"},
    // Alibaba Cloud's metadata service, inside the shared space of RFC 6598.
    {{100, 100, 100, 200}, 32, true, "is a metadata service (100.100.100.200)"},
    {{}, 128, false, "means this machine (::)"},
    {{0xfe, 0x80}, 10, false, "is link-local (fe80::/10)"},
    {{0xff}, 8, false, "is multicast (ff00::/8)"},
    // Amazon's metadata service for IPv6, a unique local address.
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     false,
     "is a metadata service (fd00:ec2::254)"},
});

IpAddress address_of(const Row& row) noexcept {
  return row.is_v4
             ? IpAddress::from_v4({row.prefix[0], row.prefix[1], row.prefix[2], row.prefix[3]})
             : IpAddress::from_v6(row.prefix);
}

std::optional<std::string_view> direct(const IpAddress& address) noexcept {
  for (const Row& row : kRefused) {
    if (address.shares(row.bits, address_of(row))) {
      return row.why;
    }
  }
  return std::nullopt;
}

struct Wrapping {
  std::array<std::uint8_t, 16> prefix;
  std::uint8_t bits;
  std::uint8_t at;  // of the IPv4 address
};
constexpr auto kWrappings = std::to_array<Wrapping>({
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // mapped, RFC 4291 section 2.5.5.2
    {{}, 96, 12},                                          // compatible, section 2.5.5.1
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},                    // NAT64, RFC 6052 section 2.1
    {{0x20, 0x02}, 16, 2},                                 // 6to4, RFC 3056 section 2
});

}  // namespace

std::optional<std::string_view> refusal_of(const IpAddress& address) noexcept {
  if (const auto why = direct(address)) {
    return why;
  }
  if (address.is_v4() || address.is_loopback()) {
    return std::nullopt;
  }
  for (const Wrapping& row : kWrappings) {
    if (address.shares(row.bits, IpAddress::from_v6(row.prefix))) {
      const std::string_view octets = address.octets().substr(row.at, 4);
      const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(octets[i]); };
      if (const auto why = direct(IpAddress::from_v4({octet(0), octet(1), octet(2), octet(3)}))) {
        return why;
      }
    }
  }
  return std::nullopt;
}

}  // namespace tally::net
