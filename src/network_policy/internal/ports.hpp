#pragma once
// Ports of the kinds of networking.k8s.io and policy.networking.k8s.io.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "document/node.hpp"
#include "network_policy/rule_form.hpp"
#include "scalar/connection_set.hpp"

namespace tally::network_policy {

struct Ports {
  scalar::ConnectionSet connections{};
  std::vector<NamedPort> named{};
};

// What is wrong, and where: a pointer below the node that was read.
struct Fault {
  std::string pointer;
  std::uint32_t offset = 0;
  std::string message;
};
template <class T>
using Read = std::expected<T, Fault>;

[[nodiscard]] inline std::unexpected<Fault> fault(std::string pointer, const document::Node& at,
                                                  std::string message) {
  return std::unexpected(
      Fault{.pointer = std::move(pointer), .offset = at.offset(), .message = std::move(message)});
}

// 1 to 65535, else what was found.
[[nodiscard]] Read<std::uint16_t> read_port_number(const document::Node& node, std::string pointer);
// TCP, UDP or SCTP, as the API writes them.
[[nodiscard]] Read<scalar::Protocol> read_protocol(const document::Node& node, std::string pointer);

// NetworkPolicyPort[] (networking.k8s.io/v1): none is every connection.
[[nodiscard]] Read<Ports> read_network_policy_ports(const document::Node* ports);

[[nodiscard]] std::string quoted(const document::Node& node);

}  // namespace tally::network_policy
