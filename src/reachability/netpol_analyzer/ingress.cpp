#include "reachability/netpol_analyzer/ingress.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using document::Node;
using kube::Object;
using scalar::ConnectionSet;
using scalar::Protocol;

std::string_view namespace_of(const Object& object) {
  return object.ref.name_space.empty() ? std::string_view("default") : object.ref.name_space;
}

// A number or a name, as IntOrString of the API.
struct Port {
  std::int64_t number = 0;
  std::string_view name;

  [[nodiscard]] static Port read(const Node* node) {
    Port port;
    if (node != nullptr && node->is_string()) {
      port.name = node->text();
    } else if (node != nullptr) {
      port.number = node->integer().value_or(0);
    }
    return port;
  }
  [[nodiscard]] bool is_empty() const noexcept { return number == 0 && name.empty(); }
  friend bool operator==(const Port&, const Port&) = default;
};

struct ServicePort {
  std::string_view name;
  std::int64_t number = 0;
  Port target;
};

struct Service {
  std::vector<std::uint32_t> workloads;
  std::vector<ServicePort> ports;
};

// What an object asks of a service.
struct Wanted {
  std::string service;
  Port port;
  bool may_be_target_name = false;  // a Route names the port of the service or that of the pod
};

class Reader {
 public:
  Reader(const kube::Snapshot& snapshot, const Workloads& workloads, std::vector<Warning>& warnings)
      : snapshot_(snapshot), workloads_(workloads), warnings_(warnings) {
    for (std::uint32_t i = 0; i < workloads.list.size(); ++i) {
      by_namespace_[workloads.name_space_of(workloads.list[i])].push_back(i);
    }
  }

  IngressRules read() {
    for (const Object& object : snapshot_.objects()) {
      if (object.ref.kind == "Service" && object.ref.group.empty()) {
        read_service(object);
      }
    }
    bool has_object = false;
    for (const std::string_view kind : {"Ingress", "Route"}) {
      for (const Object& object : snapshot_.objects()) {
        if (object.ref.kind != kind) {
          continue;
        }
        const std::vector<Wanted> wanted =
            kind == "Ingress" ? wanted_by_ingress(object) : wanted_by_route(object);
        has_object = has_object || !wanted.empty();
        for (const Wanted& one : wanted) {
          send(object, kind, one);
        }
      }
    }
    IngressRules rules;
    rules.has_controller = has_object && !services_.empty();
    for (auto& [workload, backends] : backends_) {
      rules.targets.push_back({.workload = workload, .backends = std::move(backends)});
    }
    return rules;
  }

 private:
  void warn(const Object& object, std::string message) {
    Warning warning{.message = std::move(message), .file = {}, .at = {}};
    if (object.source != nullptr) {
      warning.file = object.source->name();
      warning.at = object.source->position(object.root.offset());
    }
    warnings_.push_back(std::move(warning));
  }

  static std::string full_name(const Object& object) {
    return std::string(namespace_of(object)) + "/" + std::string(object.ref.name);
  }

  void read_service(const Object& object) {
    const Node* spec = field(&object.root, "spec");
    const Node* selector = field(spec, "selector");
    if (selector == nullptr) {
      warn(object, "Service " + full_name(object) +
                       " is left out: it has no selector, its endpoints are not known");
      return;
    }
    Service service;
    for (const std::uint32_t i : by_namespace_[namespace_of(object)]) {
      const Workload& workload = workloads_.list[i];
      bool is_selected = true;
      for (const document::Member label : selector->members()) {
        is_selected = is_selected && workload.label(label.key) == label.value.text();
      }
      if (is_selected) {
        service.workloads.push_back(i);
      }
    }
    if (service.workloads.empty()) {
      return;
    }
    if (const Node* ports = field(spec, "ports"); ports != nullptr) {
      for (const Node& port : ports->items()) {
        const Node* number = field(&port, "port");
        service.ports.push_back({.name = text_at(&port, "name"),
                                 .number = number == nullptr ? 0 : number->integer().value_or(0),
                                 .target = Port::read(field(&port, "targetPort"))});
      }
    }
    services_[full_name(object)] = std::move(service);
  }

