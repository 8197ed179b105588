#pragma once
// What the sidecar of a client does with a connection before it leaves: DestinationRule,
// Sidecar, ServiceEntry, VirtualService (networking.istio.io), exportTo of a Service.
//
// istio.io/istio at 86c9f01: pilot/pkg/model/push_context.go destinationRule(), setSidecarScope();
// pilot/pkg/model/sidecar.go; pilot/pkg/networking/core/cluster_tls.go buildUpstreamTLSSettings(),
// cluster_traffic_policy.go selectTrafficPolicyComponents().
//
// A ztunnel reads none of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/mesh_settings.hpp"
#include "kube/snapshot.hpp"
#include "reachability/explain.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::mesh {

// A port of a Service (positions in Topology::services() and in its ports) that is called.
struct CalledPort {
  std::uint32_t service = 0;
  std::uint16_t number = 0;
};

struct ClientTls {
  enum class Mode : std::uint8_t {
    Automatic,  // as the destination takes it
    Disable,    // plaintext
    Istio,      // Istio's mutual TLS, whatever the destination takes
    Simple,     // TLS of the workload's own, without a certificate
    Mutual,     // with a certificate that somebody mounted
  };
  Mode mode = Mode::Automatic;
  Step by{};                           // the DestinationRule; what empty: nothing says so
  std::vector<std::string> missing{};  // a subset with another mode
};

// What is known of an HTTP request; nothing: not known.
struct HttpRequest {
  std::optional<std::string_view> method{};
  std::optional<std::string_view> path{};
  std::optional<std::string_view> host{};
};

// Where a VirtualService sends calls of a Service.
struct Routing {
  enum class Answer : std::uint8_t {
    Here,       // to the pod that is asked about: of weighted routes, one does
    Elsewhere,  // to none such: other hosts, other subsets, a redirect, 404
    ByRequest,  // it depends on the HTTP request
    Unknown,    // on `missing`
  };
  Answer answer = Answer::Here;
  Step by{};  // the VirtualService; what empty: none speaks of the host
  std::string missing{};
};
// What speaks on a port of a Service.
enum class RoutedAs : std::uint8_t { Http, Tcp, Either };

// May a sidecar send there?
struct Outbound {
  enum class Answer : std::uint8_t { Known, Passthrough, Refused, Unknown };
  Answer answer = Answer::Known;
  Step by{};              // what hides it, or refuses
  std::string missing{};  // of Unknown
};

class ClientSettings {
 public:
  ClientSettings(const kube::Snapshot& snapshot, const topology::Topology& topology,
                 const authorization::MeshSettings& settings);

  // `destination`: the pod, of whose labels subsets speak.
  [[nodiscard]] ClientTls tls_of(const topology::Endpoint& client, const CalledPort& called,
                                 const topology::Endpoint& destination) const;
  // Passthrough: the sidecar does not know the Service, and sends plaintext to its address.
  [[nodiscard]] Outbound to_service(const topology::Endpoint& client,
                                    const CalledPort& called) const;
  // Addresses that belong to no Service of the input.
  [[nodiscard]] Outbound to_addresses(const topology::Endpoint& client,
                                      const scalar::AddressSet& addresses,
                                      std::uint16_t port) const;
  // A pod to whose port no Service leads.
  [[nodiscard]] Outbound to_pod(const topology::Endpoint& client) const;
  // Whether some Sidecar, DestinationRule or route selects clients by their labels.
  [[nodiscard]] bool selects_clients() const;
  // What of a client may change an answer; and of a Service for a pod: empty, if nothing of the
  // client counts. Equal texts: the same answers.
  [[nodiscard]] std::string client_key(const topology::Endpoint& client) const;
  [[nodiscard]] std::string service_key(std::uint32_t service,
                                        const topology::Endpoint& destination) const;
  // Whether something is said of what clients may call at all.
  [[nodiscard]] bool selects_services() const { return !sidecars_.empty(); }
  // Ports that ServiceEntries name.
  [[nodiscard]] std::vector<std::uint16_t> entry_ports() const;
  // Of a client's sidecar; without a request: of any.
  [[nodiscard]] Routing routing_of(const topology::Endpoint& client, const CalledPort& called,
                                   const topology::Endpoint& destination, RoutedAs protocol,
                                   const HttpRequest* request) const;

 private:
  struct Egress {
    bool is_registry_only = false;
    Step by{};                              // who says so
    const kube::Object* sidecar = nullptr;  // null: everything is imported
  };
  [[nodiscard]] Egress egress_of(const topology::Endpoint& client) const;
  [[nodiscard]] bool imports(const Egress& egress, std::string_view own_namespace,
                             std::string_view host_namespace, std::string_view host,
                             std::uint16_t port) const;
  // The VirtualService that stands for a host, by its age; null: none.
  [[nodiscard]] const kube::Object* virtual_service_of(const topology::Endpoint& client,
                                                       std::string_view host,
                                                       std::uint16_t port) const;
  // Whether the subset of a host is of a visible DestinationRule, and holds the pod.
  enum class InSubset : std::uint8_t { Yes, No, Absent };
  [[nodiscard]] InSubset in_subset(const topology::Endpoint& client, const CalledPort& called,
                                   const topology::Endpoint& destination,
                                   std::string_view subset) const;
  // The DestinationRule that stands for calls of a client; null: none.
  [[nodiscard]] const kube::Object* rule_of(const topology::Endpoint& client,
                                            const CalledPort& called) const;
  friend class RouteReader;
  [[nodiscard]] std::string_view name_of(const topology::Endpoint& endpoint) const {
    return topology_.name_space_of(endpoint).name;
  }
  [[nodiscard]] std::string host_of(const CalledPort& called) const;
  [[nodiscard]] std::vector<const kube::Object*> of_kind(std::string_view kind) const;

  const kube::Snapshot& snapshot_;
  const topology::Topology& topology_;
  const authorization::MeshSettings& settings_;
  // Oldest first.
  std::vector<const kube::Object*> rules_;
  std::vector<const kube::Object*> sidecars_;
  std::vector<const kube::Object*> entries_;
  std::vector<const kube::Object*> virtual_services_;
};

}  // namespace tally::reachability::mesh
