#pragma once
// HostList: the hosts that the operator named. Nothing else is ever called.
//
//   entry = host [ ":" port ]        host = name | IPv4 | "[" IPv6 "]" | IPv6 (without a port)
//
// A name without a port allows every port of it. No wildcards: `example.com` is not
// `api.example.com`. Names are compared without case and without a dot at the end.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "scalar/ip_address.hpp"

namespace tally::net {

struct AllowedHost {
  std::string host;  // lower case, no brackets; an address in its canonical form
  std::optional<std::uint16_t> port;

  [[nodiscard]] static Result<AllowedHost> parse(std::string_view text);
  friend bool operator==(const AllowedHost&, const AllowedHost&) = default;
};

// Lower case, without a dot at the end; an address in its canonical form. An error for everything
// that is neither a name of letters, digits, `-`, `_` and dots nor an address: other spellings of
// addresses (`0x7f.1`, `2130706433`, `127.1`) are refused, whoever resolves them.
[[nodiscard]] Result<std::string> normalize_host(std::string_view text);
// 1 to 65535 without leading zeros, signs or blanks.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text) noexcept;

class HostList {
 public:
  [[nodiscard]] static Result<HostList> parse(std::span<const std::string> entries);

  [[nodiscard]] bool is_empty() const noexcept { return hosts_.empty(); }
  // `host` as normalize_host() makes it.
  [[nodiscard]] bool allows(std::string_view host, std::uint16_t port) const noexcept;
  // Whether the address itself was named.
  [[nodiscard]] bool allows(const scalar::IpAddress& address, std::uint16_t port) const;

 private:
  std::vector<AllowedHost> hosts_;
};

}  // namespace tally::net