  std::vector<Wanted> wanted_by_ingress(const Object& object) {
    std::vector<Wanted> wanted;
    const auto add = [&](const Node* backend, std::string_view what) {
      const Node* service = field(backend, "service");
      if (service == nullptr) {
        warn(object, "Ingress " + full_name(object) + ": " + std::string(what) +
                         " without a Service is left out");
        return;
      }
      const Node* port = field(service, "port");
      Wanted one{.service = std::string(text_at(service, "name")), .port = {}};
      one.port.name = text_at(port, "name");
      if (one.port.name.empty()) {
        one.port = Port::read(field(port, "number"));
      }
      wanted.push_back(std::move(one));
    };
    const Node* spec = field(&object.root, "spec");
    if (const Node* backend = field(spec, "defaultBackend"); backend != nullptr) {
      add(backend, "a default backend");
    }
    const Node* rules = field(spec, "rules");
    for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i) {
      const Node* paths = field(field(&rules->items()[i], "http"), "paths");
      for (std::size_t j = 0; paths != nullptr && j < paths->size(); ++j) {
        add(field(&paths->items()[j], "backend"), "a backend");
      }
    }
    return wanted;
  }

  std::vector<Wanted> wanted_by_route(const Object& object) {
    std::vector<Wanted> wanted;
    const Node* spec = field(&object.root, "spec");
    const Port port = Port::read(field(field(spec, "port"), "targetPort"));
    const auto add = [&](const Node* to, std::string_view what) {
      const std::string_view kind = text_at(to, "kind");
      if (!kind.empty() && kind != "Service") {
        warn(object, "Route " + full_name(object) + ": " + std::string(what) + " of kind " +
                         std::string(kind) + " is left out, only Service is known");
        return;
      }
      wanted.push_back(
          {.service = std::string(text_at(to, "name")), .port = port, .may_be_target_name = true});
    };
    add(field(spec, "to"), "a target");
    if (const Node* backends = field(spec, "alternateBackends"); backends != nullptr) {
      for (const Node& backend : backends->items()) {
        add(&backend, "an alternate backend");
      }
    }
    return wanted;
  }

  // The pod's ports behind the wanted port of a service: all of them if none is named.
  static std::vector<Port> targets_of(const Service& service, const Wanted& wanted) {
    std::vector<Port> targets;
    for (const ServicePort& port : service.ports) {
      const Port target =
          port.target.is_empty() ? Port{.number = port.number, .name = {}} : port.target;
      if (wanted.port.is_empty()) {
        targets.push_back(target);
        continue;
      }
      const bool is_same_target = port.target == wanted.port && !port.target.is_empty() &&
                                  (wanted.port.name.empty() || wanted.may_be_target_name);
      if ((!port.name.empty() && port.name == wanted.port.name) ||
          (wanted.port.number != 0 && port.number == wanted.port.number) || is_same_target) {
        return {target};
      }
    }
    return targets;
  }

  // The TCP ports that the workload opens among those.
  static ConnectionSet opened(const Workload& workload, const std::vector<Port>& targets) {
    ConnectionSet connections;
    for (const Port& target : targets) {
      std::int64_t number = target.number;
      if (!target.name.empty()) {
        const auto* port = workload.named_port(target.name);
        if (port == nullptr || port->protocol != Protocol::Tcp) {
          continue;
        }
        number = port->port;
      }
      if (number < scalar::kPortMin || number > scalar::kPortMax) {
        continue;
      }
      const auto value = static_cast<std::uint16_t>(number);
      // The spec of a virtual machine does not list ports: it may open any.
      if (workload.is_machine ||
          std::ranges::find(workload.ports, value, &topology::ContainerPort::port) !=
              workload.ports.end()) {
        connections.add(Protocol::Tcp, scalar::PortSet(value, value));
      }
    }
    return connections;
  }

  void send(const Object& object, std::string_view kind, const Wanted& wanted) {
    const auto at = services_.find(std::string(namespace_of(object)) + "/" + wanted.service);
    if (at == services_.end()) {
      warn(object, std::string(kind) + " " + full_name(object) + ": target service " +
                       wanted.service + " is left out: it is not found, or selects no workload");
      return;
    }
    const std::vector<Port> targets = targets_of(at->second, wanted);
    for (const std::uint32_t workload : at->second.workloads) {
      backends_[workload].push_back({.kind = kind,
                                     .object = full_name(object),
                                     .service = wanted.service,
                                     .connections = opened(workloads_.list[workload], targets)});
    }
  }

  const kube::Snapshot& snapshot_;
  const Workloads& workloads_;
  std::vector<Warning>& warnings_;
  std::map<std::string_view, std::vector<std::uint32_t>> by_namespace_;
  std::map<std::string, Service> services_;
  std::map<std::uint32_t, std::vector<IngressBackend>> backends_;
};

}  // namespace

IngressRules IngressRules::read(const kube::Snapshot& snapshot, const Workloads& workloads,
                                std::vector<Warning>& warnings) {
  return Reader(snapshot, workloads, warnings).read();
}

}  // namespace tally::reachability::netpol_analyzer
