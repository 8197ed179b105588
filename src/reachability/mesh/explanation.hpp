#pragma once
// Why a connection, or one HTTP request, passes or does not: each layer with what decided, where it
// stands, what nearly matched, and what would have to change.

#include <optional>
#include <string>
#include <vector>

#include "reachability/explain.hpp"
#include "reachability/mesh/layers.hpp"

namespace tally::reachability::mesh {

struct LayeredExplanation {
  Side source{};
  Side destination{};
  std::optional<Port> port{};
  std::optional<HttpRequest> request{};  // views of the caller's
  // Of the port that was asked.
  LayeredAnswer answer{};
  // What the network policies say of each connection that the network sees: one, or two through a
  // waypoint. Without a port: of all ports, as if there were no proxies.
  std::vector<Explanation> network{};
  // Without a port: what passes all layers.
  PairConnections pair{};
  std::string source_plane{};  // "sidecar: namespace shop is labelled ..."
  std::string destination_plane{};
  Step mutual_tls{};  // what the destination takes, and which policy says so

  [[nodiscard]] network_policy::Verdict verdict() const;
};

[[nodiscard]] LayeredExplanation explain(const Mesh& mesh, const Side& source,
                                         const Side& destination, std::optional<Port> port,
                                         const std::optional<HttpRequest>& request);

[[nodiscard]] std::string to_text(const LayeredExplanation& explanation);
[[nodiscard]] std::string to_json(const LayeredExplanation& explanation);

// The plain answer: of all pods of both workloads. Pods that differ: unknown.
[[nodiscard]] LayeredAnswer evaluate(const Mesh& mesh, const Side& source, const Side& destination,
                                     const Port& port, const std::optional<HttpRequest>& request);

}  // namespace tally::reachability::mesh
