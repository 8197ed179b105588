#include "reachability/mesh/internal/passage.hpp"

namespace tally::reachability::mesh {

using authorization::Point;
using authorization::Protocol;

namespace {

std::optional<scalar::IpAddress> only_address(std::span<const scalar::IpAddress> addresses) {
  return addresses.size() == 1 ? std::optional(addresses.front()) : std::nullopt;
}

// The name that a client asks for in its TLS is its own affair, unless there is none.
std::optional<std::string_view> sni_of(const Stage& stage) {
  return stage.identity.empty() ? std::optional<std::string_view>() : std::nullopt;
}

}  // namespace

authorization::Request request_of(const Stage& stage, const HttpRequest* request) {
  authorization::Request out;
  out.point = stage.point;
  out.source = {.principal = stage.identity, .ip = stage.source_ip, .remote_ip = stage.source_ip};
  out.destination = stage.destination;
  out.is_http = request != nullptr && stage.protocol != Protocol::Tcp;
  out.sni = sni_of(stage);
  if (request != nullptr) {
    out.method = request->method;
    out.path = request->path;
    out.host = request->host;
    out.are_headers_known = false;
  }
  return out;
}

authorization::ReachQuery query_of(const Stage& stage, Protocol protocol) {
  authorization::ReachQuery query;
  query.point = stage.point;
  query.source = {.principal = stage.identity, .ip = stage.source_ip, .remote_ip = stage.source_ip};
  query.source_blocks = stage.source_blocks;
  query.destination = stage.destination;
  query.protocol = protocol;
  query.sni = sni_of(stage);
  return query;
}

Passage::Passage(const MeshTable& table, const Route& route, const Party& source,
                 const Party& destination, std::uint16_t port)
    : table_(table), route_(route) {
  if (!destination.endpoint) {
    return;
  }
  if (route.waypoint.state == WaypointUse::State::Used) {
    add_waypoint(source, destination, port);
  }
  if (route.server == DataPlane::Sidecar || route.server == DataPlane::Ambient) {
    add_server(source, destination, port);
  }
}

void Passage::add_source(Stage& stage, const Party& source) const {
  if (source.endpoint) {
    stage.source_ip = only_address(table_.endpoint(*source.endpoint).addresses);
    return;
  }
  stage.source_blocks = source.addresses.cidrs();
  if (stage.source_blocks.size() == 1) {
    const scalar::Cidr& block = stage.source_blocks.front();
    if (block.bits == block.address.bit_count()) {
      stage.source_ip = block.address;
    }
  }
}

void Passage::add_waypoint(const Party& source, const Party& destination, std::uint16_t port) {
  const topology::Topology& topology = table_.topology();
  Stage stage{.point = Point::Waypoint, .identity = route_.client_identity};
  add_source(stage, source);
  stage.destination.name_space = route_.waypoint.name_space;
  stage.destination.labels = table_.proxy_of(route_.waypoint).endpoint.labels;
  stage.destination.port = port;
  if (route_.service) {
    const topology::Service& service = topology.services()[*route_.service];
    targets_.push_back(
        {.name_space = topology.namespaces()[service.name_space].name, .name = service.name});
    stage.destination.services = targets_;
  }
  stage.protocol =
      route_.is_opaque ? Protocol::Tcp : table_.protocol_of(*destination.endpoint, port);
  stage.name = "waypoint " + std::string(route_.waypoint.name_space) + "/" +
               std::string(route_.waypoint.name);
  stages_.push_back(std::move(stage));
}

void Passage::add_server(const Party& source, const Party& destination, std::uint16_t port) {
  const topology::Endpoint& own = table_.endpoint(*destination.endpoint);
  const bool is_sidecar = route_.server == DataPlane::Sidecar;
  Stage stage{.point = is_sidecar ? Point::Sidecar : Point::Ztunnel, .identity = route_.identity};
  if (route_.waypoint.state == WaypointUse::State::Used) {
    stage.source_ip = only_address(table_.proxy_of(route_.waypoint).endpoint.addresses);
  } else {
    add_source(stage, source);
  }
  stage.destination.name_space = table_.topology().name_space_of(own).name;
  stage.destination.labels = own.labels;
  stage.destination.port = port;
  stage.destination.ip = only_address(own.addresses);
  stage.protocol = is_sidecar && !route_.is_opaque ? table_.protocol_of(*destination.endpoint, port)
                                                   : Protocol::Tcp;
  stage.name = is_sidecar ? "sidecar" : "ztunnel";
  stages_.push_back(std::move(stage));
}

}  // namespace tally::reachability::mesh
