#include "topology/topology.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kube/namespace_labels.hpp"

namespace tally::topology {

using document::Node;
using kube::Object;

namespace {

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* found = node == nullptr ? nullptr : node->find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

std::optional<std::string_view> label_of(const Node& labels, std::string_view key) {
  const Node* value = labels.find(key);
  return value == nullptr ? std::nullopt : std::optional(value->text());
}

std::string key_of(std::string_view kind, std::string_view name_space, std::string_view name) {
  std::string key(kind);
  return key.append("/").append(name_space).append("/").append(name);
}

struct Port {
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t number = 0;
};

// A number under `key` beside a protocol, which is TCP if none is named.
std::optional<Port> read_port(const Node& item, std::string_view key) {
  const Node* number = item.find(key);
  const auto value = number == nullptr ? std::nullopt : number->integer();
  const std::string_view text = text_at(&item, "protocol");
  const auto protocol = text.empty() ? scalar::Protocol::Tcp : scalar::parse_protocol(text);
  if (!value || *value < scalar::kPortMin || *value > scalar::kPortMax || !protocol) {
    return std::nullopt;
  }
  return Port{.protocol = *protocol, .number = static_cast<std::uint16_t>(*value)};
}

// KubeVirt (kubevirt.io): a virtual machine runs in a pod that takes the labels of its template.
bool is_virtual_machine(const scalar::ObjectRef& ref) {
  return ref.group == "kubevirt.io" &&
         (ref.kind == "VirtualMachine" || ref.kind == "VirtualMachineInstance");
}

bool runs_one_pod(std::string_view kind) {
  return kind == "Pod" || kind == "VirtualMachine" || kind == "VirtualMachineInstance";
}

}  // namespace

std::optional<std::string_view> Namespace::label(std::string_view key) const {
  if (key == kube::kNamespaceNameLabel) {
    return name;
  }
  return object == nullptr ? std::nullopt : object->label(key);
}

std::optional<std::string_view> Endpoint::label(std::string_view key) const {
  return label_of(labels, key);
}

std::optional<std::uint32_t> Topology::find_namespace(std::string_view name) const {
  const auto at = std::ranges::lower_bound(namespaces_, name, {}, &Namespace::name);
  if (at == namespaces_.end() || at->name != name) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(at - namespaces_.begin());
}

scalar::PortSet named_ports(const Endpoint& endpoint, std::string_view name,
                            scalar::Protocol protocol) {
  scalar::PortSet ports;
  for (const ContainerPort& port : endpoint.ports) {
    if (port.name == name && port.protocol == protocol) {
      ports.add(port.port, port.port);
    }
  }
  return ports;
}

// Two passes: the owners first, since a controller whose pods are in the input stands back for
// them.
class TopologyReader {
 public:
  explicit TopologyReader(const kube::Snapshot& snapshot) : snapshot_(snapshot) {}

  Topology read() {
    for (const Object& object : snapshot_.objects()) {
      if (is_standing(object)) {
        if (const auto owner = object.owner()) {
          owned_.insert(key_of(owner->kind, object.ref.name_space, owner->name));
        }
      }
    }
    read_namespaces();
    for (const Object& object : snapshot_.objects()) {
      if (is_standing(object)) {
        read_object(object);
      }
    }
    finish();
    return std::move(topology_);
  }

 private:
  struct PortsOf {
    std::size_t ports_begin = 0;
    std::size_t ports_end = 0;
    std::size_t addresses_begin = 0;
    std::size_t addresses_end = 0;
  };

  bool is_standing(const Object& object) const {
    return snapshot_.find(object.ref.group, object.ref.kind, object.ref.name_space,
                          object.ref.name) == &object;
  }

  void read_namespaces() {
    for (const std::string_view name : snapshot_.namespaces()) {
      topology_.namespaces_.push_back(
          {.name = name, .object = snapshot_.find("", "Namespace", "", name)});
    }
    std::ranges::sort(topology_.namespaces_, {}, &Namespace::name);
  }

  void read_object(const Object& object) {
    if (object.ref.group.empty() && object.ref.kind == "Service") {
      read_service(object);
    } else if (object.ref.group.empty() && object.ref.kind == "Pod") {
      read_endpoint(object);
    } else if ((kube::is_workload(object.ref) && object.ref.kind != "PodTemplate") ||
               is_virtual_machine(object.ref)) {
      const bool has_pods =
          owned_.contains(key_of(object.ref.kind, object.ref.name_space, object.ref.name));
      if (!has_pods) {
        read_endpoint(object);
      }
    }
  }

