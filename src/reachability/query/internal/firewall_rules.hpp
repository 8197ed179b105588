#pragma once
// Firewall rules: connections between many peers in few lines, as network-config-analyzer joins
// them: whole namespaces first, then all addresses and hosts, then pods by labels
// (nca/FWRules/MinimizeFWRules.py, MinimizeCsFwRules.py, FWRule.py, ClusterInfo.py).

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reachability/query/comparison.hpp"

namespace tally::reachability::query {

struct FirewallOptions {
  bool by_deployments = true;
  bool groups_single_pods = false;  // by labels, where one pod has them
  std::set<std::string> labels{};   // keys that pods are grouped by
  PooledId relevant = kAll;         // what goes without saying
};

// A side of a rule: namespaces with all of their pods, some pods of a namespace, or a peer outside.
struct FirewallElement {
  std::vector<std::string> namespaces{};
  std::string pods{};                // "*", "app in (a,b)", "web, db"
  std::string outside{};             // "0.0.0.0/0", "api.example.com"; then no pods
  std::vector<std::string> cidrs{};  // of addresses

  [[nodiscard]] std::string namespaces_text() const;  // "[a,b]"
};

struct FirewallRule {
  FirewallElement source;
  FirewallElement destination;
  PooledId connections = kNone;

  // "src_ns: [a] src_pods: [*] dst: 0.0.0.0/0 conn: All connections"
  [[nodiscard]] std::string to_text(TrafficPool& pool, PooledId relevant) const;
};

// `connections` of a pair of classes; `side`: the configuration whose peers are the cluster.
using ConnectionsOfClasses = std::function<PooledId(std::size_t source, std::size_t destination)>;
// `excludes_itself`: no connection of a peer to itself counts.
[[nodiscard]] std::vector<FirewallRule> firewall_rules(Comparison& comparison, std::size_t side,
                                                       const FirewallOptions& options,
                                                       bool excludes_itself,
                                                       const ConnectionsOfClasses& connections);

}  // namespace tally::reachability::query
