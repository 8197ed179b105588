// Every way that a client may choose, and that the facts leave open.

#include <algorithm>

#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

namespace {

// The planes that may stand before an endpoint.
std::vector<DataPlane> possible(const Mesh& mesh, const Party& party) {
  if (!party.endpoint) {
    return {DataPlane::None};
  }
  const DataPlane plane = mesh.data_plane_of(*party.endpoint);
  return plane == DataPlane::Unknown
             ? std::vector{DataPlane::None, DataPlane::Sidecar, DataPlane::Ambient}
             : std::vector{plane};
}

// Pods of one namespace that is not in the input, which alone decides: both are in the mesh or
// none.
bool share_enrolment(const Mesh& mesh, const Party& source, const Party& destination) {
  if (!source.endpoint || !destination.endpoint) {
    return false;
  }
  const auto endpoints = mesh.world().topology().endpoints();
  return mesh.enrolment_of(*source.endpoint).is_shared &&
         mesh.enrolment_of(*destination.endpoint).is_shared &&
         endpoints[*source.endpoint].name_space == endpoints[*destination.endpoint].name_space;
}

Capture capture_of(const MeshTable& table, const Party& source, std::uint16_t port) {
  return captures(table.endpoint(*source.endpoint), port);
}

}  // namespace

std::vector<Route> Mesh::routes(const Party& source, const Party& destination,
                                std::uint16_t port) const {
  std::vector<std::optional<std::uint32_t>> services;
  if (destination.endpoint) {
    for (const std::uint32_t at : services_to(*table_, *destination.endpoint, port)) {
      services.emplace_back(at);
    }
  }
  if (services.empty()) {
    services.emplace_back();
  }
  std::vector<Route> routes;
  std::uint8_t possibility = 0;
  const auto add = [&](DataPlane client, DataPlane server) {
    for (const auto& service : services) {
      routes.push_back(make_route(*table_, source, destination, port,
                                  {.client = client, .server = server, .service = service}));
      routes.back().possibility = possibility;
    }
    ++possibility;
  };
  const bool is_shared = share_enrolment(*this, source, destination);
  for (const DataPlane client : possible(*this, source)) {
    // By the port that the client calls; of several Services by the first.
    const std::uint16_t called =
        services.front() ? called_port(*table_, *services.front(), *destination.endpoint, port)
                         : port;
    const Capture capture =
        client == DataPlane::Sidecar ? capture_of(*table_, source, called) : Capture::Taken;
    for (const DataPlane server : possible(*this, destination)) {
      if (is_shared && server != client) {
        continue;
      }
      if (capture != Capture::PassedBy) {
        add(client, server);
      }
      if (capture != Capture::Taken) {
        add(DataPlane::None, server);
      }
    }
  }
  return routes;
}

std::optional<Route> Mesh::bypass(const Party& source, const Party& destination,
                                  std::uint16_t port) const {
  if (!source.endpoint || !destination.endpoint) {
    return std::nullopt;
  }
  const DataPlane client = data_plane_of(*source.endpoint);
  const DataPlane server = data_plane_of(*destination.endpoint);
  if (client == DataPlane::Sidecar && server != DataPlane::Unknown) {
    return make_route(*table_, source, destination, port,
                      {.client = DataPlane::None, .server = server, .service = {}});
  }
  if (client == DataPlane::Ambient && server != DataPlane::Unknown &&
      !services_to(*table_, *destination.endpoint, port).empty()) {
    return make_route(*table_, source, destination, port,
                      {.client = client, .server = server, .service = {}});
  }
  return std::nullopt;
}

std::vector<std::string> Mesh::open_facts(const Party& source, const Party& destination) const {
  std::vector<std::string> facts;
  for (const Party* party : {&source, &destination}) {
    if (!party->endpoint) {
      continue;
    }
    const topology::Endpoint& endpoint = table_->endpoint(*party->endpoint);
    const std::string title = title_of(*endpoint.object);
    if (data_plane_of(*party->endpoint) == DataPlane::Unknown) {
      facts.push_back("whether " + title +
                      " is in the mesh: " + enrolment_of(*party->endpoint).reason);
    } else if (party == &source && data_plane_of(*party->endpoint) == DataPlane::Sidecar &&
               captures(endpoint, 0) == Capture::Unknown) {
      facts.push_back("which addresses the sidecar of " + title +
                      " takes: it is annotated with ranges");
    }
  }
  return facts;
}

}  // namespace tally::reachability::mesh
