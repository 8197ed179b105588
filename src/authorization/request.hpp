#pragma once
// What is decided about: one connection to a workload, or one HTTP request on it, as the proxy sees
// it. Every fact may be absent ("the connection carries no such thing") or unknown (nothing was
// said of it): what depends on an unknown fact is decided as unknown, never guessed.
//
// All texts are views: they must outlive the call.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "document/node.hpp"
#include "scalar/ip_address.hpp"

namespace tally::authorization {

// Who evaluates. docs/authorization.md says how they differ.
enum class Point : std::uint8_t {
  Sidecar,   // Envoy beside the workload, and Istio's own gateways
  Ztunnel,   // the node proxy of ambient mode: connections only
  Waypoint,  // Envoy before a Service or a namespace, in ambient mode
  Gateway,   // a gateway of the Gateway API
};
[[nodiscard]] std::string_view point_name(Point point) noexcept;  // "sidecar", ...

struct Header {
  std::string_view name;
  std::string_view value;
};

// What is known of the bearer token of a request.
enum class Token : std::uint8_t {
  Absent,
  Valid,         // `claims` holds what it says
  Invalid,       // no RequestAuthentication that applies accepts it
  NotValidated,  // there may be one; nobody looked
};

struct Source {
  // The SPIFFE ID without "spiffe://": "cluster.local/ns/shop/sa/web". Empty: plaintext, the peer
  // has shown no identity. Nothing: unknown.
  std::optional<std::string_view> principal = std::string_view{};
  std::optional<scalar::IpAddress> ip;         // of the peer
  std::optional<scalar::IpAddress> remote_ip;  // of the client, from x-forwarded-for or PROXY
};

// A Service or a ServiceEntry through which a waypoint was reached.
struct ServiceTarget {
  std::string_view name_space;
  std::string_view name;
  bool is_service_entry = false;
};

struct Destination {
  std::string_view name_space{};        // of the workload; at a waypoint or gateway: of the proxy
  document::Node labels{};              // of the workload; at a waypoint or gateway: of the proxy
  std::optional<std::uint16_t> port{};  // of the workload, not of a Service
  std::optional<scalar::IpAddress> ip{};
  std::span<const ServiceTarget> services{};  // read at a waypoint only
};

struct Request {
  Point point = Point::Sidecar;
  Source source;
  Destination destination;
  bool is_http = false;  // the port speaks HTTP (by its name or appProtocol): HTTP rules apply
  std::optional<std::string_view> sni = std::string_view{};  // empty: none
  // The rest is read only if is_http.
  std::optional<std::string_view> method;
  std::optional<std::string_view> path;  // as sent: with its query, not normalised
  std::optional<std::string_view> host;
  std::span<const Header> headers;
  bool are_headers_known = true;
  Token token = Token::Absent;
  document::Node claims;  // of a valid token
};

}  // namespace tally::authorization
