#pragma once
// What a Mesh holds.

#include <memory>
#include <string>
#include <vector>

#include "authorization/policy_set.hpp"
#include "base/arena.hpp"
#include "reachability/mesh/client_settings.hpp"
#include "reachability/mesh/enrolment.hpp"
#include "reachability/mesh/mesh.hpp"
#include "reachability/mesh/waypoint.hpp"

namespace tally::reachability::mesh {

// The pods of a waypoint: those of the input, or what istiod's gateway controller would make.
struct WaypointProxy {
  std::string_view name_space;
  std::string_view name;
  topology::Endpoint endpoint;
  std::string principal;
};

struct MeshTable {
  MeshTable(const kube::Snapshot& of_snapshot, const World& of_world, const MeshOptions& options);

  const kube::Snapshot* snapshot;
  const World* world;
  bool is_present = false;
  authorization::Loaded loaded;
  Waypoints waypoints;
  ClientSettings client_settings;
  std::vector<std::vector<std::uint32_t>> services;  // by endpoint: Services that select it
  std::vector<Enrolment> enrolments;                 // by endpoint
  std::vector<std::string> principals;               // by endpoint
  std::vector<std::uint32_t> classes;                // by endpoint
  std::vector<std::uint32_t> source_classes;         // by endpoint
  std::unique_ptr<Arena> texts;
  std::vector<WaypointProxy> proxies;  // of every Gateway of the input

  [[nodiscard]] const topology::Topology& topology() const { return world->topology(); }
  [[nodiscard]] const topology::Endpoint& endpoint(std::uint32_t at) const {
    return world->topology().endpoints()[at];
  }
  [[nodiscard]] const WaypointProxy& proxy_of(const WaypointUse& use) const;
  // Where the sidecar of the source sends calls of a Service.
  [[nodiscard]] Routing routing_of(const Party& source, const Party& destination,
                                   std::uint16_t port, const CalledPort& called,
                                   const HttpRequest* request) const;
  [[nodiscard]] authorization::Protocol protocol_of(std::uint32_t endpoint,
                                                    std::uint16_t port) const;
};

void add_proxies(MeshTable& table);

struct Choice {
  DataPlane client = DataPlane::None;
  DataPlane server = DataPlane::None;
  std::optional<std::uint32_t> service{};  // that is called; nothing: the address of the pod
};
[[nodiscard]] Route make_route(const MeshTable& table, const Party& source,
                               const Party& destination, std::uint16_t port, const Choice& choice);

// Services of which a port leads there.
[[nodiscard]] std::vector<std::uint32_t> services_to(const MeshTable& table, std::uint32_t endpoint,
                                                     std::uint16_t port);
// The first port of such a Service that leads there.
[[nodiscard]] std::uint16_t called_port(const MeshTable& table, std::uint32_t service,
                                        std::uint32_t endpoint, std::uint16_t port);

// Whether a port of a Service leads to a port of an endpoint (TCP).
[[nodiscard]] bool leads_to(const topology::ServicePort& service_port,
                            const topology::Endpoint& endpoint, std::uint16_t port);

// Whether connections to a port of a pod with a sidecar pass it: traffic.sidecar.istio.io/
// {include,exclude}InboundPorts, and the sidecar's own ports.
[[nodiscard]] bool passes_sidecar(const topology::Endpoint& endpoint, std::uint16_t port);

// Telemetry, health and statistics of the sidecar itself: no policy is asked for them.
inline constexpr std::uint16_t kOwnPorts[] = {15020, 15021, 15090};
[[nodiscard]] bool is_own_of_sidecar(const scalar::PortSet& ports);

// What the annotations of a client say of the connections that its sidecar takes.
enum class Capture : std::uint8_t { Taken, PassedBy, Unknown };
[[nodiscard]] Capture captures(const topology::Endpoint& client, std::uint16_t port);

// Ports that these annotations name, and the annotations as one text.
[[nodiscard]] std::vector<std::uint16_t> intercepted_ports(const topology::Endpoint& endpoint);
[[nodiscard]] std::string interception_text(const topology::Endpoint& endpoint);

// "policies.yaml:12" of a place in an object, by RFC 6901; of the object, if there is no such
// place.
[[nodiscard]] std::string place_at(const kube::Object& object, std::string_view pointer);

}  // namespace tally::reachability::mesh
