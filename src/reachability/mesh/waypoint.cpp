#include "reachability/mesh/waypoint.hpp"

namespace tally::reachability::mesh {

using document::Node;
using State = WaypointUse::State;

namespace {

constexpr std::string_view kUse = "istio.io/use-waypoint";
constexpr std::string_view kUseNamespace = "istio.io/use-waypoint-namespace";
constexpr std::string_view kFor = "istio.io/waypoint-for";
constexpr std::string_view kManaged = "gateway.istio.io/managed";
constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";

std::optional<std::string_view> text_at(const Node& map, std::string_view key) {
  const Node* value = map.find(key);
  return value == nullptr ? std::nullopt : std::optional(value->text());
}

// service, workload, all, none: of the Gateway, or of its class.
std::string_view traffic_of(const kube::Snapshot& snapshot, const kube::Object& gateway) {
  if (const auto own = gateway.label(kFor)) {
    return *own;
  }
  const Node* spec = gateway.root.find("spec");
  const auto name = spec == nullptr ? std::nullopt : text_at(*spec, "gatewayClassName");
  const kube::Object* gateway_class =
      name ? snapshot.find(kGatewayGroup, "GatewayClass", "", *name) : nullptr;
  const auto of_class = gateway_class == nullptr ? std::nullopt : gateway_class->label(kFor);
  return of_class.value_or("service");
}

// AllowsAttachmentFromNamespace(): a listener's allowedRoutes.namespaces.from; Same unless it says
// otherwise.
enum class Attachment : std::uint8_t { Allowed, Refused, Unknown };
Attachment attachment_from(const kube::Object& gateway, std::string_view name_space) {
  if (gateway.ref.name_space == name_space) {
    return Attachment::Allowed;
  }
  const Node* spec = gateway.root.find("spec");
  const Node* listeners = spec == nullptr ? nullptr : spec->find("listeners");
  if (listeners == nullptr) {
    return Attachment::Refused;
  }
  Attachment found = Attachment::Refused;
  for (const Node& listener : listeners->items()) {
    const Node* routes = listener.find("allowedRoutes");
    const Node* namespaces = routes == nullptr ? nullptr : routes->find("namespaces");
    const auto from = namespaces == nullptr ? std::nullopt : text_at(*namespaces, "from");
    if (from == "All") {
      return Attachment::Allowed;
    }
    if (from == "Selector") {
      found = Attachment::Unknown;
    }
  }
  return found;
}

}  // namespace

Waypoints::Waypoints(const kube::Snapshot& snapshot, const topology::Topology& topology)
    : snapshot_(snapshot), topology_(topology) {
  for (const std::uint32_t at : snapshot.by_kind(kGatewayGroup, "Gateway")) {
    const Node* spec = snapshot.objects()[at].root.find("spec");
    has_waypoints_ = has_waypoints_ ||
                     (spec != nullptr && text_at(*spec, "gatewayClassName") == "istio-waypoint");
  }
}

WaypointUse Waypoints::find(const Node& labels, std::uint32_t name_space, std::string_view target,
                            Traffic traffic) const {
  const topology::Namespace& own = topology_.namespaces()[name_space];
  Node asking = labels;
  std::string by(target);
  if (!text_at(labels, kUse)) {
    if (own.object == nullptr && !has_waypoints_) {
      return {};
    }
    if (own.object == nullptr) {
      return {.state = State::Unknown,
              .reason = "namespace " + std::string(own.name) + " is not in the input"};
    }
    asking = own.object->labels();
    by = "namespace " + std::string(own.name);
  }
  const auto name = text_at(asking, kUse);
  if (!name || *name == "none") {
    return {};
  }
  WaypointUse use;
  use.name = *name;
  use.name_space = text_at(asking, kUseNamespace).value_or(own.name);
  use.reason = by + " is labelled " + std::string(kUse) + "=" + std::string(*name);
  use.gateway = snapshot_.find(kGatewayGroup, "Gateway", use.name_space, use.name);
  if (use.gateway == nullptr) {
    use.state = State::Missing;
    use.reason += ", but Gateway " + std::string(use.name_space) + "/" + std::string(use.name) +
                  " is not in the input";
    return use;
  }
  const std::string_view takes = traffic_of(snapshot_, *use.gateway);
  const bool is_taken =
      takes == "all" || takes == (traffic == Traffic::Service ? "service" : "workload");
  if (!is_taken) {
    return {};
  }
  switch (attachment_from(*use.gateway, own.name)) {
    case Attachment::Allowed:
      use.state = State::Used;
      return use;
    case Attachment::Refused:
      return {};
    case Attachment::Unknown:
      use.state = State::Unknown;
      use.reason += ", whose Gateway selects namespaces by label";
      return use;
  }
  return use;
}

WaypointUse Waypoints::of(const topology::Endpoint& endpoint) const {
  if (endpoint.label("gateway.networking.k8s.io/gateway-name")) {
    return {};  // a proxy itself
  }
  return find(endpoint.labels, endpoint.name_space, "the pod", Traffic::Workload);
}

WaypointUse Waypoints::of(const topology::Service& service) const {
  const Node labels = service.object->labels();
  if (text_at(labels, kManaged)) {
    return {};
  }
  return find(labels, service.name_space, "Service " + std::string(service.name), Traffic::Service);
}

}  // namespace tally::reachability::mesh
