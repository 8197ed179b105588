#include "reachability/synthesis/replay.hpp"

#include <fmt/format.h>

#include "network_policy/analyser.hpp"
#include "network_policy/pair.hpp"
#include "network_policy/point.hpp"
#include "reachability/synthesis/links.hpp"
#include "reachability/synthesis/observed_peer.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {
namespace {

using network_policy::Direction;
using network_policy::Hit;
using network_policy::PolicySet;

constexpr std::size_t kPoliciesShown = 3;

// The rule or the policies that deny in this direction; empty: it does not.
std::string denial_in(const PolicySet& policies, Direction direction,
                      const network_policy::Peer& own, const network_policy::Peer& other,
                      const flow::Connection& connection) {
  const network_policy::DirectionAnswer answer =
      network_policy::judge_direction(policies, direction, own, other);
  if (!answer.denied.contains(connection.protocol, connection.port)) {
    return {};
  }
  for (const Hit& hit : answer.hits) {
    if (hit.action != network_policy::Action::Deny ||
        !hit.connections.contains(connection.protocol, connection.port)) {
      continue;
    }
    if (hit.by == Hit::By::Rule) {
      const network_policy::Rule& rule = policies.rules()[hit.index];
      const kube::Object& object = *policies.policies()[rule.policy].object;
      return fmt::format("denied by {} of {} ({})", rule.pointer, title_of(object),
                         place_of(object, rule.offset));
    }
    std::string text = "no rule of ";
    std::size_t count = 0;
    for (const std::uint32_t index : answer.selected_by) {
      const network_policy::Policy& policy = policies.policies()[index];
      if (!policy.isolates[static_cast<int>(direction)]) {
        continue;
      }
      if (count < kPoliciesShown) {
        text.append(count == 0 ? "" : ", ")
            .append(fmt::format("{} ({})", title_of(*policy.object),
                                place_of(*policy.object, policy.object->root.offset())));
      }
      ++count;
    }
    if (count > kPoliciesShown) {
      text += fmt::format(" and {} more", count - kPoliciesShown);
    }
    return text + " allows it";
  }
  return "denied";
}

}  // namespace

Replayed replay(const topology::Topology& topology, const PolicySet& policies,
                const flow::FlowSet& flows) {
  Replayed result;
  for (const auto& [connection, seen] : flows.connections()) {
    if (connection.verdict == flow::Verdict::Denied) {
      ++result.was_denied;
      continue;
    }
    const auto source = peer_of(topology, flows, connection.source);
    const auto destination = peer_of(topology, flows, connection.destination);
    if (source == nullptr || destination == nullptr) {
      ++result.not_asked;
      continue;
    }
    const bool is_from_own_node = connection.source.kind == flow::Place::Kind::Role &&
                                  connection.source.role == flow::Role::Host;
    const network_policy::Verdict verdict =
        is_from_own_node ? network_policy::Verdict::Allowed
                         : network_policy::judge(policies, {.source = source.get(),
                                                            .destination = destination.get(),
                                                            .protocol = connection.protocol,
                                                            .port = connection.port});
    if (verdict == network_policy::Verdict::Allowed) {
      ++result.allowed;
      continue;
    }
    if (verdict == network_policy::Verdict::Unknown) {
      ++result.unknown;
      continue;
    }
    Denial denial{.source = flows.to_string(connection.source),
                  .destination = flows.to_string(connection.destination),
                  .protocol = connection.protocol,
                  .port = connection.port,
                  .seen = seen,
                  .reason = {}};
    const std::string egress =
        denial_in(policies, Direction::Egress, *source, *destination, connection);
    const std::string ingress =
        denial_in(policies, Direction::Ingress, *destination, *source, connection);
    if (!egress.empty()) {
      denial.reason = fmt::format("egress of {}: {}", denial.source, egress);
    }
    if (!ingress.empty()) {
      denial.reason.append(denial.reason.empty() ? "" : "; ")
          .append(fmt::format("ingress of {}: {}", denial.destination, ingress));
    }
    result.denials.push_back(std::move(denial));
  }
  return result;
}

Connectivity connectivity_of(const topology::Topology& topology, const PolicySet& policies) {
  network_policy::Analyser analyser(topology, policies);
  const std::vector<Unit> units = units_of(topology);
  Connectivity result;
  for (const Unit& source : units) {
    for (const Unit& destination : units) {
      if (&source == &destination) {
        continue;
      }
      ++result.pairs;
      const network_policy::PooledAnswer answer =
          analyser.between(source.endpoints.front(), destination.endpoints.front());
      result.connected += answer.allowed == network_policy::kNone ? 0U : 1U;
      result.open += answer.allowed == network_policy::kAll ? 1U : 0U;
    }
  }
  return result;
}

}  // namespace tally::reachability
