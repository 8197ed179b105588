// toPorts and icmps (Cilium pkg/policy/api/l4.go, icmp.go, rule_validation.go and
// pkg/policy/rule.go). What layer 7 adds to a port is not judged here: the connection is.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "network_policy/internal/cilium.hpp"
#include "network_policy/internal/read_selector.hpp"

namespace tally::network_policy {
namespace {

using document::Node;
using scalar::ConnectionSet;
using scalar::PortSet;
using scalar::Protocol;

constexpr std::size_t kItemsMax = 40;  // maxPorts, maxICMPFields
constexpr std::array kTransport{Protocol::Tcp, Protocol::Udp, Protocol::Sctp};

// IP protocols without ports (Cilium 1.19, enable-extended-ip-protocols).
struct Extended {
  std::string_view name;
  std::uint8_t number;
};
constexpr std::array<Extended, 7> kExtended{
    {{"VRRP", 112}, {"IGMP", 2}, {"GRE", 47}, {"IPIP", 4}, {"IPV6", 41}, {"ESP", 50}, {"AH", 51}}};

struct IcmpName {
  std::string_view name;
  std::uint8_t type;
};
constexpr std::array<IcmpName, 14> kIcmp4{{{"EchoReply", 0},
                                           {"DestinationUnreachable", 3},
                                           {"Redirect", 5},
                                           {"Echo", 8},
                                           {"EchoRequest", 8},
                                           {"RouterAdvertisement", 9},
                                           {"RouterSelection", 10},
                                           {"TimeExceeded", 11},
                                           {"ParameterProblem", 12},
                                           {"Timestamp", 13},
                                           {"TimestampReply", 14},
                                           {"Photuris", 40},
                                           {"ExtendedEchoRequest", 42},
                                           {"ExtendedEchoReply", 43}}};
constexpr std::array<IcmpName, 26> kIcmp6{{{"DestinationUnreachable", 1},
                                           {"PacketTooBig", 2},
                                           {"TimeExceeded", 3},
                                           {"ParameterProblem", 4},
                                           {"EchoRequest", 128},
                                           {"EchoReply", 129},
                                           {"MulticastListenerQuery", 130},
                                           {"MulticastListenerReport", 131},
                                           {"MulticastListenerDone", 132},
                                           {"RouterSolicitation", 133},
                                           {"RouterAdvertisement", 134},
                                           {"NeighborSolicitation", 135},
                                           {"NeighborAdvertisement", 136},
                                           {"RedirectMessage", 137},
                                           {"RouterRenumbering", 138},
                                           {"ICMPNodeInformationQuery", 139},
                                           {"ICMPNodeInformationResponse", 140},
                                           {"InverseNeighborDiscoverySolicitation", 141},
                                           {"InverseNeighborDiscoveryAdvertisement", 142},
                                           {"HomeAgentAddressDiscoveryRequest", 144},
                                           {"HomeAgentAddressDiscoveryReply", 145},
                                           {"MobilePrefixSolicitation", 146},
                                           {"MobilePrefixAdvertisement", 147},
                                           {"DuplicateAddressRequestCodeSuffix", 157},
                                           {"DuplicateAddressConfirmationCodeSuffix", 158},
                                           {"ExtendedEchoRequest", 160}}};

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

// RFC 6335 section 5.1: 1 to 15 letters, digits and hyphens, at least one letter, no hyphen at an
// end or beside another.
bool is_service_name(std::string_view text) {
  bool has_letter = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '-' && (i == 0 || i + 1 == text.size() || text[i - 1] == '-')) {
      return false;
    }
    if (c != '-' && std::isalnum(c) == 0) {
      return false;
    }
    has_letter = has_letter || std::isalpha(c) != 0;
  }
  return has_letter && text.size() <= 15;
}

struct PortProtocol {
  bool is_any = true;  // TCP, UDP and SCTP
  Protocol protocol = Protocol::Tcp;
  std::uint8_t number = 0;  // of an extended protocol
  bool is_extended = false;
};

