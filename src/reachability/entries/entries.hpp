#pragma once
// Entries: how the world gets into a cluster: Services of type NodePort and LoadBalancer, external
// addresses, Ingress, OpenShift's Route, Gateway API, Istio's Gateway with VirtualServices; where
// each leads to, and whether network policies let through who stands at the door.
//
//   const EntryList entries = list_entries(snapshot, world);
//   const std::vector<Verdict> exposed = world_exposed(world, entries);  // by workload
//
// Who stands at the door, as network policies of the backend see it:
//   * NodePort, LoadBalancer, external addresses: the client's address, and with
//     externalTrafficPolicy Cluster perhaps that of a node in its place;
//   * everything else: the pods of the controller if the input holds them, else a pod that is not
//     in the input, in a namespace of which no workload is in the input: then a policy that neither
//     allows nor denies everybody lets it in perhaps.
// Authorization of a mesh is not asked here (mesh/entry_answers.hpp).
//
// Views point into the Snapshot, which must outlive the list, as must the World. Deterministic.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/snapshot.hpp"
#include "network_policy/point.hpp"
#include "reachability/world.hpp"
#include "scalar/address_set.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability {

enum class EntryKind : std::uint8_t {
  NodePort,
  LoadBalancer,
  ExternalIp,
  Ingress,
  Route,
  GatewayApi,
  IstioGateway,
};
// "NodePort", "LoadBalancer", "external IP", "Ingress", "Route", "Gateway API", "Istio Gateway"
[[nodiscard]] std::string_view to_text(EntryKind kind) noexcept;

// What happens to TLS at the door.
enum class EntryTls : std::uint8_t { None, Terminate, Passthrough, Reencrypt };
// "none", "terminate", "passthrough", "reencrypt"
[[nodiscard]] std::string_view to_text(EntryTls tls) noexcept;

// One workload behind an entry.
struct EntryBackend {
  std::uint32_t workload = 0;              // position in World::workloads()
  std::vector<std::uint32_t> endpoints{};  // of it: those that are sent to, positions in Topology
  scalar::ConnectionSet ports{};           // of the pods
  // Of `ports`: what network policies let in from whoever stands at the door; disjoint.
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  // The outside addresses from which anything of it may come in; of an entry behind a controller:
  // those that may come to the controller's door.
  scalar::AddressSet clients{};
  std::string missing{};  // the fact that `unknown` waits for; empty if nothing is unknown
  // Why a mesh lets nothing of it in that network policies do (mesh/entry_answers.hpp).
  std::string denied_by{};

  // Allowed: on some port for sure.
  [[nodiscard]] network_policy::Verdict reach() const noexcept;
};

// One way in: a port of a Service; a host and path of an Ingress; a rule of a route at one listener
// of one Gateway. Each leads to one Service.
struct Entry {
  EntryKind kind = EntryKind::NodePort;
  const kube::Object* object = nullptr;  // what opens: the Service, Ingress, Route, VirtualService
  std::uint32_t offset = 0;              // in its source: the port, path or rule
  std::string pointer{};                 // RFC 6901, of the same
  std::string place{};                   // "file:line" of the same
  // The Gateway, the IngressClass; null: there is none, or it is not in the input.
  const kube::Object* gateway = nullptr;
  std::string via{};   // in words: "Gateway edge/public, listener https", "IngressClass nginx"
  std::string host{};  // "shop.example.com, *.example.org"; empty: every host
  std::string path{};  // "Prefix /api"; empty: every path
  EntryTls tls = EntryTls::None;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;                // at the door; 0: the cluster chooses it
  std::string service{};                 // "shop/web", as the object names it
  std::uint16_t service_port = 0;        // 0: all of its ports, or none was found
  std::vector<EntryBackend> backends{};  // by workload; empty: it leads nowhere in the input
  scalar::AddressSet sources{};          // outside addresses that may come to the door
  std::string internal{};                // why the door is not open to the world; empty: it is
  // The fact on which it hangs whether there is this entry at all; empty: there is. Until it is
  // known, no backend is reached for sure.
  std::string missing{};
  // Position in EntryList::doors of the pods that stand at the door. Nothing: the clients do, or a
  // controller that is not in the input.
  std::optional<std::uint32_t> door{};

  [[nodiscard]] bool is_internal() const noexcept { return !internal.empty(); }
  // The best of its backends; Denied if there are none.
  [[nodiscard]] network_policy::Verdict reach() const noexcept;
};

struct EntryProblem {
  enum class Kind : std::uint8_t {
    Invalid,              // the API would refuse it, or its controller does
    ServiceAbsent,        // no such Service in the input
    PortAbsent,           // the Service has no such port
    NamedPortAbsent,      // no pod of the Service has the port that targetPort names
    NotFollowed,          // a kind of backend or parent that is not followed
    NotGranted,           // to another namespace without a ReferenceGrant
    NamespaceNotAllowed,  // allowedRoutes of the listener, or hosts of the server
    KindNotAllowed,       // the listener takes no route of this kind
    HostMismatch,         // no host of the route is one of the listener's
    ParentAbsent,         // the Gateway, or the section or port of it, is not in the input
    NoPods,               // the Service selects no workload of the input
    GatewaySelectsNothing,
    TooMany,  // the rest of the object is left out
  };
  Kind kind = Kind::Invalid;
  const kube::Object* object = nullptr;
  std::string pointer{};     // RFC 6901
  std::uint32_t offset = 0;  // in its source
  std::string message{};     // one sentence without position
};

struct EntryList {
  std::vector<Entry> entries;  // by kind, then by namespace and name, then as they stand there
  std::vector<std::vector<std::uint32_t>> doors{};  // pods: positions in Topology::endpoints()
  std::vector<EntryProblem> problems;  // by namespace, kind and name of the object, then offset
};

[[nodiscard]] EntryList list_entries(const kube::Snapshot& snapshot, World& world);

// The definition of "world-exposed", for everybody who says it: through an entry that is not
// internal, from some address that is not of a private network, network policies let a client
// or the controller that speaks for it come to a pod of the workload. Unknown: perhaps.
[[nodiscard]] network_policy::Verdict is_world_exposed(const Entry& entry,
                                                       const EntryBackend& backend);
// By position in World::workloads(): the best of all entries that lead there.
[[nodiscard]] std::vector<network_policy::Verdict> world_exposed(const World& world,
                                                                 const EntryList& entries);

// "Ingress shop/web (shop.example.com, Prefix /api) to shop/web:80"
[[nodiscard]] std::string to_words(const Entry& entry);

}  // namespace tally::reachability
