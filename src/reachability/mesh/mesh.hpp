#pragma once
// Mesh: what Istio's proxies say of connections between the endpoints of a World: who stands before
// each, with which identity and encryption a connection arrives, and which policy decides.
//
//   const Mesh mesh(*snapshot, world, {});
//   if (mesh.is_present()) {
//     const MeshAnswer answer = mesh.judge({source}, {destination}, {.number = 8080});
//   }
//
// Endpoints are positions in World::topology().endpoints(). What is decided is the usual way:
// through a Service that leads to the port (any of them), as an application calls it; where the
// input has none, as if there were one. What a client could do besides, dial the address of the pod
// past its own sidecar or past a waypoint, is bypass().
//
// Only TCP passes proxies; every other protocol is allowed, in plaintext, and no policy is asked.
//
// Snapshot and World must outlive it. Immutable; share freely.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authorization/mutual_tls.hpp"
#include "authorization/policy_set.hpp"
#include "authorization/reach.hpp"
#include "reachability/explain.hpp"
#include "reachability/mesh/client_settings.hpp"
#include "reachability/mesh/enrolment.hpp"
#include "reachability/mesh/route.hpp"
#include "reachability/world.hpp"

namespace tally::reachability::mesh {

struct MeshOptions {
  MeshMode mode = MeshMode::Auto;
  std::string trust_domain{};  // empty: MeshConfig's, or "cluster.local"
};

// One side of a question.
struct Party {
  std::optional<std::uint32_t> endpoint{};  // nothing: outside the cluster
  scalar::AddressSet addresses{};           // of the outside
};

struct PortMutualTls {
  enum class Mode : std::uint8_t {
    NoProxy,     // nobody takes mutual TLS
    Disable,     // plaintext only
    Permissive,  // both
    Strict,      // plaintext is refused
    Unknown,     // whether there is a proxy is not known
  };
  Mode mode = Mode::NoProxy;
  const kube::Object* object = nullptr;  // the PeerAuthentication that says so; null: the default
  std::string place{};                   // "peers.yaml:12"; empty for the default
};
[[nodiscard]] std::string_view to_text(PortMutualTls::Mode mode) noexcept;  // "strict", ...

// What the proxies on one way say, in the order in which they are passed.
struct MeshAnswer {
  network_policy::Verdict verdict = network_policy::Verdict::Allowed;
  bool is_asked = false;  // false: no proxy is on the way
  Route route{};
  // Who decided: "AuthorizationPolicy shop/api", "policies.yaml:12", "rule 1". Empty: nobody did.
  Step decided_by{};
  std::vector<Step> steps{};           // what matched or may match, on the way
  std::vector<Step> near_misses{};     // of a denial: ALLOW rules that nearly match
  std::vector<std::string> missing{};  // of Unknown: facts, in words
  std::string reason{};                // one sentence
  std::string remedy{};                // of a denial: what would have to change
};

// Which requests of a source pass.
struct MeshReach {
  authorization::Reach::Kind kind = authorization::Reach::Kind::Always;
  Route route{};
  // Of each proxy with policies that is passed: all must let a request pass.
  std::vector<authorization::Reach> stages{};
  std::vector<std::string> missing{};
  std::string reason{};
};
// "GET, HEAD /api/*"; empty: everything.
[[nodiscard]] std::string to_words(const authorization::HttpShape& shape);
// What is allowed, in short; empty: everything.
[[nodiscard]] std::string to_words(const MeshReach& reach);

struct MeshTable;  // internal/table.hpp

class Mesh {
 public:
  Mesh(const kube::Snapshot& snapshot, const World& world, const MeshOptions& options);
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;
  ~Mesh();

  // Whether the input speaks of Istio at all (or the mode says that there is a mesh).
  [[nodiscard]] bool is_present() const noexcept;
  [[nodiscard]] const World& world() const noexcept;
  [[nodiscard]] const authorization::PolicySet& policies() const noexcept;
  [[nodiscard]] std::span<const authorization::Problem> problems() const noexcept;

