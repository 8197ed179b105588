#pragma once
// The plain way: one connection, judged by reading the rules one after the other, without sets. It
// shares nothing with the analysers but the rule form, so that each proves the other.

#include <cstdint>

#include "network_policy/peer.hpp"

namespace tally::network_policy {

enum class Verdict : std::uint8_t { Allowed, Denied, Unknown };
// "allowed", "denied", "unknown"
[[nodiscard]] std::string_view to_text(Verdict verdict) noexcept;

struct Connection {
  const Peer* source = nullptr;
  const Peer* destination = nullptr;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;  // of Icmp and Icmp6: 256 * type + code
};

[[nodiscard]] Verdict judge(const PolicySet& set, const Connection& connection);

}  // namespace tally::network_policy
