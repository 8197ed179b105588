#pragma once
// Addresses that no name may lead to. A name is looked up at the moment of the call, by servers
// that others run: it must not turn a call into one of this machine's own link, where clouds keep
// the credentials of the machine (169.254.169.254). Who means such an address names it.

#include <optional>
#include <string_view>

#include "scalar/ip_address.hpp"

namespace tally::net {

// Why an address is refused unless it was named itself, e.g. "is link-local (169.254.0.0/16)"; or
// nothing. An IPv4 address that is wrapped in one of IPv6 (mapped, compatible, NAT64 of RFC 6052,
// 6to4) counts as itself.
[[nodiscard]] std::optional<std::string_view> refusal_of(const scalar::IpAddress& address) noexcept;

}  // namespace tally::net