Read<PortProtocol> read_protocol_of(const Node& item, const std::string& at) {
  const Node* node = field(item, "protocol");
  PortProtocol result;
  if (node == nullptr || node->text().empty()) {
    return result;
  }
  const std::string name = upper(node->text());
  if (name == "ANY") {
    return result;
  }
  result.is_any = false;
  for (const Extended& extended : kExtended) {
    if (name == extended.name) {
      result.is_extended = true;
      result.number = extended.number;
      return result;
    }
  }
  const auto protocol = scalar::parse_protocol(name);
  if (!protocol) {
    return fault(at + "/protocol", *node,
                 "found " + quoted(*node) + ", expected TCP, UDP, SCTP, ICMP, ICMPv6 or ANY");
  }
  result.protocol = *protocol;
  return result;
}

void add_ports(RuleDraft& rule, const PortProtocol& protocol, const PortSet& ports) {
  for (const Protocol one : kTransport) {
    if (protocol.is_any) {
      rule.connections.add(one, ports);
    }
  }
  if (!protocol.is_any) {
    rule.connections.add(protocol.protocol, ports);
  }
}

// Of a protocol all ports, or all types and codes.
void add_all(RuleDraft& rule, const PortProtocol& protocol) {
  if (protocol.is_any) {
    rule.connections = rule.connections.unite(ConnectionSet::transport());
  } else if (protocol.is_extended) {
    rule.connections = rule.connections.unite(ConnectionSet::of_number(protocol.number));
  } else {
    rule.connections = rule.connections.unite(ConnectionSet::of(protocol.protocol));
  }
}

bool is_icmp(const PortProtocol& protocol) {
  return !protocol.is_any && !protocol.is_extended &&
         (protocol.protocol == Protocol::Icmp || protocol.protocol == Protocol::Icmp6);
}

PortSet type_and_codes(std::uint16_t type) {
  return {static_cast<std::uint16_t>(type * 256), static_cast<std::uint16_t>(type * 256 + 255)};
}

Read<void> read_port(const CiliumScope& scope, const Node& item, const std::string& at,
                     bool has_dns, RuleDraft& rule) {
  auto protocol = read_protocol_of(item, at);
  if (!protocol) {
    return std::unexpected(std::move(protocol).error());
  }
  const Node* port = field(item, "port");
  const Node* end = field(item, "endPort");
  if (port == nullptr || (port->is_string() && port->text().empty())) {
    if (protocol->is_extended) {
      add_all(rule, *protocol);
      return {};
    }
    return fault(at, item, "a port must be specified; \"0\" is every port");
  }
  if (!port->is_string()) {
    return fault(at + "/port", *port,
                 "found the " + std::string(document::kind_name(port->kind())) + " " +
                     quoted(*port) + ", expected a string");
  }
  if (is_service_name(port->text())) {
    if (end != nullptr) {
      scope.ignored(at + "/endPort", *end, "a named port has no endPort: it is ignored");
    }
    std::string name(port->text());
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string_view text = scope.builder.text(name);
    for (const Protocol one : kTransport) {
      if (protocol->is_any || (!protocol->is_extended && protocol->protocol == one)) {
        rule.named_ports.push_back({.protocol = one, .name = text});
      }
    }
    return {};
  }
  std::uint16_t first = 0;
  const std::string_view digits = port->text();
  const auto [rest, code] = std::from_chars(digits.data(), digits.data() + digits.size(), first);
  if (code != std::errc() || rest != digits.data() + digits.size()) {
    return fault(at + "/port", *port,
                 "found " + quoted(*port) + ", expected a port from 0 to 65535 or a name");
  }
  if (first == 0) {
    add_all(rule, *protocol);
    return {};
  }
  if (protocol->is_extended) {
    return fault(at + "/port", *port, "the port of a protocol without ports must be absent or 0");
  }
  if (is_icmp(*protocol)) {
    if (first > 255) {
      return fault(at + "/port", *port, "found " + quoted(*port) + ", expected a type to 255");
    }
    add_ports(rule, *protocol, type_and_codes(first));
    return {};
  }
  std::uint16_t last = first;
  if (end != nullptr) {
    const auto number = end->integer();
    if (!number || *number < 0 || *number > scalar::kPortMax) {
      return fault(at + "/endPort", *end,
                   "found " + quoted(*end) + ", expected a port from 0 to 65535");
    }
    if (has_dns && *number > first) {
      return fault(at + "/endPort", *end, "DNS rules do not support port ranges");
    }
    // An endPort that is not above the port says nothing (pkg/policy/l4.go, createL4Filter).
    last = std::max(first, static_cast<std::uint16_t>(*number));
  }
  add_ports(rule, *protocol, PortSet(first, last));
  return {};
}