  void read_endpoint(const Object& object) {
    const auto name_space = topology_.find_namespace(object.ref.name_space);
    const Node* spec = nullptr;
    const Node* metadata = nullptr;
    if (is_virtual_machine(object.ref)) {
      const Node* outer = object.root.find("spec");
      const Node* machine = outer == nullptr ? nullptr : outer->find("template");
      metadata = machine == nullptr ? &object.metadata : machine->find("metadata");
      spec = machine == nullptr ? outer : machine->find("spec");
    } else if (const auto pod = kube::pod_template(object)) {
      spec = pod->spec;
      metadata = pod->metadata;
    }
    if (!name_space || spec == nullptr) {
      topology_.problems_.push_back({.object = &object,
                                     .pointer = "/spec",
                                     .offset = object.root.offset(),
                                     .message = "no pod is described here"});
      return;
    }
    if (has_ended(object)) {
      return;
    }
    Endpoint endpoint;
    endpoint.object = &object;
    endpoint.name_space = *name_space;
    endpoint.name = object.ref.name;
    endpoint.is_pod = object.ref.kind == "Pod";
    endpoint.may_be_several = !runs_one_pod(object.ref.kind);
    std::tie(endpoint.workload_kind, endpoint.workload_name) = workload_of(object);
    if (metadata != nullptr) {
      const Node* labels = metadata->find("labels");
      endpoint.labels = labels == nullptr ? Node() : *labels;
    }
    const std::string_view account = text_at(spec, "serviceAccountName");
    endpoint.service_account = account.empty() ? "default" : account;
    const Node* host_network = spec->find("hostNetwork");
    endpoint.is_on_host_network = host_network != nullptr && host_network->boolean();
    if (const std::string_view node = text_at(spec, "nodeName"); !node.empty()) {
      endpoint.node = snapshot_.find("", "Node", "", node);
    }
    PortsOf extent;
    extent.ports_begin = topology_.ports_.size();
    read_ports(object, *spec);
    extent.ports_end = topology_.ports_.size();
    extent.addresses_begin = topology_.addresses_.size();
    read_addresses(object, endpoint);
    extent.addresses_end = topology_.addresses_.size();
    topology_.endpoints_.push_back(endpoint);
    extents_.push_back(extent);
  }

  // A pod that has ended holds its address no longer.
  static bool has_ended(const Object& object) {
    const std::string_view phase = text_at(object.root.find("status"), "phase");
    return object.ref.kind == "Pod" && (phase == "Succeeded" || phase == "Failed");
  }

  // Follows owner references as far as the input holds the owners; the last one named counts.
  std::pair<std::string_view, std::string_view> workload_of(const Object& object) const {
    constexpr int kOwnersMax = 8;
    const Object* at = &object;
    std::pair<std::string_view, std::string_view> found{object.ref.kind, object.ref.name};
    for (int i = 0; i < kOwnersMax && at != nullptr; ++i) {
      const auto owner = at->owner();
      if (!owner) {
        break;
      }
      found = {owner->kind, owner->name};
      const Object* next = nullptr;
      for (const std::string_view group : {"apps", "batch", "", "kubevirt.io"}) {
        next = snapshot_.find(group, owner->kind, object.ref.name_space, owner->name);
        if (next != nullptr) {
          break;
        }
      }
      at = next;
    }
    return found;
  }

  void read_ports(const Object& object, const Node& spec) {
    const Node* containers = spec.find("containers");
    if (containers != nullptr) {
      for (const Node& container : containers->items()) {
        read_container_ports(object, container);
      }
    }
    const Node* init_containers = spec.find("initContainers");
    if (init_containers != nullptr) {
      for (const Node& container : init_containers->items()) {
        // KEP-753: an init container that restarts is a sidecar; its named ports count.
        if (text_at(&container, "restartPolicy") == "Always") {
          read_container_ports(object, container);
        }
      }
    }
  }

  void read_container_ports(const Object& object, const Node& container) {
    const Node* ports = container.find("ports");
    if (ports == nullptr) {
      return;
    }
    for (const Node& item : ports->items()) {
      const auto port = read_port(item, "containerPort");
      if (!port) {
        topology_.problems_.push_back(
            {.object = &object,
             .pointer = "",
             .offset = item.offset(),
             .message = "a container port needs a number from 1 to 65535 and a known protocol"});
        continue;
      }
      topology_.ports_.push_back(
          {.name = text_at(&item, "name"), .protocol = port->protocol, .port = port->number});
    }
  }

  void add_address(std::string_view text) {
    const auto address = scalar::IpAddress::parse(text);
    if (address) {
      topology_.addresses_.push_back(*address);
    }
  }

  void read_addresses(const Object& object, Endpoint& endpoint) {
    const Node* status = object.ref.kind == "Pod" ? object.root.find("status") : nullptr;
    if (status == nullptr) {
      return;
    }
    if (const Node* list = status->find("podIPs"); list != nullptr && list->size() > 0) {
      for (const Node& item : list->items()) {
        add_address(text_at(&item, "ip"));
      }
    } else {
      add_address(text_at(status, "podIP"));
    }
    const auto node = scalar::IpAddress::parse(text_at(status, "hostIP"));
    if (node) {
      endpoint.node_address = *node;
    }
  }

