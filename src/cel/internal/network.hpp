#pragma once
// The opaque values net.IP (data: scalar::IpAddress) and net.CIDR (scalar::Cidr).

#include "cel/internal/library.hpp"

namespace tally::cel {

extern const OpaqueKind kIpKind;
extern const OpaqueKind kCidrKind;

}  // namespace tally::cel
