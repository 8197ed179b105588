#pragma once
// Route: the way of a connection through the proxies of a mesh, before any authorization policy is
// asked: which proxies, with which identity and encryption, and which connections the network below
// sees.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "network_policy/point.hpp"
#include "reachability/explain.hpp"
#include "reachability/mesh/client_settings.hpp"
#include "reachability/mesh/enrolment.hpp"
#include "reachability/mesh/waypoint.hpp"

namespace tally::reachability::mesh {

inline constexpr std::uint16_t kHbonePort = 15008;

enum class Encryption : std::uint8_t {
  Plaintext,
  MutualTls,   // Istio's, from proxy to proxy
  Hbone,       // mutual TLS through a tunnel on port 15008
  ForeignTls,  // that a DestinationRule demands of the workload itself
  Unknown,
};
[[nodiscard]] std::string_view to_text(Encryption encryption) noexcept;  // "mutual TLS", ...

// A connection that the network below sees.
struct Hop {
  enum class End : std::uint8_t { Source, Destination, Waypoint };
  End from = End::Source;
  End to = End::Destination;
  std::uint16_t port = 0;  // 0: that of the application
};

struct Route {
  DataPlane client = DataPlane::None;
  DataPlane server = DataPlane::None;
  // Position in Topology::services() of the Service that is called; nothing: none leads to the
  // port.
  std::optional<std::uint32_t> service{};
  WaypointUse waypoint{};  // that is passed
  Encryption encryption = Encryption::Plaintext;
  // What the first proxy with policies sees (a waypoint, or the one before the destination), and
  // what the one before the destination sees. Empty: no identity.
  std::string client_identity{};
  std::string identity{};
  std::vector<Hop> hops{};
  bool is_opaque = false;  // TLS that no proxy opens: rules see a TCP connection
  // Ways that exclude each other because a fact is not known have different numbers; of those with
  // one number a client may choose.
  std::uint8_t possibility = 0;
  Routing::Answer routed = Routing::Answer::Here;  // of any request; ByRequest: of some
  // What stops the connection before any policy is asked; what empty: nothing.
  Step refusal{};
  std::vector<Step> steps{};           // settings that decided about the way
  std::vector<std::string> missing{};  // facts that may change it
};
// What several ways come to: of those that a client may choose the best, of those that an open fact
// decides between what they have in common.
struct Outcome {
  network_policy::Verdict verdict = network_policy::Verdict::Unknown;
  std::uint8_t possibility = 0;
};
struct Merged {
  network_policy::Verdict verdict = network_policy::Verdict::Unknown;
  std::size_t decisive = 0;  // a way that says so, or that stands against the others
  bool is_open = false;      // there is more than one possibility
};
// Precondition: not empty; possibilities ascend.
[[nodiscard]] Merged merge_outcomes(const std::vector<Outcome>& outcomes);

// "sidecar -> sidecar", "ztunnel -> waypoint shop/waypoint -> ztunnel"
[[nodiscard]] std::string to_text(const Route& route);

}  // namespace tally::reachability::mesh
