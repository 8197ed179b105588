#include "reachability/synthesis/replay.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

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
constexpr std::size_t kRememberedBytesMax = std::size_t{64} << 20U;

// Asks each selector once: the evaluator of single connections reads every policy for every
// connection.
class RememberingPeer final : public network_policy::Peer {
 public:
  explicit RememberingPeer(std::shared_ptr<const network_policy::Peer> peer)
      : peer_(std::move(peer)) {}

  [[nodiscard]] network_policy::Match selected_by(const network_policy::SelectorPool& selectors,
                                                  network_policy::SelectorId id) const override {
    known_.resize(selectors.size(), kNotAsked);
    if (known_[id] == kNotAsked) {
      known_[id] = static_cast<std::uint8_t>(peer_->selected_by(selectors, id));
    }
    return static_cast<network_policy::Match>(known_[id]);
  }
  [[nodiscard]] bool is_pod() const override { return peer_->is_pod(); }
  [[nodiscard]] const scalar::AddressSet& addresses() const override { return peer_->addresses(); }
  [[nodiscard]] bool knows_addresses() const override { return peer_->knows_addresses(); }
  [[nodiscard]] network_policy::Entity entity() const override { return peer_->entity(); }
  [[nodiscard]] scalar::PortSet named_port(std::string_view name,
                                           scalar::Protocol protocol) const override {
    return peer_->named_port(name, protocol);
  }

 private:
  static constexpr std::uint8_t kNotAsked = 255;
  std::shared_ptr<const network_policy::Peer> peer_;
  mutable std::vector<std::uint8_t> known_;
};

// The peers of a set of flows, each made once.
class ObservedPeers {
 public:
  ObservedPeers(const topology::Topology& topology, const PolicySet& policies,
                const flow::FlowSet& flows)
      : topology_(topology),
        flows_(flows),
        count_max_(kRememberedBytesMax / policies.selectors().size()) {}

  // Null: not enough is known to ask.
  std::shared_ptr<const network_policy::Peer> at(const flow::Place& place) {
    if (const auto known = peers_.find(place); known != peers_.end()) {
      return known->second;
    }
    auto peer = peer_of(topology_, flows_, place);
    if (peer != nullptr && peers_.size() < count_max_) {
      peer = std::make_shared<const RememberingPeer>(std::move(peer));
      peers_.emplace(place, peer);
    }
    return peer;
  }

 private:
  const topology::Topology& topology_;
  const flow::FlowSet& flows_;
  std::size_t count_max_;
  std::map<flow::Place, std::shared_ptr<const network_policy::Peer>> peers_;
};

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
  ObservedPeers peers(topology, policies, flows);
  for (const auto& [connection, seen] : flows.connections()) {
    if (connection.verdict == flow::Verdict::Denied) {
      ++result.was_denied;
      continue;
    }
    const auto source = peers.at(connection.source);
    const auto destination = peers.at(connection.destination);
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
