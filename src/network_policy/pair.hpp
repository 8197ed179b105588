#pragma once
// What may pass from one peer to another, as sets of connections, and which rules decided.

#include <cstdint>
#include <optional>
#include <vector>

#include "network_policy/peer.hpp"

namespace tally::network_policy {

// A part of the connections that one thing decided.
struct Hit {
  enum class By : std::uint8_t {
    Rule,       // `index`: of PolicySet::rules()
    Isolation,  // `index`: of PolicySet::tiers(): no rule matched, and a policy isolates
    Default,    // nothing spoke of it: allowed
  };
  By by = By::Default;
  std::uint32_t index = 0;
  Action action = Action::Allow;
  bool is_sure = true;  // false: the rule matches perhaps
  scalar::ConnectionSet connections;
};

// One side. allowed, denied and unknown are disjoint and make everything.
struct DirectionAnswer {
  scalar::ConnectionSet allowed;
  scalar::ConnectionSet denied;
  scalar::ConnectionSet unknown;
  std::vector<Hit> hits;                   // in the order of evaluation
  std::vector<std::uint32_t> selected_by;  // policies of this direction, in order
};

struct PairAnswer {
  scalar::ConnectionSet allowed;
  scalar::ConnectionSet unknown;
  DirectionAnswer egress;
  DirectionAnswer ingress;
};

// What is not asked, as if it were not there: for saying what it changes.
struct LeftOut {
  std::optional<std::uint32_t> policy{};  // position in PolicySet::policies()
  std::optional<std::uint32_t> rule{};    // position in PolicySet::rules()
};

// `own` is the side whose policies are asked: the source for Egress. A peer that is no pod has
// none.
[[nodiscard]] DirectionAnswer judge_direction(const PolicySet& set, Direction direction,
                                              const Peer& own, const Peer& other,
                                              const LeftOut& left_out = {});

// A pod reaches itself always.
[[nodiscard]] PairAnswer connections_between(const PolicySet& set, const Peer& source,
                                             const Peer& destination);

}  // namespace tally::network_policy
