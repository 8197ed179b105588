// Protocols, ports and ICMP of Calico's rules (projectcalico.org/v3 Rule; validated as
// libcalico-go/lib/validator/v3/validator.go of Calico 3.30 does).
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "network_policy/internal/calico.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

constexpr std::uint8_t kUdpLite = 136;

std::optional<std::uint32_t> unsigned_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

// A name, or a number from 1 to 255. The names are compared without letter case, as Felix does.
Read<ConnectionSet> read_protocol_set(const Node& node, const std::string& pointer) {
  if (const auto number = unsigned_number(node.text())) {
    if (*number >= 1 && *number <= 255) {
      return ConnectionSet::of_number(static_cast<std::uint8_t>(*number));
    }
  } else if (node.is_string()) {
    if (const auto named = scalar::parse_protocol(node.text())) {
      return ConnectionSet::of(*named);
    }
    std::string lower(node.text());
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (lower == "udplite") {
      return ConnectionSet::of_number(kUdpLite);
    }
  }
  return fault(pointer, node,
               "found " + quoted(node) +
                   ", expected TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number from 1 to 255");
}

std::optional<Protocol> only_of(const ConnectionSet& set, std::initializer_list<Protocol> among) {
  for (const Protocol protocol : among) {
    if (set == ConnectionSet::of(protocol)) {
      return protocol;
    }
  }
  return std::nullopt;
}

struct PortList {
  PortSet numbers;
  std::vector<std::string_view> names;
};

// numorstring.Port: a number, "first:last", or the name of a port.
Read<PortList> read_port_list(const Node& node, const std::string& pointer) {
  PortList list;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& item = node.items()[i];
    const std::string at = pointer + "/" + std::to_string(i);
    const std::string_view text = item.text();
    const std::size_t colon = text.find(':');
    const auto first = unsigned_number(text.substr(0, colon));
    const auto last =
        colon == std::string_view::npos ? first : unsigned_number(text.substr(colon + 1));
    if (first && last) {
      if (*first < scalar::kPortMin || *last > scalar::kPortMax || *last < *first) {
        return fault(at, item,
                     "found " + quoted(item) +
                         ", expected a port or a range \"first:last\" from 1 to 65535");
      }
      list.numbers.add(static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last));
      continue;
    }
    const bool is_name = item.is_string() && !text.empty() && text.size() <= 128 &&
                         std::ranges::all_of(text, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
                         });
    if (!is_name) {
      return fault(at, item,
                   "found " + quoted(item) +
                       ", expected a port, a range \"first:last\" or the name of a port");
    }
    list.names.push_back(text);
  }
  return list;
}

// ICMPFields: a type from 0 to 254, perhaps with a code from 0 to 255.
Read<PortSet> read_icmp(const Node& node, const std::string& pointer) {
  const auto number = [&](std::string_view key,
                          std::int64_t max) -> Read<std::optional<std::int64_t>> {
    const Node* value = field(node, key);
    if (value == nullptr) {
      return std::optional<std::int64_t>();
    }
    const auto integer = value->integer();
    if (!integer || *integer < 0 || *integer > max) {
      return fault(
          pointer + "/" + std::string(key), *value,
          "found " + quoted(*value) + ", expected a number from 0 to " + std::to_string(max));
    }
    return integer;
  };
  auto type = number("type", 254);
  if (!type) {
    return std::unexpected(std::move(type).error());
  }
  auto code = number("code", 255);
  if (!code) {
    return std::unexpected(std::move(code).error());
  }
  if (!*type) {
    if (*code) {
      return fault(pointer, node, "an ICMP code needs an ICMP type");
    }
    return PortSet(0, 65535);
  }
  const auto base = static_cast<std::uint16_t>(**type * 256);
  return *code ? PortSet(static_cast<std::uint16_t>(base + **code),
                         static_cast<std::uint16_t>(base + **code))
               : PortSet(base, static_cast<std::uint16_t>(base + 255));
}