  void read_service(const Object& object) {
    const auto name_space = topology_.find_namespace(object.ref.name_space);
    const Node* spec = object.root.find("spec");
    if (!name_space || spec == nullptr) {
      return;
    }
    Service service;
    service.object = &object;
    service.name_space = *name_space;
    service.name = object.ref.name;
    const std::string_view type = text_at(spec, "type");
    service.type = type.empty() ? "ClusterIP" : type;
    service.is_headless = text_at(spec, "clusterIP") == "None";
    if (const Node* selector = spec->find("selector");
        selector != nullptr && selector->size() > 0) {
      scalar::LabelSelector wanted;
      bool is_good = true;
      for (const document::Member member : selector->members()) {
        is_good = is_good && wanted.add({.key = std::string(member.key),
                                         .op = scalar::SelectorOperator::In,
                                         .values = {std::string(member.value.text())}});
      }
      if (is_good) {
        service.selector = std::move(wanted);
      } else {
        topology_.problems_.push_back({.object = &object,
                                       .pointer = "/spec/selector",
                                       .offset = selector->offset(),
                                       .message = "the selector holds no valid labels"});
      }
    }
    const std::size_t begin = topology_.service_ports_.size();
    if (const Node* ports = spec->find("ports"); ports != nullptr) {
      for (const Node& item : ports->items()) {
        read_service_port(object, item);
      }
    }
    service_extents_.emplace_back(begin, topology_.service_ports_.size());
    topology_.services_.push_back(std::move(service));
  }

  void read_service_port(const Object& object, const Node& item) {
    const auto read = read_port(item, "port");
    if (!read) {
      topology_.problems_.push_back(
          {.object = &object,
           .pointer = "/spec/ports",
           .offset = item.offset(),
           .message = "a service port needs a number from 1 to 65535 and a known protocol"});
      return;
    }
    ServicePort port{.name = text_at(&item, "name"),
                     .protocol = read->protocol,
                     .port = read->number,
                     .node_port = 0,
                     .target_port = read->number,
                     .target_name = {}};
    if (const Node* node_port = item.find("nodePort"); node_port != nullptr) {
      port.node_port = static_cast<std::uint16_t>(node_port->integer().value_or(0));
    }
    if (const Node* target = item.find("targetPort"); target != nullptr) {
      if (const auto integer = target->integer();
          integer && *integer >= scalar::kPortMin && *integer <= scalar::kPortMax) {
        port.target_port = static_cast<std::uint16_t>(*integer);
      } else if (target->is_string()) {
        port.target_port = 0;
        port.target_name = target->text();
      }
    }
    topology_.service_ports_.push_back(port);
  }

  void finish() {
    for (std::size_t i = 0; i < topology_.endpoints_.size(); ++i) {
      const PortsOf& extent = extents_[i];
      topology_.endpoints_[i].ports =
          std::span(topology_.ports_)
              .subspan(extent.ports_begin, extent.ports_end - extent.ports_begin);
      topology_.endpoints_[i].addresses =
          std::span(topology_.addresses_)
              .subspan(extent.addresses_begin, extent.addresses_end - extent.addresses_begin);
    }
    for (std::size_t i = 0; i < topology_.services_.size(); ++i) {
      const auto [begin, end] = service_extents_[i];
      topology_.services_[i].ports =
          std::span(topology_.service_ports_).subspan(begin, end - begin);
    }
    // The position breaks ties: the order within a namespace is the input's.
    std::vector<std::uint32_t> order(topology_.endpoints_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    std::ranges::sort(order, {}, [this](std::uint32_t i) {
      return std::pair(topology_.endpoints_[i].name_space, i);
    });
    std::vector<Endpoint> sorted;
    sorted.reserve(order.size());
    topology_.ranges_.resize(topology_.namespaces_.size());
    for (const std::uint32_t i : order) {
      const Endpoint& endpoint = topology_.endpoints_[i];
      Topology::Range& range = topology_.ranges_[endpoint.name_space];
      if (range.begin == range.end) {
        range.begin = static_cast<std::uint32_t>(sorted.size());
      }
      sorted.push_back(endpoint);
      range.end = static_cast<std::uint32_t>(sorted.size());
    }
    topology_.endpoints_ = std::move(sorted);
  }

  const kube::Snapshot& snapshot_;
  Topology topology_;
  std::unordered_set<std::string> owned_;  // "kind/namespace/name"
  std::vector<PortsOf> extents_;
  std::vector<std::pair<std::size_t, std::size_t>> service_extents_;
};

Topology Topology::read(const kube::Snapshot& snapshot) { return TopologyReader(snapshot).read(); }

}  // namespace tally::topology
