#include "network_policy/internal/ports.hpp"

#include <utility>

#include "document/json_writer.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::network_policy {

using document::Node;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

std::string quoted(const Node& node) {
  constexpr std::size_t kShownMax = 64;
  if (node.is_string() || node.is_number()) {
    return "\"" + std::string(node.text().substr(0, kShownMax)) + "\"";
  }
  return "a " + std::string(document::kind_name(node.kind()));
}

Read<std::uint16_t> read_port_number(const Node& node, std::string pointer) {
  const auto number = node.integer();
  if (!number || *number < scalar::kPortMin || *number > scalar::kPortMax) {
    return fault(std::move(pointer), node,
                 "found " + quoted(node) + ", expected a port from 1 to 65535");
  }
  return static_cast<std::uint16_t>(*number);
}

Read<Protocol> read_protocol(const Node& node, std::string pointer) {
  for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
    if (node.is_string() && node.text() == scalar::protocol_name(protocol)) {
      return protocol;
    }
  }
  return fault(std::move(pointer), node, "found " + quoted(node) + ", expected TCP, UDP or SCTP");
}

// networking.k8s.io/v1 NetworkPolicyPort: no protocol is TCP; no port is all of the protocol;
// endPort needs a number before it.
Read<Ports> read_network_policy_ports(const Node* ports) {
  Ports result;
  if (ports == nullptr || ports->size() == 0) {
    result.connections = ConnectionSet::all();
    return result;
  }
  for (std::size_t i = 0; i < ports->size(); ++i) {
    const Node& item = ports->items()[i];
    const std::string at = "/ports/" + std::to_string(i);
    Protocol protocol = Protocol::Tcp;
    if (const Node* node = item.find("protocol"); node != nullptr && !node->is_null()) {
      auto read = read_protocol(*node, at + "/protocol");
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      protocol = *read;
    }
    const Node* port = item.find("port");
    const Node* end_port = item.find("endPort");
    const bool has_end = end_port != nullptr && !end_port->is_null();
    if (port == nullptr || port->is_null()) {
      if (has_end) {
        return fault(at + "/endPort", *end_port, "an endPort needs a port before it");
      }
      result.connections = result.connections.unite(ConnectionSet::of(protocol));
      continue;
    }
    if (port->is_string()) {
      if (has_end) {
        return fault(at + "/endPort", *end_port,
                     "an endPort needs a number as port, found the name " + quoted(*port));
      }
      result.named.push_back({.protocol = protocol, .name = port->text()});
      continue;
    }
    auto first = read_port_number(*port, at + "/port");
    if (!first) {
      return std::unexpected(std::move(first).error());
    }
    std::uint16_t last = *first;
    if (has_end) {
      auto end = read_port_number(*end_port, at + "/endPort");
      if (!end) {
        return std::unexpected(std::move(end).error());
      }
      if (*end < *first) {
        return fault(at + "/endPort", *end_port,
                     "port range " + std::to_string(*first) + "-" + std::to_string(*end) +
                         " is empty: endPort must not be less than port");
      }
      last = *end;
    }
    result.connections.add(protocol, PortSet(*first, last));
  }
  return result;
}

}  // namespace tally::network_policy
