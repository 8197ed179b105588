#pragma once
// Topology: who can send and receive in a cluster, read once from a Snapshot: the endpoints (pods,
// and the pods that controllers will make), their namespaces, nodes and services. Network policy
// and mesh authorization both speak of it.
//
// An endpoint is a Pod of the Snapshot, or stands for the pods of a controller of which the
// Snapshot holds no pod. Texts and nodes point into the Snapshot, which must outlive it. Immutable;
// share freely.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "document/node.hpp"
#include "kube/object.hpp"
#include "kube/snapshot.hpp"
#include "scalar/connection_set.hpp"
#include "scalar/ip_address.hpp"
#include "scalar/label_selector.hpp"

namespace tally::topology {

struct Namespace {
  std::string_view name;
  // Null: not in the input. It exists with the one label kubernetes.io/metadata.name; what more it
  // carries is not known (CONTRACTS.md section 1).
  const kube::Object* object = nullptr;

  [[nodiscard]] bool is_known() const noexcept { return object != nullptr; }
  // The server gives kubernetes.io/metadata.name to every namespace, whatever the manifest says.
  [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
};

struct ContainerPort {
  std::string_view name;  // may be empty
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
};

struct Endpoint {
  const kube::Object* object = nullptr;  // the Pod, or the controller
  std::uint32_t name_space = 0;          // position in namespaces()
  std::string_view name;                 // of the object
  // The controller that a user knows: the last owner that the input names, or the object itself.
  std::string_view workload_kind;
  std::string_view workload_name;
  document::Node labels;  // of the pod; Null for none
  // Of containers and of init containers that keep running, in this order.
  std::span<const ContainerPort> ports;
  std::string_view service_account;               // "default" if the pod names none
  std::span<const scalar::IpAddress> addresses;   // status.podIPs
  std::optional<scalar::IpAddress> node_address;  // status.hostIP
  const kube::Object* node = nullptr;             // that spec.nodeName names, if it is in the input
  bool is_pod = false;                            // else it stands for the pods of a controller
  bool may_be_several = false;                    // a controller whose pods may be more than one
  bool is_on_host_network = false;

  [[nodiscard]] std::optional<std::string_view> label(std::string_view key) const;
};

struct ServicePort {
  std::string_view name;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;
  // The pod's port: a number, or a name that each pod resolves for itself.
  std::uint16_t target_port = 0;
  std::string_view target_name;
};

struct Service {
  const kube::Object* object = nullptr;
  std::uint32_t name_space = 0;
  std::string_view name;
  std::string_view type;  // "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
  std::optional<scalar::LabelSelector> selector;  // nothing: endpoints are made by hand
  std::span<const ServicePort> ports;
  bool is_headless = false;
};

// What could not be read of an object: it is left out, or the field is.
struct Problem {
  const kube::Object* object = nullptr;
  std::string pointer;
  std::uint32_t offset = 0;
  std::string message;
};

class Topology {
 public:
  [[nodiscard]] static Topology read(const kube::Snapshot& snapshot);

  [[nodiscard]] std::span<const Endpoint> endpoints() const noexcept { return endpoints_; }
  [[nodiscard]] std::span<const Namespace> namespaces() const noexcept { return namespaces_; }
  [[nodiscard]] std::span<const Service> services() const noexcept { return services_; }
  [[nodiscard]] std::span<const Problem> problems() const noexcept { return problems_; }

  // Position in namespaces(), or nothing.
  [[nodiscard]] std::optional<std::uint32_t> find_namespace(std::string_view name) const;
  [[nodiscard]] const Namespace& name_space_of(const Endpoint& endpoint) const noexcept {
    return namespaces_[endpoint.name_space];
  }
  // Positions of the endpoints of a namespace: they stand together.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  [[nodiscard]] Range endpoints_in(std::uint32_t name_space) const noexcept {
    return ranges_[name_space];
  }

  Topology(Topology&&) noexcept = default;
  Topology& operator=(Topology&&) noexcept = default;
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
  ~Topology() = default;

 private:
  friend class TopologyReader;
  Topology() = default;

  std::vector<Endpoint> endpoints_;    // by namespace, then in the order of the input
  std::vector<Namespace> namespaces_;  // sorted by name
  std::vector<Range> ranges_;
  std::vector<Service> services_;
  std::vector<Problem> problems_;
  // What the spans above point into; sized before they are taken.
  std::vector<ContainerPort> ports_;
  std::vector<scalar::IpAddress> addresses_;
  std::vector<ServicePort> service_ports_;
};

// The numbers behind a name of a port on one endpoint: a name may stand for several.
[[nodiscard]] scalar::PortSet named_ports(const Endpoint& endpoint, std::string_view name,
                                          scalar::Protocol protocol);

}  // namespace tally::topology
