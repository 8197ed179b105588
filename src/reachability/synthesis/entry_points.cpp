// Where connections enter: Services with ports outside, and what routes lead to.
#include <fmt/format.h>

#include <optional>

#include "reachability/synthesis/links.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {
namespace {

using document::Node;

class EntryPoints {
 public:
  EntryPoints(const kube::Snapshot& snapshot, const topology::Topology& topology, Links& links)
      : snapshot_(snapshot), topology_(topology), links_(links) {}

  void add_services() {
    for (const topology::Service& service : topology_.services()) {
      const Node* spec = service.object->root.find("spec");
      const Node* addresses = spec == nullptr ? nullptr : spec->find("externalIPs");
      const bool is_open = service.type == "LoadBalancer" || service.type == "NodePort" ||
                           (addresses != nullptr && addresses->size() > 0);
      if (is_open) {
        add(service, 0, LinkEnd::Kind::Anybody,
            fmt::format("Service {} of type {} ({})", service.name, service.type,
                        place_of(*service.object, service.object->root.offset())));
      }
    }
  }

  void add_ingresses() {
    for (const std::string_view group : {"networking.k8s.io", "extensions"}) {
      for (const std::uint32_t position : snapshot_.by_kind(group, "Ingress")) {
        const kube::Object& object = snapshot_.objects()[position];
        const Node* spec = object.root.find("spec");
        if (spec == nullptr) {
          continue;
        }
        add_backend(object, spec->find("defaultBackend"));
        add_backend(object, spec->find("backend"));
        for (const Node& rule : items(spec->find("rules"))) {
          const Node* http = rule.find("http");
          for (const Node& path : items(http == nullptr ? nullptr : http->find("paths"))) {
            add_backend(object, path.find("backend"));
          }
        }
      }
    }
  }

  void add_routes() {
    for (const std::uint32_t position : snapshot_.by_kind("route.openshift.io", "Route")) {
      const kube::Object& object = snapshot_.objects()[position];
      const Node* spec = object.root.find("spec");
      if (spec == nullptr) {
        continue;
      }
      if (const Node* to = spec->find("to"); to != nullptr) {
        add_route(object, object.ref.name_space, text_at(*to, "name"), 0);
      }
      for (const Node& other : items(spec->find("alternateBackends"))) {
        add_route(object, object.ref.name_space, text_at(other, "name"), 0);
      }
    }
    for (const std::string_view kind : {"HTTPRoute", "GRPCRoute"}) {
      for (const std::uint32_t position : snapshot_.by_kind("gateway.networking.k8s.io", kind)) {
        const kube::Object& object = snapshot_.objects()[position];
        const Node* spec = object.root.find("spec");
        for (const Node& rule : items(spec == nullptr ? nullptr : spec->find("rules"))) {
          for (const Node& backend : items(rule.find("backendRefs"))) {
            const std::string_view name_space = text_at(backend, "namespace");
            add_route(object, name_space.empty() ? object.ref.name_space : name_space,
                      text_at(backend, "name"), port_of(backend.find("port")));
          }
        }
      }
    }
  }

 private:
  static std::span<const Node> items(const Node* list) {
    return list == nullptr ? std::span<const Node>{} : list->items();
  }
  static std::string_view text_at(const Node& node, std::string_view key) {
    const Node* found = node.find(key);
    return found == nullptr ? std::string_view{} : found->text();
  }
  static std::uint16_t port_of(const Node* node) {
    const auto number = node == nullptr ? std::nullopt : node->integer();
    return number && *number > 0 && *number <= scalar::kPortMax
               ? static_cast<std::uint16_t>(*number)
               : std::uint16_t{0};
  }

  // networking.k8s.io/v1 {service: {name, port: {number | name}}}, and the older
  // {serviceName, servicePort}.
  void add_backend(const kube::Object& object, const Node* backend) {
    if (backend == nullptr) {
      return;
    }
    const Node* service = backend->find("service");
    if (service == nullptr) {
      const std::string_view name = text_at(*backend, "serviceName");
      if (!name.empty()) {
        add_route(object, object.ref.name_space, name, port_of(backend->find("servicePort")));
      }
      return;
    }
    const Node* port = service->find("port");
    std::uint16_t number = port == nullptr ? std::uint16_t{0} : port_of(port->find("number"));
    const std::string_view name = text_at(*service, "name");
    const topology::Service* found = find_service(topology_, object.ref.name_space, name);
    if (number == 0 && port != nullptr && found != nullptr) {
      for (const topology::ServicePort& one : found->ports) {
        number = !one.name.empty() && one.name == text_at(*port, "name") ? one.port : number;
      }
    }
    add_route(object, object.ref.name_space, name, number);
  }

  void add_route(const kube::Object& object, std::string_view name_space, std::string_view name,
                 std::uint16_t port) {
    const topology::Service* service = find_service(topology_, name_space, name);
    const std::string where = place_of(object, object.root.offset());
    if (service == nullptr) {
      links_.notes.push_back(fmt::format("{} {} ({}): no Service is named {}", object.ref.kind,
                                         object.ref.name, where, name));
      return;
    }
    add(*service, port, LinkEnd::Kind::AnyPod,
        fmt::format("{} {} ({})", object.ref.kind, object.ref.name, where));
  }

  void add(const topology::Service& service, std::uint16_t port, LinkEnd::Kind source,
           const std::string& reason) {
    for (const Target& target : targets_of(topology_, links_, service, port)) {
      links_.add({.source = {.kind = source, .unit = 0, .block = {}},
                  .destination = {.kind = LinkEnd::Kind::Unit, .unit = target.unit, .block = {}},
                  .protocol = target.protocol,
                  .port = target.port},
                 reason);
    }
  }

  const kube::Snapshot& snapshot_;
  const topology::Topology& topology_;
  Links& links_;
};

}  // namespace

void add_entry_points(const kube::Snapshot& snapshot, const topology::Topology& topology,
                      Links& links) {
  EntryPoints points(snapshot, topology, links);
  points.add_services();
  points.add_ingresses();
  points.add_routes();
}

}  // namespace tally::reachability
