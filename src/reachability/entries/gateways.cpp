#include "reachability/entries/internal/gateways.hpp"

#include <algorithm>

#include "kube/namespace_labels.hpp"
#include "reachability/entries/internal/controllers.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::entries {

using document::Node;
using kube::Object;
using netpol_analyzer::field;
using netpol_analyzer::text_at;

namespace {

constexpr std::string_view kGroup = "gateway.networking.k8s.io";
// GEP-1762 (in-cluster Gateway deployments): the label of what an implementation makes for a
// Gateway, in the Gateway's namespace.
constexpr std::string_view kGatewayName = "gateway.networking.k8s.io/gateway-name";
constexpr std::size_t kListenersMax = 64;  // of the API: gateway_types.go, GatewaySpec.Listeners

// Which kinds go with a protocol: gateway_types.go, Listener.Protocol and AllowedRoutes.Kinds
// ("when unspecified, the kinds of Routes selected are determined using the Listener protocol").
bool goes_with(std::string_view protocol, EntryTls tls, std::string_view kind) {
  if (protocol == "HTTP" || protocol == "HTTPS") {
    return kind == "HTTPRoute" || kind == "GRPCRoute";
  }
  if (protocol == "TLS") {
    return kind == "TLSRoute" || (kind == "TCPRoute" && tls != EntryTls::Passthrough);
  }
  return (protocol == "TCP" && kind == "TCPRoute") || (protocol == "UDP" && kind == "UDPRoute");
}

// Classes that clouds give to gateways of the private network.
std::string internal_class(std::string_view name) {
  const bool is_google =
      name.starts_with("gke-l7-") && (name.contains("rilb") || name.contains("internal"));
  return is_google || name == "azure-alb-internal" ? "the GatewayClass " + std::string(name)
                                                   : std::string();
}

std::string internal_of(const Object& object, std::string_view class_name) {
  std::string why = internal_class(class_name);
  const Node own = object.annotations();
  const Node* handed_on =
      field(field(field(&object.root, "spec"), "infrastructure"), "annotations");
  for (const Node* annotations : {&own, handed_on}) {
    if (annotations == nullptr || !why.empty()) {
      continue;
    }
    why = internal_by_annotations(*annotations, "");
    // istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api, "Automated Deployment".
    if (text_at(annotations, "networking.istio.io/service-type") == "ClusterIP") {
      why = "the annotation networking.istio.io/service-type: ClusterIP";
    }
  }
  return why;
}

}  // namespace

Gateways::Gateways(EntryBook& book) : book_(book) {
  book.for_each(kGroup, "Gateway", [this](const Object& object) { read(object); });
}

const Gateway* Gateways::find(std::string_view name_space, std::string_view name) const {
  const auto at = gateways_.find({name_space, name});
  return at == gateways_.end() ? nullptr : &at->second;
}

