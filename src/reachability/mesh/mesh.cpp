#include "reachability/mesh/mesh.hpp"

#include <algorithm>

#include "authorization/inspect.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

using authorization::MutualTls;
using authorization::Point;
using authorization::Protocol;
using document::Node;

Mesh::Mesh(const kube::Snapshot& snapshot, const World& world, const MeshOptions& options)
    : table_(std::make_unique<const MeshTable>(snapshot, world, options)) {}

Mesh::~Mesh() = default;

bool Mesh::is_present() const noexcept { return table_->is_present; }
const World& Mesh::world() const noexcept { return *table_->world; }
const authorization::PolicySet& Mesh::policies() const noexcept { return table_->loaded.set; }
std::span<const authorization::Problem> Mesh::problems() const noexcept {
  return table_->loaded.problems;
}

const Enrolment& Mesh::enrolment_of(std::uint32_t endpoint) const noexcept {
  return table_->enrolments[endpoint];
}

DataPlane Mesh::data_plane_of(std::uint32_t endpoint) const noexcept {
  return table_->enrolments[endpoint].plane;
}

DataPlane Mesh::data_plane_of(const Workload& workload) const noexcept {
  const DataPlane first = data_plane_of(workload.endpoints.front());
  const bool is_one = std::ranges::all_of(
      workload.endpoints, [&](std::uint32_t at) { return data_plane_of(at) == first; });
  return is_one ? first : DataPlane::Unknown;
}

std::string_view Mesh::principal_of(std::uint32_t endpoint) const noexcept {
  return table_->principals[endpoint];
}

std::vector<std::string_view> Mesh::principals_of(const Workload& workload) const {
  std::vector<std::string_view> principals;
  for (const std::uint32_t at : workload.endpoints) {
    principals.push_back(principal_of(at));
  }
  std::ranges::sort(principals);
  principals.erase(std::ranges::unique(principals).begin(), principals.end());
  return principals;
}

WaypointUse Mesh::waypoint_of_endpoint(std::uint32_t endpoint) const {
  return table_->waypoints.of(table_->endpoint(endpoint));
}

WaypointUse Mesh::waypoint_of_service(std::uint32_t service) const {
  return table_->waypoints.of(table_->topology().services()[service]);
}

PortMutualTls Mesh::mutual_tls_of(std::uint32_t endpoint, std::optional<std::uint16_t> port) const {
  using Mode = PortMutualTls::Mode;
  const DataPlane plane = data_plane_of(endpoint);
  const topology::Endpoint& own = table_->endpoint(endpoint);
  if (plane == DataPlane::None ||
      (plane == DataPlane::Sidecar && port && !passes_sidecar(own, *port))) {
    return {};
  }
  if (plane == DataPlane::Unknown) {
    return {.mode = Mode::Unknown};
  }
  const authorization::EffectiveMutualTls effective = authorization::effective_mutual_tls(
      policies(), {.name_space = table_->topology().name_space_of(own).name, .labels = own.labels},
      port);
  PortMutualTls out;
  switch (effective.mode) {
    case MutualTls::Disable:
      out.mode = plane == DataPlane::Ambient ? Mode::Permissive : Mode::Disable;
      break;
    case MutualTls::Permissive:
      out.mode = Mode::Permissive;
      break;
    case MutualTls::Strict:
      out.mode = Mode::Strict;
      break;
  }
  out.object = effective.object;
  if (effective.object != nullptr) {
    out.place = place_at(*effective.object, effective.pointer);
  }
  return out;
}

Protocol Mesh::protocol_of(std::uint32_t endpoint, std::uint16_t port) const {
  return table_->protocol_of(endpoint, port);
}

bool Mesh::has_service(std::uint32_t endpoint, std::uint16_t port) const {
  return !services_to(*table_, endpoint, port).empty();
}

std::uint32_t Mesh::class_of(std::uint32_t endpoint) const noexcept {
  return table_->classes[endpoint];
}

std::uint32_t Mesh::source_class_of(std::uint32_t endpoint) const noexcept {
  return table_->source_classes[endpoint];
}

bool Mesh::is_behind_waypoint(std::uint32_t endpoint) const {
  return !table_->proxies.empty() &&
         (waypoint_of_endpoint(endpoint).state == WaypointUse::State::Used ||
          std::ranges::any_of(table_->services[endpoint], [&](std::uint32_t at) {
            return waypoint_of_service(at).state == WaypointUse::State::Used;
          }));
}

const topology::Endpoint& Mesh::proxy_of(const WaypointUse& use) const {
  return table_->proxy_of(use).endpoint;
}

std::vector<std::uint16_t> Mesh::outside_ports() const {
  return table_->client_settings.entry_ports();
}

std::vector<std::uint16_t> Mesh::ports_of(std::uint32_t endpoint) const {
  const topology::Endpoint& own = table_->endpoint(endpoint);
  std::vector<std::uint16_t> ports = intercepted_ports(own);
  ports.push_back(kHbonePort);
  ports.insert(ports.end(), std::begin(kOwnPorts), std::end(kOwnPorts));
  const auto add = [&](std::uint16_t port) { ports.push_back(port); };
  for (const topology::ContainerPort& port : own.ports) {
    add(port.port);
  }
  authorization::Request request;
  request.destination = {.name_space = table_->topology().name_space_of(own).name,
                         .labels = own.labels};
  const auto add_mentioned = [&] {
    std::ranges::for_each(authorization::mentioned_ports(policies(), request), add);
  };
  for (const Point point : {Point::Sidecar, Point::Ztunnel}) {
    request.point = point;
    add_mentioned();
  }
  for (const std::uint32_t at : table_->services[endpoint]) {
    const topology::Service& service = table_->topology().services()[at];
    for (const topology::ServicePort& port : service.ports) {
      add(port.target_port);
    }
    const WaypointUse use = table_->waypoints.of(service);
    if (use.state == WaypointUse::State::Used) {
      const authorization::ServiceTarget target{
          .name_space = table_->topology().namespaces()[service.name_space].name,
          .name = service.name};
      request.point = Point::Waypoint;
      request.destination = {.name_space = use.name_space,
                             .labels = table_->proxy_of(use).endpoint.labels,
                             .services = {&target, 1}};
      add_mentioned();
    }
  }
  std::ranges::sort(ports);
  ports.erase(std::ranges::unique(ports).begin(), ports.end());
  std::erase(ports, 0);
  return ports;
}

std::string place_at(const kube::Object& object, std::string_view pointer) {
  const Node* at = &object.root;
  while (pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const Node* next = at->find(pointer.substr(0, end));
    if (next == nullptr) {
      break;
    }
    at = next;
    pointer.remove_prefix(end);
  }
  return place_of(object, at->offset());
}

std::string_view to_text(PortMutualTls::Mode mode) noexcept {
  using Mode = PortMutualTls::Mode;
  switch (mode) {
    case Mode::NoProxy:
      return "no proxy";
    case Mode::Disable:
      return "disable";
    case Mode::Permissive:
      return "permissive";
    case Mode::Strict:
      return "strict";
    case Mode::Unknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace tally::reachability::mesh
