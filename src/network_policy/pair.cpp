#include "network_policy/pair.hpp"

#include <algorithm>
#include <utility>

namespace tally::network_policy {
namespace {

using scalar::ConnectionSet;

// What is still to be decided: `sure` comes to the next rule in any case, `perhaps` only if rules
// of which we do not know whether they match did not.
struct Rest {
  ConnectionSet sure;
  ConnectionSet perhaps;

  [[nodiscard]] bool is_empty() const { return sure.is_empty() && perhaps.is_empty(); }
  [[nodiscard]] ConnectionSet both() const { return sure.unite(perhaps); }
  void unite(const Rest& other) {
    sure = sure.unite(other.sure);
    perhaps = perhaps.unite(other.perhaps);
  }
};

class Judge {
 public:
  Judge(const PolicySet& set, Direction direction, const Peer& own, const Peer& other,
        const LeftOut& left_out)
      : set_(set), direction_(direction), own_(own), other_(other), left_out_(left_out) {}

  DirectionAnswer run() {
    rest_.sure = ConnectionSet::all();
    if (own_.is_pod()) {
      const auto policies = set_.policies();
      for (std::size_t begin = 0; begin < policies.size() && !rest_.is_empty();) {
        std::size_t end = begin;
        while (end < policies.size() && policies[end].tier == policies[begin].tier) {
          ++end;
        }
        run_tier(policies.subspan(begin, end - begin), static_cast<std::uint32_t>(begin));
        begin = end;
      }
    }
    if (!rest_.is_empty()) {
      decide(Action::Allow, rest_.both(), Hit::By::Default, 0, true);
    }
    answer_.allowed = may_be_allowed_.minus(may_be_denied_);
    answer_.denied = may_be_denied_.minus(may_be_allowed_);
    answer_.unknown = may_be_allowed_.intersect(may_be_denied_);
    return std::move(answer_);
  }

 private:
  struct Candidate {
    const Rule* rule = nullptr;
    Match selects = Match::No;  // the policy this endpoint
  };

  void run_tier(std::span<const Policy> policies, std::uint32_t first) {
    std::vector<Candidate> early;  // rules that go before all others of the tier
    std::vector<Candidate> candidates;
    Match isolates = Match::No;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      const Policy& policy = policies[i];
      if (!policy.applies[static_cast<int>(direction_)] || policy.is_staged ||
          left_out_.policy == first + i) {
        continue;
      }
      const Match selects = own_.selected_by(set_.selectors(), policy.subject);
      if (selects == Match::No) {
        continue;
      }
      answer_.selected_by.push_back(first + static_cast<std::uint32_t>(i));
      if (policy.isolates[static_cast<int>(direction_)] && isolates != Match::Yes) {
        isolates = selects;
      }
      for (const Rule& rule : set_.rules_of(policy)) {
        const auto index = static_cast<std::uint32_t>(&rule - set_.rules().data());
        if (rule.direction == direction_ && left_out_.rule != index) {
          (rule.is_first_in_tier ? early : candidates)
              .push_back({.rule = &rule, .selects = selects});
        }
      }
    }
    candidates.insert(candidates.begin(), early.begin(), early.end());
    Rest passed;
    for (const Candidate& candidate : candidates) {
      run_rule(candidate, passed);
      if (rest_.is_empty()) {
        break;
      }
    }
    const Tier& tier = set_.tiers()[policies.front().tier];
    if (isolates != Match::No && tier.ends_with_deny && !rest_.is_empty()) {
      decide(Action::Deny, rest_.both(), Hit::By::Isolation, policies.front().tier,
             isolates == Match::Yes);
      rest_ = isolates == Match::Yes ? Rest{} : Rest{.sure = {}, .perhaps = rest_.both()};
    }
    rest_.unite(passed);
  }

