#pragma once
// AnalyserBuilder: which rules govern each class, and the table that follows from them.

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "network_policy/analyser.hpp"
#include "network_policy/internal/class_split.hpp"
#include "network_policy/internal/features.hpp"

namespace tally::network_policy {

class AnalyserBuilder {
 public:
  AnalyserBuilder(Analyser& analyser, const topology::Topology& topology,
                  const PolicySet& policies);
  void build();

 private:
  // A rule as it stands for one class: does it apply at all, and to what.
  struct Candidate {
    std::uint32_t rule = 0;
    Match selects = Match::No;
    PooledId connections = kNone;  // without names that the other side resolves
  };
  struct TierPart {
    std::uint32_t tier = 0;
    Match isolates = Match::No;
    std::vector<Candidate> candidates{};
  };
  using Governance = std::vector<TierPart>;  // by ascending tier
  // What the other side of a connection has, by feature.
  class Other;

  void list_members();
  void index_policies();
  [[nodiscard]] Governance governance_of(ClassId id, Direction direction);
  void add_candidate(ClassId id, const Rule& rule, Match selects, TierPart& part);
  [[nodiscard]] std::uint32_t make_table(ClassId id, Direction direction);
  [[nodiscard]] DirectionTable fill_table(const Governance& governance, Direction direction);
  void fill_parts(const Governance& governance, Direction direction, DirectionTable& table);
  void fill_outside(const Governance& governance, DirectionTable& table);
  [[nodiscard]] bool ends_with_deny(const TierPart& part) const;
  // The order of evaluation that rule_form.hpp describes. of(candidate) -> match, connections.
  template <class Of>
  [[nodiscard]] PooledAnswer evaluate(const Governance& governance, const Of& of);

  [[nodiscard]] const Rule& rule_of(const Candidate& candidate) const {
    return policies_.rules()[candidate.rule];
  }
  template <class Of>
  [[nodiscard]] Match match_of_peers(const Rule& rule, const Of& of) const;
  [[nodiscard]] Match outside_match(const Rule& rule, const scalar::AddressSet& block) const;
  // The connections of a rule whose names the destination resolves: of(feature) -> their numbers.
  template <class Of>
  [[nodiscard]] PooledId with_names(PooledId connections, const Rule& rule, const Of& of);

  Analyser& out_;
  const topology::Topology& topology_;
  const PolicySet& policies_;
  Features features_;
  ClassSplit split_;

  std::vector<std::vector<std::uint32_t>> policies_by_subject_;  // by feature
  std::vector<FeatureId> broad_subjects_;                        // that hold for most
  std::vector<PooledId> rule_connections_;                       // by rule
  std::unordered_map<std::string, std::uint32_t> table_of_[2];   // by Direction and governance
};

}  // namespace tally::network_policy