class Reader {
 public:
  Reader(PolicySetBuilder& builder, const Node& rule) : builder_(builder), rule_(rule) {}

  Read<CalicoConnections> run() {
    ConnectionSet connections = ConnectionSet::all();
    const Node* protocol = field(rule_, "protocol");
    if (protocol != nullptr) {
      auto set = read_protocol_set(*protocol, "/protocol");
      if (!set) {
        return std::unexpected(std::move(set).error());
      }
      connections = std::move(*set);
    }
    const ConnectionSet of_protocol = protocol == nullptr ? ConnectionSet() : connections;
    if (const Node* excluded = field(rule_, "notProtocol"); excluded != nullptr) {
      auto set = read_protocol_set(*excluded, "/notProtocol");
      if (!set) {
        return std::unexpected(std::move(set).error());
      }
      connections = connections.minus(*set);
    }
    for (const bool is_excluded : {false, true}) {
      if (auto done = narrow_icmp(is_excluded, of_protocol, connections); !done) {
        return std::unexpected(std::move(done).error());
      }
    }
    CalicoConnections result{.connections = std::move(connections)};
    if (auto done = narrow_ports(of_protocol, result); !done) {
      return std::unexpected(std::move(done).error());
    }
    return result;
  }

 private:
  Read<void> narrow_icmp(bool is_excluded, const ConnectionSet& of_protocol,
                         ConnectionSet& connections) {
    const std::string_view key = is_excluded ? "notICMP" : "icmp";
    const Node* icmp = field(rule_, key);
    if (icmp == nullptr) {
      return {};
    }
    const std::string at = "/" + std::string(key);
    const auto protocol = only_of(of_protocol, {Protocol::Icmp, Protocol::Icmp6});
    if (!protocol) {
      return fault(at, *icmp, "ICMP fields need the protocol ICMP or ICMPv6");
    }
    auto types = read_icmp(*icmp, at);
    if (!types) {
      return std::unexpected(std::move(types).error());
    }
    const ConnectionSet named = ConnectionSet::of(*protocol, *types);
    connections = is_excluded ? connections.minus(named) : connections.intersect(named);
    return {};
  }

  Read<void> narrow_ports(const ConnectionSet& of_protocol, CalicoConnections& result) {
    const auto protocol = only_of(of_protocol, {Protocol::Tcp, Protocol::Udp, Protocol::Sctp});
    for (const std::string_view side : {"source", "destination"}) {
      const Node* entity = field(rule_, side);
      if (entity == nullptr) {
        continue;
      }
      for (const std::string_view key : {"ports", "notPorts"}) {
        const Node* ports = field(*entity, key);
        if (ports == nullptr || ports->size() == 0) {
          continue;
        }
        const std::string at = "/" + std::string(side) + "/" + std::string(key);
        if (!protocol) {
          return fault(at, *ports, "ports need the protocol TCP, UDP or SCTP");
        }
        auto list = read_port_list(*ports, at);
        if (!list) {
          return std::unexpected(std::move(list).error());
        }
        if (side == "destination") {
          narrow(*protocol, *list, key == "notPorts", result);
        }
      }
    }
    return {};
  }

  void narrow(Protocol protocol, const PortList& list, bool is_excluded,
              CalicoConnections& result) {
    const ConnectionSet numbers = ConnectionSet::of(protocol, list.numbers);
    if (is_excluded) {
      result.connections = result.connections.minus(numbers);
      if (!result.named_ports.empty() && !list.numbers.is_empty()) {
        result.unknown = "named ports beside excluded numbers";
      }
    } else {
      result.connections = result.connections.intersect(numbers);
    }
    for (const std::string_view name : list.names) {
      result.named_ports.push_back(
          {.protocol = protocol, .name = builder_.text(name), .is_excluded = is_excluded});
    }
  }

  PolicySetBuilder& builder_;
  const Node& rule_;
};

}  // namespace

Read<CalicoConnections> read_calico_connections(PolicySetBuilder& builder, const Node& rule) {
  return Reader(builder, rule).run();
}

}  // namespace tally::network_policy
