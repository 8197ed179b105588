#pragma once
// Pods of a namespace by their labels, for firewall rules (nca/FWRules/ClusterInfo.py and the label
// expressions of FWRule.py).

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reachability/query/cluster.hpp"

namespace tally::reachability::query {

using PodSet = std::set<std::size_t>;  // positions in the list that PodLabels is made of

class PodLabels {
 public:
  // Keys may be several joined by ":". Null: no pod.
  PodLabels(const std::vector<const ClusterPeer*>& pods, const std::set<std::string>& keys);

  struct Group {
    std::string expression;  // "app in (a,b)"
    PodSet pods;
  };
  // Groups that make up `pods`, which are of one namespace, and the pods that none holds.
  [[nodiscard]] std::pair<std::vector<Group>, PodSet> group(std::string_view name_space,
                                                            const PodSet& pods,
                                                            bool with_single) const;

 private:
  using Values = std::map<std::string, PodSet>;  // pods by the value of a key
  [[nodiscard]] const Values& values(std::string_view name_space, const std::string& key) const;
  [[nodiscard]] std::string expression(std::string_view name_space, const std::string& key,
                                       const std::set<std::string>& chosen) const;

  std::set<std::string> keys_;
  std::map<std::pair<std::string, std::string>, Values> values_;  // by namespace and key
};

}  // namespace tally::reachability::query
