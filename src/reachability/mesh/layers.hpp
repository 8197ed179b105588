#pragma once
// One answer across layers: a connection passes if the network policies let through what the
// network sees of it, and the proxies of the mesh let through what they see.
//
// Between pods of ambient mode the network sees TCP 15008 (HBONE), whatever port the application
// speaks on: the policies are asked for that. Through a waypoint there are two connections: both
// must be allowed.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reachability/mesh/mesh.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability::mesh {

// One way: both layers.
struct WayAnswer {
  MeshAnswer mesh{};
  network_policy::Verdict network = network_policy::Verdict::Allowed;
  network_policy::Verdict verdict = network_policy::Verdict::Allowed;
};

struct LayeredAnswer {
  network_policy::Verdict verdict = network_policy::Verdict::Unknown;
  WayAnswer way{};                     // that decides
  std::vector<std::string> missing{};  // of Unknown: facts, in words
  // What else the client could do, where the usual way is not allowed: it is.
  std::optional<WayAnswer> bypass{};
};

// Without a request: any connection.
[[nodiscard]] LayeredAnswer judge_layers(const Mesh& mesh, const Party& source,
                                         const Party& destination, const Port& port,
                                         const HttpRequest* request = nullptr);

// " by the network policies", " by the mesh: AuthorizationPolicy shop/api, policies.yaml:12", ...:
// who denies; of what passes, who lets it.
[[nodiscard]] std::string deciding_layer(const LayeredAnswer& answer);

// What the network policies say of one hop of a way.
[[nodiscard]] network_policy::Verdict judge_hop(const Mesh& mesh, const Route& route,
                                                const Hop& hop, const Party& source,
                                                const Party& destination, const Port& port);

// Ports of one destination that the mesh treats alike.
struct PortGroup {
  scalar::PortSet ports{};  // TCP
  MeshReach reach{};
};

// All connections of a pair. Of TCP ports the groups that are not denied; what depends on the HTTP
// request is allowed, and its group says which requests.
struct PairConnections {
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  std::vector<PortGroup> groups{};
};

// What the mesh says of a pair: ports that it treats alike, each with every way.
struct MeshGroup {
  scalar::PortSet ports{};
  std::vector<MeshReach> ways{};  // as Mesh::routes() gives them
};
[[nodiscard]] std::vector<MeshGroup> mesh_groups(const Mesh& mesh, const Party& source,
                                                 const Party& destination);

// `network`: what the network policies say of the two, as if there were no proxies.
struct NetworkAnswer {
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
};
[[nodiscard]] PairConnections connections_between(const Mesh& mesh, const Party& source,
                                                  const Party& destination,
                                                  const NetworkAnswer& network);
// What the network policies say of TCP to and from waypoints, remembered by the classes of pods
// that they do not tell apart.
class HopAnswers {
 public:
  struct Ports {
    scalar::PortSet allowed{};
    scalar::PortSet unknown{};
  };
  // `peers`: a class of the Analyser, or the pod of a waypoint.
  using Peer = std::pair<std::uint32_t, const topology::Endpoint*>;
  std::map<std::pair<Peer, Peer>, Ports> known{};
};
[[nodiscard]] PairConnections connections_between(const Mesh& mesh, const Party& source,
                                                  const Party& destination,
                                                  const NetworkAnswer& network,
                                                  const std::vector<MeshGroup>& groups,
                                                  HopAnswers& hops);

// "mutual TLS" of all, or "8080: mutual TLS; other ports: plaintext"; empty: no TCP.
[[nodiscard]] std::string encryption_words(const PairConnections& pair);
[[nodiscard]] std::string identity_words(const PairConnections& pair);
// "8080: GET /api/*"; empty: nothing depends on the request.
[[nodiscard]] std::string request_words(const PairConnections& pair);

}  // namespace tally::reachability::mesh
