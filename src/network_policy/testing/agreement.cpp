#include "network_policy/testing/agreement.hpp"

#include <initializer_list>
#include <vector>

#include "network_policy/analyser.hpp"
#include "network_policy/pair.hpp"
#include "network_policy/point.hpp"

namespace tally::network_policy::testing {
namespace {

using scalar::ConnectionSet;
using scalar::Protocol;

Verdict verdict_of(const PairAnswer& answer, Protocol protocol, std::uint16_t port) {
  if (answer.allowed.contains(protocol, port)) {
    return Verdict::Allowed;
  }
  return answer.unknown.contains(protocol, port) ? Verdict::Unknown : Verdict::Denied;
}

class Comparison {
 public:
  Comparison(const topology::Topology& topology, const PolicySet& policies, Agreement& agreement)
      : topology_(topology), policies_(policies), out_(agreement) {
    for (const topology::Endpoint& endpoint : topology.endpoints()) {
      endpoints_.emplace_back(topology, endpoint);
    }
    for (const scalar::AddressSet& block : external_blocks(policies, true)) {
      outside_.emplace_back(block);
    }
  }

  void run() {
    std::vector<const Peer*> peers;
    for (const EndpointPeer& peer : endpoints_) {
      peers.push_back(&peer);
    }
    for (const ExternalPeer& peer : outside_) {
      peers.push_back(&peer);
    }
    for (const Peer* source : peers) {
      for (const Peer* destination : peers) {
        if (source != destination && (source->is_pod() || destination->is_pod())) {
          compare_points(*source, *destination);
        }
      }
    }
    compare_tables();
  }

 private:
  [[nodiscard]] bool is_done() const { return !out_.difference.empty(); }

  void compare_points(const Peer& source, const Peer& destination) {
    const PairAnswer answer = connections_between(policies_, source, destination);
    // The node of a pod reaches it by a rule of its own in pair.hpp.
    if (is_done() || (answer.egress.hits.empty() && answer.ingress.hits.empty())) {
      return;
    }
    for (const Protocol protocol : {Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Icmp}) {
      for (const std::uint16_t port :
           std::initializer_list<std::uint16_t>{1, 10, 11, 12, 53, 60, 80, 90, 8080, 65535}) {
        const Verdict by_point = judge(
            policies_,
            {.source = &source, .destination = &destination, .protocol = protocol, .port = port});
        const Verdict by_set = verdict_of(answer, protocol, port);
        if (by_point != by_set) {
          out_.difference.append(scalar::protocol_name(protocol))
              .append(" ")
              .append(std::to_string(port))
              .append(": point ")
              .append(to_text(by_point))
              .append(", set ")
              .append(to_text(by_set));
          return;
        }
        ++(by_point == Verdict::Allowed  ? out_.allowed
           : by_point == Verdict::Denied ? out_.denied
                                         : out_.unknown);
      }
    }
  }

  void require_same(const ConnectionSet& table, const ConnectionSet& pair,
                    const std::string& what) {
    if (!is_done() && !(table == pair)) {
      out_.difference = what + ": table " + table.to_string() + ", pair " + pair.to_string();
    }
  }

  void compare_tables() {
    Analyser analyser(topology_, policies_);
    for (std::uint32_t source = 0; source < endpoints_.size() && !is_done(); ++source) {
      for (std::uint32_t destination = 0; destination < endpoints_.size(); ++destination) {
        if (source == destination) {
          continue;
        }
        const PairAnswer expected =
            connections_between(policies_, endpoints_[source], endpoints_[destination]);
        const PooledAnswer actual = analyser.between(source, destination);
        const std::string what = std::to_string(source) + " -> " + std::to_string(destination);
        require_same(analyser.connections().at(actual.allowed), expected.allowed, what);
        require_same(analyser.connections().at(actual.unknown), expected.unknown,
                     what + " unknown");
        ++out_.pairs;
      }
      for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
        compare_outside(analyser, source, direction);
      }
    }
  }

  void compare_outside(const Analyser& analyser, std::uint32_t own, Direction direction) {
    for (const auto& [addresses, answer] :
         analyser.table(analyser.class_of(own), direction).outside) {
      for (const ExternalPeer& outside : outside_) {
        if (!addresses.contains(outside.addresses())) {
          continue;
        }
        const DirectionAnswer expected =
            judge_direction(policies_, direction, endpoints_[own], outside);
        const std::string what = std::to_string(own) + " and an outside block";
        require_same(analyser.connections().at(answer.allowed), expected.allowed, what);
        require_same(analyser.connections().at(answer.unknown), expected.unknown,
                     what + " unknown");
        ++out_.blocks;
      }
    }
  }

  const topology::Topology& topology_;
  const PolicySet& policies_;
  Agreement& out_;
  std::vector<EndpointPeer> endpoints_;
  std::vector<ExternalPeer> outside_;
};

}  // namespace

void compare(const topology::Topology& topology, const PolicySet& policies, Agreement& agreement) {
  Comparison(topology, policies, agreement).run();
}

}  // namespace tally::network_policy::testing