  void run_rule(const Candidate& candidate, Rest& passed) {
    const Rule& rule = *candidate.rule;
    Match match = candidate.selects;
    for (const Match next : {matches_own(set_, rule, own_), matches_peer(set_, rule, other_)}) {
      if (next == Match::No || match == Match::No) {
        match = Match::No;
      } else if (next == Match::Unknown) {
        match = Match::Unknown;
      }
    }
    if (match == Match::No) {
      return;
    }
    const Peer& destination = direction_ == Direction::Ingress ? own_ : other_;
    const ConnectionSet spoken_of = connections_to(set_, rule, destination);
    const ConnectionSet hit = rest_.both().intersect(spoken_of);
    if (hit.is_empty()) {
      return;
    }
    const bool is_sure = match == Match::Yes;
    const auto index = static_cast<std::uint32_t>(&rule - set_.rules().data());
    const Rest taken{.sure = rest_.sure.intersect(spoken_of),
                     .perhaps = rest_.perhaps.intersect(spoken_of)};
    rest_.sure = rest_.sure.minus(spoken_of);
    if (is_sure) {
      rest_.perhaps = rest_.perhaps.minus(spoken_of);
    } else {
      rest_.perhaps = rest_.perhaps.unite(taken.sure);
    }
    if (rule.action == Action::Pass) {
      answer_.hits.push_back({.by = Hit::By::Rule,
                              .index = index,
                              .action = Action::Pass,
                              .is_sure = is_sure,
                              .connections = hit});
      passed.unite(is_sure ? taken : Rest{.sure = {}, .perhaps = taken.both()});
      return;
    }
    decide(rule.action, hit, Hit::By::Rule, index, is_sure);
  }

  void decide(Action action, const ConnectionSet& connections, Hit::By by, std::uint32_t index,
              bool is_sure) {
    ConnectionSet& outcome = action == Action::Deny ? may_be_denied_ : may_be_allowed_;
    outcome = outcome.unite(connections);
    answer_.hits.push_back({.by = by,
                            .index = index,
                            .action = action,
                            .is_sure = is_sure,
                            .connections = connections});
  }

  const PolicySet& set_;
  Direction direction_;
  const Peer& own_;
  const Peer& other_;
  const LeftOut& left_out_;
  Rest rest_;
  ConnectionSet may_be_allowed_;
  ConnectionSet may_be_denied_;
  DirectionAnswer answer_;
};

bool is_same_pod(const Peer& a, const Peer& b) {
  const auto* left = dynamic_cast<const EndpointPeer*>(&a);
  const auto* right = dynamic_cast<const EndpointPeer*>(&b);
  return left != nullptr && right != nullptr && &left->endpoint() == &right->endpoint() &&
         !left->endpoint().may_be_several;
}

// The kubelet reaches the pods of its node (kubernetes.io/docs/concepts/services-networking/
// network-policies: "traffic to and from the node where a Pod is running is always allowed").
bool is_own_node(const Peer& node, const Peer& pod) {
  const auto* endpoint = dynamic_cast<const EndpointPeer*>(&pod);
  if (node.is_pod() || endpoint == nullptr) {
    return false;
  }
  return node.entity() == Entity::Host ||
         (endpoint->endpoint().node_address.has_value() &&
          node.addresses() == scalar::AddressSet(*endpoint->endpoint().node_address));
}

}  // namespace

DirectionAnswer judge_direction(const PolicySet& set, Direction direction, const Peer& own,
                                const Peer& other, const LeftOut& left_out) {
  return Judge(set, direction, own, other, left_out).run();
}

PairAnswer connections_between(const PolicySet& set, const Peer& source, const Peer& destination) {
  PairAnswer answer;
  if (is_same_pod(source, destination) || is_own_node(source, destination) ||
      is_own_node(destination, source)) {
    answer.allowed = ConnectionSet::all();
    answer.egress.allowed = ConnectionSet::all();
    answer.ingress.allowed = ConnectionSet::all();
    return answer;
  }
  answer.egress = judge_direction(set, Direction::Egress, source, destination);
  answer.ingress = judge_direction(set, Direction::Ingress, destination, source);
  answer.allowed = answer.egress.allowed.intersect(answer.ingress.allowed);
  const ConnectionSet perhaps =
      answer.egress.allowed.unite(answer.egress.unknown)
          .intersect(answer.ingress.allowed.unite(answer.ingress.unknown));
  answer.unknown = perhaps.minus(answer.allowed);
  return answer;
}

}  // namespace tally::network_policy