// L7 rules exclude each other and go with TCP, those for DNS with UDP as well.
Read<void> read_layer7(const CiliumScope& scope, const Node& item, const std::string& at,
                       const RuleDraft& rule) {
  const Node* rules = field(item, "rules");
  if (rules == nullptr) {
    return {};
  }
  if (rule.action == Action::Deny) {
    scope.ignored(at + "/rules", *rules, "a deny rule has no layer 7 rules: they are ignored");
    return {};
  }
  const Node* dns = field(*rules, "dns");
  const bool has_dns = dns != nullptr && dns->size() > 0;
  std::string kinds;
  int count = 0;
  for (const std::string_view kind : {"http", "kafka", "dns", "l7proto"}) {
    if (field(*rules, kind) != nullptr) {
      kinds.append(kinds.empty() ? "" : ", ").append(kind);
      ++count;
    }
  }
  if (count > 1) {
    return fault(at + "/rules", *rules, "several kinds of layer 7 rules in one rule: " + kinds);
  }
  if (field(*rules, "l7") != nullptr && field(*rules, "l7proto") == nullptr) {
    return fault(at + "/rules", *rules, "l7 rules need an l7proto");
  }
  if (count == 0) {
    return {};
  }
  if (has_dns && rule.direction == Direction::Ingress) {
    return fault(at + "/rules/dns", *dns, "DNS rules are not allowed on ingress");
  }
  const Node* ports = field(item, "ports");
  if (has_dns && (ports == nullptr || ports->size() == 0)) {
    return fault(at + "/rules/dns", *dns, "port 53 must be specified for DNS rules");
  }
  for (std::size_t i = 0; ports != nullptr && i < ports->size(); ++i) {
    const Node& port = ports->items()[i];
    const Node* protocol = field(port, "protocol");
    const Node* number = field(port, "port");
    const std::string below = at + "/ports/" + std::to_string(i);
    if (!has_dns && (protocol == nullptr || upper(protocol->text()) != "TCP")) {
      return fault(below, port, "layer 7 rules other than DNS go with protocol TCP only");
    }
    if (number != nullptr && number->text() == "0") {
      return fault(below, port, "layer 7 rules cannot be used with port 0");
    }
  }
  if (field(item, "listener") != nullptr) {
    return fault(at + "/listener", item, "a listener cannot stand beside layer 7 rules");
  }
  scope.ignored(at + "/rules", *rules,
                "layer 7 rules (" + kinds +
                    ") restrict what passes; the connection itself is judged as allowed");
  return {};
}

Read<void> read_port_rule(const CiliumScope& scope, const Node& item, const std::string& at,
                          RuleDraft& rule) {
  if (auto done = read_layer7(scope, item, at, rule); !done) {
    return done;
  }
  const Node* listener = field(item, "listener");
  if (listener != nullptr && rule.direction == Direction::Ingress) {
    return fault(at + "/listener", *listener, "a listener is not allowed on ingress");
  }
  for (const std::string_view key : {"serverNames", "listener"}) {
    if (const Node* node = field(item, key); node != nullptr) {
      scope.ignored(
          at + "/" + std::string(key), *node,
          std::string(key) + " restricts what passes; the connection itself is judged as allowed");
    }
  }
  const Node* ports = field(item, "ports");
  if (ports == nullptr || ports->size() == 0) {
    scope.ignored(at, item, "no ports: it matches nothing");
    return {};
  }
  if (ports->size() > kItemsMax) {
    return fault(at + "/ports", *ports,
                 "found " + std::to_string(ports->size()) + " ports, the most is 40");
  }
  const Node* rules = field(item, "rules");
  const Node* dns = rules == nullptr ? nullptr : field(*rules, "dns");
  for (std::size_t i = 0; i < ports->size(); ++i) {
    if (auto done = read_port(scope, ports->items()[i], at + "/ports/" + std::to_string(i),
                              dns != nullptr && dns->size() > 0, rule);
        !done) {
      return done;
    }
  }
  return {};
}

