#include "scalar/connection_set.hpp"

#include <utility>

namespace tally::scalar {
namespace {

constexpr std::array<std::string_view, kProtocolCount> kNames{"TCP", "UDP", "SCTP", "ICMP",
                                                              "ICMPv6"};
// https://www.iana.org/assignments/protocol-numbers
constexpr std::array<std::uint8_t, kProtocolCount> kNumbers{6, 17, 132, 1, 58};

bool is_icmp(Protocol protocol) {
  return protocol == Protocol::Icmp || protocol == Protocol::Icmp6;
}

const PortSet& all_ports(Protocol protocol) {
  static const PortSet kPorts(kPortMin, kPortMax);
  static const PortSet kTypes(0, 65535);
  return is_icmp(protocol) ? kTypes : kPorts;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](char left, char right) { return lower(left) == lower(right); });
}

std::string icmp_text(std::uint16_t number) {
  return std::to_string(number >> 8U) + "/" + std::to_string(number & 0xFFU);
}

// Whole types are written as "8", a code of a type as "8/0".
std::string icmp_text(const Interval<std::uint16_t>& interval) {
  const bool is_whole = (interval.first & 0xFFU) == 0 && (interval.last & 0xFFU) == 0xFFU;
  if (is_whole) {
    const std::string first = std::to_string(interval.first >> 8U);
    return interval.first >> 8U == interval.last >> 8U
               ? first
               : first + "-" + std::to_string(interval.last >> 8U);
  }
  return interval.first == interval.last
             ? icmp_text(interval.first)
             : icmp_text(interval.first) + "-" + icmp_text(interval.last);
}

std::string port_text(const Interval<std::uint16_t>& interval) {
  return interval.first == interval.last
             ? std::to_string(interval.first)
             : std::to_string(interval.first) + "-" + std::to_string(interval.last);
}

}  // namespace

std::string_view protocol_name(Protocol protocol) noexcept {
  return kNames[static_cast<std::size_t>(protocol)];
}

std::optional<Protocol> parse_protocol(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    if (equal_ignoring_case(name, kNames[i])) {
      return static_cast<Protocol>(i);
    }
  }
  return std::nullopt;
}

const ConnectionSet& ConnectionSet::all() {
  static const ConnectionSet kAll = [] {
    ConnectionSet set = transport();
    set.add(Protocol::Icmp, all_ports(Protocol::Icmp));
    set.add(Protocol::Icmp6, all_ports(Protocol::Icmp6));
    set.others_.set();
    for (const std::uint8_t number : kNumbers) {
      set.others_.reset(number);
    }
    return set;
  }();
  return kAll;
}

const ConnectionSet& ConnectionSet::transport() {
  static const ConnectionSet kTransport = [] {
    ConnectionSet set;
    for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp}) {
      set.add(protocol, all_ports(protocol));
    }
    return set;
  }();
  return kTransport;
}

ConnectionSet ConnectionSet::of(Protocol protocol, PortSet ports) {
  ConnectionSet set;
  set.ports_[static_cast<std::size_t>(protocol)] = std::move(ports);
  return set;
}

ConnectionSet ConnectionSet::of(Protocol protocol) { return of(protocol, all_ports(protocol)); }

ConnectionSet ConnectionSet::of_number(std::uint8_t protocol) {
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    if (kNumbers[i] == protocol) {
      return of(static_cast<Protocol>(i));
    }
  }
  ConnectionSet set;
  set.others_.set(protocol);
  return set;
}

bool ConnectionSet::is_empty() const noexcept {
  return others_.none() &&
         std::ranges::all_of(ports_, [](const PortSet& ports) { return ports.is_empty(); });
}

bool ConnectionSet::intersects(const ConnectionSet& other) const noexcept {
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    if (ports_[i].intersects(other.ports_[i])) {
      return true;
    }
  }
  return (others_ & other.others_).any();
}

void ConnectionSet::add(Protocol protocol, const PortSet& ports) {
  PortSet& mine = ports_[static_cast<std::size_t>(protocol)];
  mine = mine.unite(ports);
}

ConnectionSet ConnectionSet::unite(const ConnectionSet& other) const {
  ConnectionSet set;
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    set.ports_[i] = ports_[i].unite(other.ports_[i]);
  }
  set.others_ = others_ | other.others_;
  return set;
}

ConnectionSet ConnectionSet::intersect(const ConnectionSet& other) const {
  ConnectionSet set;
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    set.ports_[i] = ports_[i].intersect(other.ports_[i]);
  }
  set.others_ = others_ & other.others_;
  return set;
}

ConnectionSet ConnectionSet::minus(const ConnectionSet& other) const {
  ConnectionSet set;
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    set.ports_[i] = ports_[i].minus(other.ports_[i]);
  }
  set.others_ = others_ & ~other.others_;
  return set;
}

std::string ConnectionSet::to_string() const {
  if (is_empty()) {
    return "none";
  }
  if (is_all()) {
    return "all";
  }
  std::string text;
  const auto add_part = [&text](std::string_view part) {
    text.append(text.empty() ? "" : "; ").append(part);
  };
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    if (ports_[i].is_empty()) {
      continue;
    }
    add_part(kNames[i]);
    if (ports_[i] == all_ports(protocol)) {
      continue;
    }
    char separator = ' ';
    for (const Interval<std::uint16_t>& interval : ports_[i].intervals()) {
      text += separator;
      text += is_icmp(protocol) ? icmp_text(interval) : port_text(interval);
      separator = ',';
    }
  }
  if (others_ == all().others_) {
    add_part("other protocols");
  } else {
    for (std::size_t number = 0; number < others_.size(); ++number) {
      if (others_.test(number)) {
        add_part("protocol " + std::to_string(number));
      }
    }
  }
  return text;
}

}  // namespace tally::scalar
