#include "reachability/netpol_analyzer/workloads.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "kube/namespace_labels.hpp"
#include "reachability/netpol_analyzer/internal/fields.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using document::Node;
using kube::Object;

constexpr std::string_view kIngressNamespace = "ingress-controller-ns";

// A namespace without a manifest: for this tool it has no labels but its name.
const Object kBareNamespace;

topology::Namespace namespace_named(const kube::Snapshot& snapshot, std::string_view name) {
  const Object* object = snapshot.find("", "Namespace", "", name);
  return {.name = name, .object = object == nullptr ? &kBareNamespace : object};
}

struct Owner {
  std::string_view kind;
  std::string_view name;
};

// The controller of a pod; a static pod is its node's, which is none.
std::optional<Owner> controller_of(const Object& pod) {
  const Node* owners = field(&pod.metadata, "ownerReferences");
  if (owners == nullptr) {
    return std::nullopt;
  }
  for (const Node& owner : owners->items()) {
    const Node* controls = field(&owner, "controller");
    if (controls == nullptr || !controls->boolean()) {
      continue;
    }
    if (text_at(&owner, "kind") == "Node") {
      return std::nullopt;
    }
    return Owner{.kind = text_at(&owner, "kind"), .name = text_at(&owner, "name")};
  }
  return std::nullopt;
}

bool is_machine(const Object& object) { return object.ref.kind == "VirtualMachine"; }

bool is_listed_controller(std::string_view kind) {
  constexpr std::string_view kKinds[] = {
      "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "ReplicationController",
      "CronJob",    "Job"};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

std::vector<topology::ContainerPort> ports_of(const Node* spec) {
  std::vector<topology::ContainerPort> ports;
  const Node* containers = field(spec, "containers");
  if (containers == nullptr) {
    return ports;
  }
  for (const Node& container : containers->items()) {
    const Node* list = field(&container, "ports");
    if (list == nullptr) {
      continue;
    }
    for (const Node& port : list->items()) {
      const Node* number = field(&port, "containerPort");
      const auto value = number == nullptr ? std::nullopt : number->integer();
      if (!value || *value < scalar::kPortMin || *value > scalar::kPortMax) {
        continue;
      }
      ports.push_back(
          {.name = text_at(&port, "name"),
           .protocol =
               scalar::parse_protocol(text_at(&port, "protocol")).value_or(scalar::Protocol::Tcp),
           .port = static_cast<std::uint16_t>(*value)});
    }
  }
  return ports;
}

Node labels_in(const Node* metadata) {
  const Node* labels = field(metadata, "labels");
  return labels == nullptr ? Node{} : *labels;
}

// The first field on the way to the ports that has the wrong type: such a pod cannot be read.
const Node* wrong_list(const Node* spec) {
  const Node* containers = field(spec, "containers");
  if (containers != nullptr && !containers->is_array()) {
    return containers;
  }
  for (std::size_t i = 0; containers != nullptr && i < containers->size(); ++i) {
    const Node* ports = field(&containers->items()[i], "ports");
    if (ports != nullptr && !ports->is_array()) {
      return ports;
    }
  }
  return nullptr;
}

const Node* pod_spec(const Object& object) {
  const auto pod = kube::pod_template(object);
  return pod ? pod->spec : nullptr;
}

// A workload without its namespace and text.
std::optional<Workload> read_object(const Object& object) {
  Workload workload;
  workload.object = &object;
  workload.name = object.ref.name;
  workload.kind = object.ref.kind;
  if (object.ref.kind == "Pod") {
    workload.labels = labels_in(&object.metadata);
    workload.ports = ports_of(field(&object.root, "spec"));
    workload.pods.emplace_back(object.ref.name);
    if (const auto owner = controller_of(object)) {
      workload.kind = owner->kind.empty() ? std::string_view("Pod") : owner->kind;
      workload.name = owner->name;
    }
    if (const auto networks = object.annotation(topology::kNetworksAnnotation)) {
      workload.attachments = topology::attachments_of_annotation(*networks);
    }
    return workload;
  }
  if (is_machine(object)) {
    const Node* machine = field(field(&object.root, "spec"), "template");
    workload.labels = labels_in(field(machine, "metadata"));
    workload.is_machine = true;
    workload.attachments = topology::attachments_of_machine(object);
    workload.pods.push_back(std::string(object.ref.name) + "-1");
    return workload;
  }
  if (!is_listed_controller(object.ref.kind)) {
    return std::nullopt;
  }
  if (const auto pod = kube::pod_template(object)) {
    workload.labels = labels_in(pod->metadata);
    workload.ports = ports_of(pod->spec);
    const Node* annotations = field(pod->metadata, "annotations");
    if (const std::string_view networks = text_at(annotations, topology::kNetworksAnnotation);
        !networks.empty()) {
      workload.attachments = topology::attachments_of_annotation(networks);
    }
  }
  // Upstream makes up two pods of a controller with replicas, so that one can speak to another.
  const Node* spec = field(&object.root, "spec");
  const Node* replicas = field(spec, object.ref.kind == "Job" ? "parallelism" : "replicas");
  const bool is_many = replicas != nullptr && replicas->integer().value_or(1) > 1;
  for (int i = 1; i <= (is_many ? 2 : 1); ++i) {
    workload.pods.push_back(std::string(object.ref.name) + "-" + std::to_string(i));
  }
  return workload;
}

}  // namespace