void Gateways::read(const Object& object) {
  const Node* spec = field(&object.root, "spec");
  const std::string_view class_name = text_at(spec, "gatewayClassName");
  const Object* known = book_.snapshot().find(kGroup, "GatewayClass", "", class_name);
  const std::string_view controller =
      known == nullptr ? "" : text_at(field(&known->root, "spec"), "controllerName");
  Gateway& gateway = gateways_[{object.ref.name_space, object.ref.name}];
  gateway.object = &object;
  // istio.io/latest/docs/ambient/usage/waypoint: a proxy inside the mesh.
  gateway.is_waypoint = class_name == "istio-waypoint" || controller == "istio.io/mesh-controller";
  const Node* listeners = field(spec, "listeners");
  const auto list =
      listeners == nullptr || !listeners->is_array() ? std::span<const Node>{} : listeners->items();
  if (list.size() > kListenersMax) {
    book_.problem(EntryProblem::Kind::TooMany,
                  {.object = &object, .pointer = "/spec/listeners", .offset = listeners->offset()},
                  "there are more than 64 listeners; the rest is left out");
  }
  for (std::size_t i = 0; i < std::min(list.size(), kListenersMax); ++i) {
    const Node& item = list[i];
    Listener listener{.name = text_at(&item, "name"),
                      .host = text_at(&item, "hostname"),
                      .protocol = text_at(&item, "protocol"),
                      .port = read_port_wish(field(&item, "port")).number,
                      .allowed = field(&item, "allowedRoutes"),
                      .node = &item};
    if (listener.port == 0) {
      book_.problem(EntryProblem::Kind::Invalid,
                    {.object = &object,
                     .pointer = "/spec/listeners/" + std::to_string(i),
                     .offset = item.offset()},
                    "a listener needs a port from 1 to 65535");
      continue;
    }
    const bool is_passed = text_at(field(&item, "tls"), "mode") == "Passthrough";
    listener.tls = listener.protocol == "TLS" && is_passed ? EntryTls::Passthrough
                   : listener.protocol == "TLS" || listener.protocol == "HTTPS"
                       ? EntryTls::Terminate
                       : EntryTls::None;
    gateway.listeners.push_back(listener);
  }
  const std::vector<const Controller*> rows = find_controllers(controller, class_name);
  gateway.sources = scalar::AddressSet::all();
  gateway.internal = internal_of(object, class_name);
  Door door;
  door.pods = pods_of(object);
  if (!door.pods.empty()) {
    door.kind = Door::Kind::Pods;
  } else {
    door = door_of(book_, rows);
  }
  const bool is_istio = controller == "istio.io/gateway-controller" ||
                        controller == "openshift.io/gateway-controller/v1" ||
                        (controller.empty() && class_name == "istio");
  if (door.kind == Door::Kind::Pods) {
    EntryBook::Front front = book_.front_of(door.pods);
    gateway.sources = std::move(front.sources);
    gateway.internal = gateway.internal.empty() ? std::move(front.internal) : gateway.internal;
  } else if (is_istio) {
    // It makes the pods itself: beside the Gateway, with this label.
    door.labels = book_.make_label(kGatewayName, object.ref.name);
    door.name_space = object.ref.name_space;
  } else {
    door.home = object.ref.name_space;
  }
  if (gateway.internal.empty() && rows.size() == 1) {
    gateway.internal = std::string(rows.front()->internal);
  }
  gateway.door = &book_.add_door(std::move(door));
}

std::vector<std::uint32_t> Gateways::pods_of(const Object& object) {
  std::vector<std::uint32_t> pods =
      book_.pods_with(kGatewayName, object.ref.name, object.ref.name_space);
  if (!pods.empty()) {
    return pods;
  }
  // gateway.envoyproxy.io: its proxies run in its own namespace.
  for (const std::uint32_t pod :
       book_.pods_with("gateway.envoyproxy.io/owning-gateway-name", object.ref.name, "")) {
    const auto name_space =
        book_.topology().endpoints()[pod].label("gateway.envoyproxy.io/owning-gateway-namespace");
    if (name_space == object.ref.name_space) {
      pods.push_back(pod);
    }
  }
  if (!pods.empty()) {
    return pods;
  }
  // istio.io, "Manual Deployment" of gateways: an address that is the name of a Service.
  const Node* addresses = field(field(&object.root, "spec"), "addresses");
  if (addresses != nullptr && addresses->is_array() && addresses->size() > 0) {
    if (const auto service =
            book_.services().find_host(text_at(&addresses->items().front(), "value"))) {
      return book_.services().pods(*service);
    }
  }
  return pods;
}

bool allows_kind(const Listener& listener, std::string_view kind) {
  if (!goes_with(listener.protocol, listener.tls, kind)) {
    return false;
  }
  const Node* kinds = field(listener.allowed, "kinds");
  if (kinds == nullptr || kinds->size() == 0) {
    return true;
  }
  return std::ranges::any_of(kinds->items(), [kind](const Node& item) {
    const Node* group = field(&item, "group");
    return text_at(&item, "kind") == kind && (group == nullptr || group->text() == kGroup);
  });
}

// gateway_types.go, RouteNamespaces: Same is the default.
kube::Match allows_namespace(const kube::Snapshot& snapshot, const Gateway& gateway,
                             const Listener& listener, std::string_view name_space) {
  const Node* namespaces = field(listener.allowed, "namespaces");
  const std::string_view from = text_at(namespaces, "from");
  if (from == "All") {
    return kube::Match::Yes;
  }
  if (from == "Selector") {
    const Node* selector = field(namespaces, "selector");
    if (selector == nullptr) {
      return kube::Match::No;
    }
    const auto read = kube::read_label_selector(*selector);
    return read ? kube::match_namespace(snapshot, name_space, *read) : kube::Match::No;
  }
  const bool is_same = from.empty() || from == "Same";
  return is_same && gateway.object->ref.name_space == name_space ? kube::Match::Yes
                                                                 : kube::Match::No;
}

}  // namespace tally::reachability::entries