Read<std::uint16_t> read_icmp_type(const Node& node, bool is_v6, const std::string& at) {
  if (const auto number = node.integer(); number && *number >= 0 && *number <= 255) {
    return static_cast<std::uint16_t>(*number);
  }
  if (node.is_string()) {
    const std::string_view text = node.text();
    std::uint8_t number = 0;
    const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code == std::errc() && rest == text.data() + text.size()) {
      return number;
    }
    const auto names =
        is_v6 ? std::span<const IcmpName>(kIcmp6) : std::span<const IcmpName>(kIcmp4);
    const auto named = std::ranges::find(names, text, &IcmpName::name);
    if (named != names.end()) {
      return named->type;
    }
    if (is_v6 && text == "ExtendedEchoReply") {
      return std::uint16_t{161};
    }
  }
  return fault(at, node,
               "found " + quoted(node) + ", expected an ICMP type from 0 to 255 or its name");
}

Read<void> read_icmps(const Node& icmps, const std::string& pointer, RuleDraft& rule) {
  for (std::size_t i = 0; i < icmps.size(); ++i) {
    const Node* fields = field(icmps.items()[i], "fields");
    const std::string at = pointer + "/" + std::to_string(i) + "/fields";
    if (fields != nullptr && fields->size() > kItemsMax) {
      return fault(at, *fields,
                   "found " + std::to_string(fields->size()) + " types, the most is 40");
    }
    for (std::size_t j = 0; fields != nullptr && j < fields->size(); ++j) {
      const Node& item = fields->items()[j];
      const std::string below = at + "/" + std::to_string(j);
      const Node* family = field(item, "family");
      const std::string_view name = family == nullptr ? std::string_view{} : family->text();
      if (family != nullptr && name != "IPv4" && name != "IPv6") {
        return fault(below + "/family", *family,
                     "found " + quoted(*family) + ", expected IPv4 or IPv6");
      }
      const Node* type = field(item, "type");
      if (type == nullptr) {
        return fault(below, item, "expected an ICMP type, found none");
      }
      auto number = read_icmp_type(*type, name == "IPv6", below + "/type");
      if (!number) {
        return std::unexpected(std::move(number).error());
      }
      rule.connections.add(name == "IPv6" ? Protocol::Icmp6 : Protocol::Icmp,
                           type_and_codes(*number));
    }
  }
  return {};
}

}  // namespace

Read<bool> read_cilium_ports(const CiliumScope& scope, const Node& node, const std::string& pointer,
                             RuleDraft& rule) {
  const Node* ports = field(node, "toPorts");
  const Node* icmps = field(node, "icmps");
  const bool has_ports = ports != nullptr && ports->size() > 0;
  const bool has_icmps = icmps != nullptr && icmps->size() > 0;
  if (has_ports && has_icmps) {
    return fault(pointer + "/icmps", *icmps,
                 "icmps may only be present without toPorts; write a rule of its own");
  }
  if (!has_ports && !has_icmps) {
    rule.connections = ConnectionSet::all();
    return false;
  }
  for (std::size_t i = 0; has_ports && i < ports->size(); ++i) {
    if (auto done = read_port_rule(scope, ports->items()[i],
                                   pointer + "/toPorts/" + std::to_string(i), rule);
        !done) {
      return std::unexpected(std::move(done).error());
    }
  }
  if (has_icmps) {
    if (auto done = read_icmps(*icmps, pointer + "/icmps", rule); !done) {
      return std::unexpected(std::move(done).error());
    }
  }
  return true;
}

}  // namespace tally::network_policy
