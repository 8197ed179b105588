#pragma once
// Explanation: why a pair may or may not speak. Rule by rule, with the words of netpol-analyzer.

#include <string_view>

#include "reachability/netpol_analyzer/connectivity.hpp"
#include "reachability/netpol_analyzer/explained_set.hpp"
#include "reachability/netpol_analyzer/ingress.hpp"

namespace tally::reachability::netpol_analyzer {

class Explainer {
 public:
  // Names of peers as they are shown.
  struct Names {
    std::string_view source;
    std::string_view destination;
  };

  Explainer(Connectivity& connectivity, ConnectionPool& connections, ReasonPool& reasons)
      : connectivity_(&connectivity), connections_(&connections), reasons_(&reasons) {}

  [[nodiscard]] ExplainedSet between(PeerId source, PeerId destination, const Names& names);
  // In a secondary network: by its policies alone, without a word about a default.
  [[nodiscard]] ExplainedSet between_in_network(PeerId source, PeerId destination,
                                                const Names& names);
  // What the backends open, as far as the policies let the controller come.
  [[nodiscard]] ExplainedSet through_ingress(const IngressTarget& target, PeerId controller,
                                             const Names& names);

 private:
  struct Pair {
    PeerId own;
    PeerId other;
    PeerId destination;
    std::string_view own_name;
    std::string_view other_name;
  };

  [[nodiscard]] ExplainedSet one_side(network_policy::Direction direction, const Pair& pair);
  // What the admin policies of a kind decide, on top of what the layers below them say.
  [[nodiscard]] ExplainedSet under_admin(network_policy::Direction direction, const Pair& pair,
                                         ReasonKind kind, const ExplainedSet& below);
  [[nodiscard]] std::optional<ExplainedSet> policy_layer(network_policy::Direction direction,
                                                         const Pair& pair, ReasonKind kind);
  [[nodiscard]] ExplainedSet policy_rules(network_policy::Direction direction,
                                          const network_policy::Policy& policy, const Pair& pair,
                                          ReasonKind kind);
  [[nodiscard]] Reasons because(ReasonKind kind, std::string text,
                                network_policy::Direction direction);

  Connectivity* connectivity_;
  ConnectionPool* connections_;
  ReasonPool* reasons_;
};

}  // namespace tally::reachability::netpol_analyzer
