#pragma once
// All connections of a World that pass all layers, with identity, encryption and the requests that
// a port is restricted to.

#include <vector>

#include "reachability/connections.hpp"
#include "reachability/mesh/joined.hpp"

namespace tally::reachability::mesh {

// As reachability::list_connections(), less what the mesh denies; of ambient mode as the network
// policies see it (TCP 15008).
[[nodiscard]] std::vector<ConnectionRow> list_connections(World& world, const Mesh& mesh,
                                                          const ConnectionFilter& filter);

[[nodiscard]] std::vector<ConnectionRow> list_connections(JoinedAnswers& answers,
                                                          const ConnectionFilter& filter);

// The same, one row for all workloads that neither layer tells apart.
[[nodiscard]] std::string classes_to_text(World& world, const Mesh& mesh);

}  // namespace tally::reachability::mesh
