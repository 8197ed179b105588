#include "network_policy/point.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace tally::network_policy {
namespace {

// The set of outcomes that are possible, given what is not known.
struct Outcomes {
  bool allow = false;
  bool deny = false;
};

bool speaks_of(const PolicySet& set, const Rule& rule, const Connection& connection) {
  const auto names = [&](bool is_excluded) {
    return std::ranges::any_of(set.named_ports_of(rule), [&](const NamedPort& named) {
      return named.is_excluded == is_excluded && named.protocol == connection.protocol &&
             connection.destination->named_port(named.name, named.protocol)
                 .contains(connection.port);
    });
  };
  return !names(true) &&
         (set.connections(rule.connections).contains(connection.protocol, connection.port) ||
          names(false));
}

Match both(Match a, Match b) {
  if (a == Match::No || b == Match::No) {
    return Match::No;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::Yes;
}

// From the tier on; a rule that matches perhaps is followed both ways.
class Walk {
 public:
  Walk(const PolicySet& set, Direction direction, const Connection& connection)
      : set_(set),
        direction_(direction),
        connection_(connection),
        own_(direction == Direction::Ingress ? *connection.destination : *connection.source),
        other_(direction == Direction::Ingress ? *connection.source : *connection.destination) {}

  Outcomes run() {
    if (own_.is_pod()) {
      from_tier(0);
    } else {
      outcomes_.allow = true;
    }
    return outcomes_;
  }

 private:
  void from_tier(std::uint32_t tier) {
    if (tier < seen_.size() && seen_[tier]) {
      return;  // what lies behind a tier does not depend on how it was reached
    }
    seen_.resize(set_.tiers().size() + 1);
    seen_[tier] = true;
    if (tier == set_.tiers().size()) {
      outcomes_.allow = true;
      return;
    }
    std::vector<std::pair<const Rule*, Match>> rules;
    Match isolates = Match::No;
    for (const bool is_first : {true, false}) {
      for (const Policy& policy : set_.policies()) {
        const Match selects = own_.selected_by(set_.selectors(), policy.subject);
        if (policy.tier != tier || policy.is_staged ||
            !policy.applies[static_cast<int>(direction_)] || selects == Match::No) {
          continue;
        }
        if (policy.isolates[static_cast<int>(direction_)]) {
          isolates = isolates == Match::Yes ? isolates : selects;
        }
        for (const Rule& rule : set_.rules_of(policy)) {
          if (rule.direction == direction_ && rule.is_first_in_tier == is_first) {
            rules.emplace_back(&rule, selects);
          }
        }
      }
    }
    for (const auto& [rule, selects] : rules) {
      if (!speaks_of(set_, *rule, connection_)) {
        continue;
      }
      const Match match =
          both(both(selects, matches_own(set_, *rule, own_)), matches_peer(set_, *rule, other_));
      if (match == Match::No) {
        continue;
      }
      if (rule->action == Action::Pass) {
        from_tier(tier + 1);
      } else {
        (rule->action == Action::Allow ? outcomes_.allow : outcomes_.deny) = true;
      }
      if (match == Match::Yes) {
        return;
      }
    }
    const bool denies = isolates != Match::No && set_.tiers()[tier].ends_with_deny;
    if (denies) {
      outcomes_.deny = true;
    }
    if (!denies || isolates == Match::Unknown) {
      from_tier(tier + 1);
    }
  }

  const PolicySet& set_;
  Direction direction_;
  const Connection& connection_;
  const Peer& own_;
  const Peer& other_;
  Outcomes outcomes_;
  std::vector<bool> seen_;  // by tier
};

}  // namespace

std::string_view to_text(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Allowed:
      return "allowed";
    case Verdict::Denied:
      return "denied";
    case Verdict::Unknown:
      return "unknown";
  }
  return "";
}

Verdict judge(const PolicySet& set, const Connection& connection) {
  const Outcomes egress = Walk(set, Direction::Egress, connection).run();
  const Outcomes ingress = Walk(set, Direction::Ingress, connection).run();
  if (!egress.deny && !ingress.deny) {
    return Verdict::Allowed;
  }
  return egress.allow && ingress.allow ? Verdict::Unknown : Verdict::Denied;
}

}  // namespace tally::network_policy
