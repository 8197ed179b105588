// Whether a port of a pod speaks HTTP, by the Services that lead to it.

#include <algorithm>
#include <array>

#include "reachability/mesh/internal/hosts.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

using authorization::Protocol;
using document::Node;

namespace {

// pilot/pkg/serviceregistry/kube ConvertProtocol(): appProtocol, then the name up to "-".
Protocol protocol_of_words(std::string_view app_protocol, std::string_view name) {
  std::string word(app_protocol.empty() ? name.substr(0, name.find('-')) : app_protocol);
  std::ranges::transform(word, word.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const std::string_view http :
       {"http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws"}) {
    if (word == http) {
      return Protocol::Http;
    }
  }
  for (const std::string_view tcp :
       {"https", "tls", "tcp", "mongo", "mysql", "redis", "udp", "kubernetes.io/wss"}) {
    if (word == tcp) {
      return Protocol::Tcp;
    }
  }
  return Protocol::Unknown;
}

}  // namespace

bool leads_to(const topology::ServicePort& service_port, const topology::Endpoint& endpoint,
              std::uint16_t port) {
  return service_port.protocol == scalar::Protocol::Tcp &&
         (service_port.target_name.empty()
              ? service_port.target_port == port
              : topology::named_ports(endpoint, service_port.target_name, service_port.protocol)
                    .contains(port));
}

Protocol MeshTable::protocol_of(std::uint32_t at_endpoint, std::uint16_t port) const {
  const topology::Endpoint& own = endpoint(at_endpoint);
  std::optional<Protocol> found;
  for (const std::uint32_t at : services[at_endpoint]) {
    const topology::Service& service = topology().services()[at];
    const Node* spec = service.object->root.find("spec");
    const Node* items = spec == nullptr ? nullptr : spec->find("ports");
    for (const topology::ServicePort& service_port : service.ports) {
      if (!leads_to(service_port, own, port)) {
        continue;
      }
      std::string_view app_protocol;
      for (const Node& item : items == nullptr ? std::span<const Node>{} : items->items()) {
        const Node* number = item.find("port");
        if (number != nullptr && number->integer() == service_port.port &&
            text_at(item, "name") == service_port.name) {
          app_protocol = text_at(item, "appProtocol");
        }
      }
      const Protocol protocol = protocol_of_words(app_protocol, service_port.name);
      if (found && *found != protocol) {
        return Protocol::Unknown;
      }
      found = protocol;
    }
  }
  return found.value_or(Protocol::Unknown);
}

}  // namespace tally::reachability::mesh