  [[nodiscard]] const Enrolment& enrolment_of(std::uint32_t endpoint) const noexcept;
  [[nodiscard]] DataPlane data_plane_of(std::uint32_t endpoint) const noexcept;
  // Of all of its pods; Unknown if they differ.
  [[nodiscard]] DataPlane data_plane_of(const Workload& workload) const noexcept;

  // "cluster.local/ns/shop/sa/web": whatever stands before it.
  [[nodiscard]] std::string_view principal_of(std::uint32_t endpoint) const noexcept;
  [[nodiscard]] std::vector<std::string_view> principals_of(const Workload& workload) const;

  // Who is asked for connections to the pod, or to a Service (position in Topology::services()).
  [[nodiscard]] WaypointUse waypoint_of_endpoint(std::uint32_t endpoint) const;
  [[nodiscard]] WaypointUse waypoint_of_service(std::uint32_t service) const;

  // Without a port: of all ports that have no mode of their own.
  [[nodiscard]] PortMutualTls mutual_tls_of(std::uint32_t endpoint,
                                            std::optional<std::uint16_t> port) const;

  // Whether a Service leads to a port of the pod.
  [[nodiscard]] bool has_service(std::uint32_t endpoint, std::uint16_t port) const;
  // Whether a port of a pod speaks HTTP, by the Services that lead to it.
  [[nodiscard]] authorization::Protocol protocol_of(std::uint32_t endpoint,
                                                    std::uint16_t port) const;

  // Every way that a client may choose, and that the facts leave open.
  [[nodiscard]] std::vector<Route> routes(const Party& source, const Party& destination,
                                          std::uint16_t port) const;

  // Without a request: any connection; what depends on the request is unknown.
  [[nodiscard]] MeshAnswer judge(const Party& source, const Party& destination, const Port& port,
                                 const HttpRequest* request = nullptr) const;
  [[nodiscard]] MeshAnswer judge(const Route& route, const Party& source, const Party& destination,
                                 std::uint16_t port, const HttpRequest* request) const;

  [[nodiscard]] MeshReach reach(const Party& source, const Party& destination,
                                std::uint16_t port) const;
  [[nodiscard]] MeshReach reach(const Route& route, const Party& source, const Party& destination,
                                std::uint16_t port) const;

  // The way to the address of the pod, past the client's sidecar or a Service's waypoint; nothing:
  // it is no other.
  [[nodiscard]] std::optional<Route> bypass(const Party& source, const Party& destination,
                                            std::uint16_t port) const;
  // Why the data plane of a side is not known, in words.
  [[nodiscard]] std::vector<std::string> open_facts(const Party& source,
                                                    const Party& destination) const;

  // Endpoints that no proxy tells apart have one number, from 0.
  [[nodiscard]] std::uint32_t class_of(std::uint32_t endpoint) const noexcept;
  // The same of the side of the client only.
  [[nodiscard]] std::uint32_t source_class_of(std::uint32_t endpoint) const noexcept;
  // Whether a waypoint stands before the pod, or before a Service that leads to it.
  [[nodiscard]] bool is_behind_waypoint(std::uint32_t endpoint) const;
  // The pods of a waypoint, as the network below sees them; `use` is Used.
  [[nodiscard]] const topology::Endpoint& proxy_of(const WaypointUse& use) const;
  // Of addresses outside: ports that ServiceEntries name.
  [[nodiscard]] std::vector<std::uint16_t> outside_ports() const;
  // Of the destination: every other port is judged as any other.
  [[nodiscard]] std::vector<std::uint16_t> ports_of(std::uint32_t endpoint) const;

  // For the rest of this library.
  [[nodiscard]] const MeshTable& table() const noexcept { return *table_; }

 private:
  std::unique_ptr<const MeshTable> table_;
};

}  // namespace tally::reachability::mesh
