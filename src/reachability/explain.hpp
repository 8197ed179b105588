#pragma once
// Why a connection is allowed or denied: on each side which rules decided, where they stand, and
// what would have to change.

#include <optional>
#include <string>
#include <vector>

#include "network_policy/pair.hpp"
#include "network_policy/point.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

// One side of a question: a workload, a block of outside addresses, or a pod that no workload has
// (of a waypoint).
struct Side {
  std::optional<std::uint32_t> workload{};  // position in World::workloads()
  scalar::AddressSet addresses{};
  std::string label{};
  const topology::Endpoint* endpoint = nullptr;  // of the pod that no workload has
};

// "shop/web", "10.0.0.0/8", "2001:db8::1".
[[nodiscard]] Result<Side> parse_side(const World& world, std::string_view text);

struct Port {
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t number = 0;
};
// "80", "tcp/80", "53/udp", "UDP 53"
[[nodiscard]] Result<Port> parse_port(std::string_view text);

// What one rule, one isolation or the default did with a part of the connections.
struct Step {
  std::string title{};  // "NetworkPolicy shop/db"; empty for the default
  std::string place{};  // "policies/db.yaml:12"
  std::string what{};   // "allows", "denies", "passes on", "isolates", "nothing selects it"
  std::string rule{};   // "ingress rule 1", "ingress rule 2 (from-web)"
  scalar::ConnectionSet connections{};
  bool is_sure = true;
};

struct SideExplanation {
  network_policy::Direction direction = network_policy::Direction::Ingress;
  bool is_governed = true;  // false: no pod, so that no policy is asked
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  std::vector<Step> steps{};
  // Rules that speak of the port but not of the peer, or of the peer but not of the port.
  std::vector<Step> near_misses{};
  std::string remedy;  // when something is denied here: what a rule would have to say
};

struct Explanation {
  Side source{};
  Side destination{};
  std::optional<Port> port{};
  scalar::ConnectionSet allowed{};
  scalar::ConnectionSet unknown{};
  SideExplanation egress{};
  SideExplanation ingress{};

  // Of the port that was asked; without one: Allowed if everything is, Denied if nothing.
  [[nodiscard]] network_policy::Verdict verdict() const;
};

[[nodiscard]] Explanation explain(const World& world, const Side& source, const Side& destination,
                                  std::optional<Port> port);

[[nodiscard]] std::string to_text(const Explanation& explanation);
[[nodiscard]] std::string to_json(const Explanation& explanation);
// Parts of these, for what explains more layers: appended.
[[nodiscard]] std::string port_text(const Port& port);  // "TCP 80"
void add_sides(const Explanation& explanation, std::string& out);
void add_json_sides(const Explanation& explanation, std::string& out);
// With its title and place on a line of their own.
void add_step(const Step& step, bool with_connections, std::string& out);
void add_json_steps(std::string_view name, const std::vector<Step>& steps, bool with_connections,
                    std::string& out);

// The plain answer to a single question, by the way that shares nothing with the above.
[[nodiscard]] network_policy::Verdict evaluate(const World& world, const Side& source,
                                               const Side& destination, const Port& port);

}  // namespace tally::reachability
