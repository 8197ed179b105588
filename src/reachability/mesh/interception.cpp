// Which connections a sidecar takes at all: annotations traffic.sidecar.istio.io/... as
// istio.io/istio tools/istio-iptables reads them.

#include <algorithm>
#include <charconv>
#include <vector>

#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

namespace {

constexpr std::string_view kIncludeInbound = "traffic.sidecar.istio.io/includeInboundPorts";
constexpr std::string_view kExcludeInbound = "traffic.sidecar.istio.io/excludeInboundPorts";
constexpr std::string_view kIncludeOutbound = "traffic.sidecar.istio.io/includeOutboundPorts";
constexpr std::string_view kExcludeOutbound = "traffic.sidecar.istio.io/excludeOutboundPorts";
constexpr std::string_view kIncludeRanges = "traffic.sidecar.istio.io/includeOutboundIPRanges";
constexpr std::string_view kExcludeRanges = "traffic.sidecar.istio.io/excludeOutboundIPRanges";

// "80,8080"; what is no number is passed over.
std::vector<std::uint16_t> read_ports(std::string_view text) {
  std::vector<std::uint16_t> ports;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), port);
    if (code == std::errc{} && port != 0) {
      ports.push_back(port);
    }
  }
  return ports;
}

bool has_port(std::string_view list, std::uint16_t port) {
  const auto ports = read_ports(list);
  return std::ranges::find(ports, port) != ports.end();
}

}  // namespace

bool is_own_of_sidecar(const scalar::PortSet& ports) {
  return std::ranges::all_of(ports.intervals(), [](const scalar::Interval<std::uint16_t>& one) {
    for (std::uint32_t port = one.first; port <= one.last; ++port) {
      if (std::ranges::find(kOwnPorts, port) == std::end(kOwnPorts)) {
        return false;
      }
    }
    return true;
  });
}

bool passes_sidecar(const topology::Endpoint& endpoint, std::uint16_t port) {
  if (std::ranges::find(kOwnPorts, port) != std::end(kOwnPorts)) {
    return false;
  }
  const auto included = pod_annotation(endpoint, kIncludeInbound);
  if (included && *included != "*") {
    return has_port(*included, port);
  }
  return !has_port(pod_annotation(endpoint, kExcludeInbound).value_or(""), port);
}

Capture captures(const topology::Endpoint& client, std::uint16_t port) {
  if (has_port(pod_annotation(client, kExcludeOutbound).value_or(""), port)) {
    return Capture::PassedBy;
  }
  const auto ports = pod_annotation(client, kIncludeOutbound).value_or("");
  if (ports == "*" || has_port(ports, port)) {
    return Capture::Taken;
  }
  if (!pod_annotation(client, kExcludeRanges).value_or("").empty()) {
    return Capture::Unknown;
  }
  const auto ranges = pod_annotation(client, kIncludeRanges).value_or("*");
  return ranges == "*" ? Capture::Taken : ranges.empty() ? Capture::PassedBy : Capture::Unknown;
}

std::vector<std::uint16_t> intercepted_ports(const topology::Endpoint& endpoint) {
  std::vector<std::uint16_t> ports;
  for (const std::string_view key :
       {kIncludeInbound, kExcludeInbound, kIncludeOutbound, kExcludeOutbound}) {
    const auto listed = read_ports(pod_annotation(endpoint, key).value_or(""));
    ports.insert(ports.end(), listed.begin(), listed.end());
  }
  return ports;
}

std::string interception_text(const topology::Endpoint& endpoint) {
  std::string text;
  for (const std::string_view key : {kIncludeInbound, kExcludeInbound, kIncludeOutbound,
                                     kExcludeOutbound, kIncludeRanges, kExcludeRanges}) {
    text.append(pod_annotation(endpoint, key).value_or("-")).append("|");
  }
  return text;
}

}  // namespace tally::reachability::mesh