void complete_namespaces(std::vector<kube::Object>& objects, std::string_view default_namespace) {
  constexpr std::string_view kKinds[] = {"MultiNetworkPolicy", "NetworkAttachmentDefinition",
                                         "Route", "UserDefinedNetwork", "VirtualMachine"};
  for (Object& object : objects) {
    if (object.ref.name_space.empty() &&
        std::ranges::find(kKinds, object.ref.kind) != std::end(kKinds)) {
      object.ref.name_space = default_namespace;
    }
  }
}

std::optional<std::string_view> Workload::label(std::string_view key) const {
  const Node* value = labels.find(key);
  return value == nullptr ? std::nullopt : std::optional(value->text());
}

const topology::ContainerPort* Workload::named_port(std::string_view port) const {
  const auto at = std::ranges::find(ports, port, &topology::ContainerPort::name);
  return at == ports.end() ? nullptr : &*at;
}

std::uint32_t Workloads::find_or_add_namespace(const kube::Snapshot& snapshot,
                                               std::string_view name) {
  const auto at = std::ranges::find(namespaces, name, &topology::Namespace::name);
  if (at != namespaces.end()) {
    return static_cast<std::uint32_t>(at - namespaces.begin());
  }
  namespaces.push_back(namespace_named(snapshot, name));
  return static_cast<std::uint32_t>(namespaces.size() - 1);
}

Workloads Workloads::read(const kube::Snapshot& snapshot) {
  Workloads workloads;
  for (const std::string_view name : snapshot.namespaces()) {
    workloads.namespaces.push_back(namespace_named(snapshot, name));
  }
  std::ranges::sort(workloads.namespaces, {}, &topology::Namespace::name);
  std::unordered_map<std::string_view, std::uint32_t> places;
  for (std::uint32_t i = 0; i < workloads.namespaces.size(); ++i) {
    places.emplace(workloads.namespaces[i].name, i);
  }
  std::unordered_map<std::string, std::size_t> by_text;
  for (const Object& object : snapshot.objects()) {
    auto workload = read_object(object);
    if (!workload) {
      continue;
    }
    const std::string_view name_space =
        object.ref.name_space.empty() ? std::string_view("default") : object.ref.name_space;
    if (const Node* wrong = wrong_list(pod_spec(object)); wrong != nullptr) {
      workloads.warnings.push_back(
          {.message = std::string(object.ref.kind) + " " + std::string(name_space) + "/" +
                      std::string(object.ref.name) + " is left out: found a " +
                      std::string(document::kind_name(wrong->kind())) + ", expected a list",
           .file = object.source == nullptr ? std::string() : object.source->name(),
           .at = object.source == nullptr ? Position{} : object.source->position(wrong->offset())});
      continue;
    }
    // The pod around a virtual machine: the machine itself is in the list.
    if (object.ref.kind == "Pod" && object.ref.name.starts_with("virt-launcher-")) {
      workloads.warnings.push_back(
          {.message = "pod " + std::string(name_space) + "/" + std::string(object.ref.name) +
                      " is left out: it is the launcher of a virtual machine",
           .file = object.source == nullptr ? std::string() : object.source->name(),
           .at = object.source == nullptr ? Position{}
                                          : object.source->position(object.root.offset())});
      continue;
    }
    const auto place = places.find(name_space);
    workload->name_space = place != places.end()
                               ? place->second
                               : workloads.find_or_add_namespace(snapshot, name_space);
    if (place == places.end()) {
      places.emplace(name_space, workload->name_space);
    }
    workload->text = std::string(name_space) + "/" + std::string(workload->name) + "[" +
                     std::string(workload->kind) + "]";
    const auto [at, is_new] = by_text.try_emplace(workload->text, workloads.list.size());
    if (is_new) {
      workloads.list.push_back(std::move(*workload));
    } else {
      Workload& known = workloads.list[at->second];
      known.pods.insert(known.pods.end(), workload->pods.begin(), workload->pods.end());
    }
  }
  std::ranges::sort(workloads.list, {}, &Workload::text);
  return workloads;
}

std::uint32_t Workloads::add_ingress_controller() {
  namespaces.push_back({.name = kIngressNamespace, .object = &kBareNamespace});
  Workload controller;
  controller.name_space = static_cast<std::uint32_t>(namespaces.size() - 1);
  controller.name = "ingress-controller";
  controller.kind = "Pod";
  controller.text = kIngressController;
  controller.is_ingress_controller = true;
  list.push_back(std::move(controller));
  return static_cast<std::uint32_t>(list.size() - 1);
}

}  // namespace tally::reachability::netpol_analyzer
