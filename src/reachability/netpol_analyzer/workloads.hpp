#pragma once
// Workloads: what netpol-analyzer lists. Pods of one owner are one workload, named after the owner
// that the pod names ("namespace/name[Kind]"): a Deployment and pods of its ReplicaSet in one input
// are two. Differences to topology::Endpoint, which joins them, are those of the tool.
//
// Views point into the Snapshot.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/snapshot.hpp"
#include "reachability/netpol_analyzer/options.hpp"
#include "topology/networks.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::netpol_analyzer {

struct Workload {
  const kube::Object* object = nullptr;  // null: the ingress controller
  std::uint32_t name_space = 0;          // position in Workloads::namespaces
  std::string_view name;
  std::string_view kind;
  std::string text;       // "namespace/name[Kind]"
  document::Node labels;  // of the pod
  std::vector<topology::ContainerPort> ports;
  std::vector<std::string> pods;  // their names; of a controller those that upstream makes up
  std::vector<topology::Attachment> attachments;
  bool is_ingress_controller = false;
  bool is_machine = false;  // a KubeVirt VirtualMachine

  [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
  // The first port of this name, of whatever protocol: upstream takes names as unique in a pod.
  [[nodiscard]] const topology::ContainerPort* named_port(std::string_view port) const;
};

// Objects of custom kinds that live in namespaces and name none: to be done before the Snapshot is
// made, which knows the kinds of the API only. The text must outlive the objects.
void complete_namespaces(std::vector<kube::Object>& objects, std::string_view default_namespace);

inline constexpr std::string_view kIngressController = "{ingress-controller}";

struct Workloads {
  std::vector<topology::Namespace> namespaces;  // sorted by name
  std::vector<Workload> list;                   // sorted by text
  std::vector<Warning> warnings;

  [[nodiscard]] std::string_view name_space_of(const Workload& workload) const noexcept {
    return namespaces[workload.name_space].name;
  }

  [[nodiscard]] static Workloads read(const kube::Snapshot& snapshot);

  // Adds the one that stands for the controller of Ingresses and Routes; its position.
  std::uint32_t add_ingress_controller();

 private:
  std::uint32_t find_or_add_namespace(const kube::Snapshot& snapshot, std::string_view name);
};

}  // namespace tally::reachability::netpol_analyzer
