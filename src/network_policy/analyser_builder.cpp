#include "network_policy/internal/analyser_builder.hpp"

#include <algorithm>
#include <map>

namespace tally::network_policy {
namespace {

struct Rest {
  PooledId sure = kNone;
  PooledId perhaps = kNone;
};

Match either(Match a, Match b) {
  if (a == Match::Yes || b == Match::Yes) {
    return Match::Yes;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::No;
}

Match both(Match a, Match b) {
  if (a == Match::No || b == Match::No) {
    return Match::No;
  }
  return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::Yes;
}

void sort_unique(std::vector<FeatureId>& features) {
  std::ranges::sort(features);
  const auto repeated = std::ranges::unique(features);
  features.erase(repeated.begin(), repeated.end());
}

void append_number(std::string& key, std::uint32_t number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

AnalyserBuilder::AnalyserBuilder(Analyser& analyser, const topology::Topology& topology,
                                 const PolicySet& policies)
    : out_(analyser),
      topology_(topology),
      policies_(policies),
      features_(topology, policies, analyser.pool_),
      split_(features_, analyser.lists_) {}

void AnalyserBuilder::build() {
  list_members();
  index_policies();
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    auto& table_of = out_.table_of_[static_cast<std::size_t>(direction)];
    table_of.reserve(out_.class_count());
    for (ClassId id = 0; id < out_.class_count(); ++id) {
      table_of.push_back(make_table(id, direction));
    }
  }
}

void AnalyserBuilder::list_members() {
  out_.class_of_ = features_.take_class_of();
  out_.knows_addresses_ = features_.knows_addresses();
  out_.class_begin_.assign(features_.class_count() + 1, 0);
  for (const ClassId id : out_.class_of_) {
    ++out_.class_begin_[id + 1];
  }
  for (std::size_t i = 1; i < out_.class_begin_.size(); ++i) {
    out_.class_begin_[i] += out_.class_begin_[i - 1];
  }
  out_.members_.resize(out_.class_of_.size());
  std::vector<std::uint32_t> next(out_.class_begin_.begin(), out_.class_begin_.end() - 1);
  for (std::uint32_t e = 0; e < out_.class_of_.size(); ++e) {
    out_.members_[next[out_.class_of_[e]]++] = e;
  }
}

// --- which policies govern a class --------------------------------------------------------------

void AnalyserBuilder::index_policies() {
  const auto policies = policies_.policies();
  for (std::uint32_t i = 0; i < policies.size(); ++i) {
    const FeatureId subject = features_.of_selector(policies[i].subject);
    if (subject >= policies_by_subject_.size()) {
      policies_by_subject_.resize(subject + 1);
    }
    const bool is_broad = features_.usual(subject, false) != static_cast<FeatureValue>(Match::No) ||
                          features_.usual(subject, true) != static_cast<FeatureValue>(Match::No);
    if (is_broad && policies_by_subject_[subject].empty()) {
      broad_subjects_.push_back(subject);
    }
    policies_by_subject_[subject].push_back(i);
  }
  rule_connections_.reserve(policies_.rules().size());
  std::vector<PooledId> pooled;  // by ConnectionsId, one more: 0 is none
  for (const Rule& rule : policies_.rules()) {
    if (rule.connections >= pooled.size()) {
      pooled.resize(rule.connections + 1);
    }
    PooledId& known = pooled[rule.connections];
    if (known == kNone) {
      known = out_.pool_.intern(policies_.connections(rule.connections));
    }
    rule_connections_.push_back(known);
  }
}

AnalyserBuilder::Governance AnalyserBuilder::governance_of(ClassId id, Direction direction) {
  std::vector<std::pair<std::uint32_t, Match>> selecting;
  const auto add = [&](FeatureId subject, FeatureValue value) {
    const auto match = static_cast<Match>(value);
    if (match != Match::No) {
      for (const std::uint32_t policy : policies_by_subject_[subject]) {
        selecting.emplace_back(policy, match);
      }
    }
  };
  for (const Mark& mark : features_.marks(id)) {
    if (mark.feature >= policies_by_subject_.size()) {
      break;  // ascending: what follows is no subject
    }
    add(mark.feature, mark.value);
  }
  for (const FeatureId subject : broad_subjects_) {
    if (!std::ranges::binary_search(features_.marks(id), subject, {}, &Mark::feature)) {
      add(subject, features_.usual(subject, features_.knows_addresses(id)));
    }
  }
  std::ranges::sort(selecting);
  Governance governance;
  const auto part_of = [&governance](std::uint32_t tier) -> TierPart& {
    const auto at = std::ranges::lower_bound(governance, tier, {}, &TierPart::tier);
    return at != governance.end() && at->tier == tier ? *at
                                                      : *governance.insert(at, {.tier = tier});
  };
  for (const bool is_first : {true, false}) {
    for (const auto& [position, selects] : selecting) {
      const Policy& policy = policies_.policies()[position];
      if (policy.is_staged || !policy.applies[static_cast<int>(direction)]) {
        continue;
      }
      TierPart& part = part_of(policy.tier);
      if (policy.isolates[static_cast<int>(direction)] && part.isolates != Match::Yes) {
        part.isolates = selects;
      }
      for (const Rule& rule : policies_.rules_of(policy)) {
        if (rule.direction == direction && rule.is_first_in_tier == is_first) {
          add_candidate(id, rule, selects, part);
        }
      }
    }
  }
  return governance;
}

void AnalyserBuilder::add_candidate(ClassId id, const Rule& rule, Match selects, TierPart& part) {
  const auto value = [&](FeatureId feature) { return features_.value(id, feature); };
  const auto match = [&](FeatureId feature) { return static_cast<Match>(value(feature)); };
  Match own = rule.own == kEverything ? Match::Yes : match(features_.of_selector(rule.own));
  if (rule.own_within != kNoAddresses) {
    own = both(own, match(features_.of_addresses(rule.own_within)));
  }
  if (!rule.unknown.empty()) {
    own = both(own, Match::Unknown);
  }
  if (own == Match::No) {
    return;
  }
  const auto index = static_cast<std::uint32_t>(&rule - policies_.rules().data());
  PooledId connections = rule_connections_[index];
  if (rule.direction == Direction::Ingress) {
    connections = with_names(connections, rule, value);
  }
  part.candidates.push_back({.rule = index,
                             .selects = own == Match::Unknown ? Match::Unknown : selects,
                             .connections = connections});
}

template <class Of>
PooledId AnalyserBuilder::with_names(PooledId connections, const Rule& rule, const Of& of) {
  PooledId excluded = kNone;
  for (const NamedPort& port : policies_.named_ports_of(rule)) {
    const PooledId numbers = of(features_.of_name(port.name, port.protocol));
    PooledId& into = port.is_excluded ? excluded : connections;
    into = out_.pool_.unite(into, numbers);
  }
  return out_.pool_.minus(connections, excluded);
}

// --- tables
// ---------------------------------------------------------------------------------------

std::uint32_t AnalyserBuilder::make_table(ClassId id, Direction direction) {
  const Governance governance = governance_of(id, direction);
  std::string key;
  for (const TierPart& part : governance) {
    append_number(key, part.tier);
    append_number(key, static_cast<std::uint32_t>(part.isolates));
    append_number(key, static_cast<std::uint32_t>(part.candidates.size()));
    for (const Candidate& candidate : part.candidates) {
      append_number(key, candidate.rule);
      append_number(key, static_cast<std::uint32_t>(candidate.selects));
      append_number(key, candidate.connections);
    }
  }
  const auto next = static_cast<std::uint32_t>(out_.tables_.size());
  const auto [at, is_new] =
      table_of_[static_cast<std::size_t>(direction)].try_emplace(std::move(key), next);
  if (is_new) {
    out_.tables_.push_back(fill_table(governance, direction));
  }
  return at->second;
}

bool AnalyserBuilder::ends_with_deny(const TierPart& part) const {
  return part.isolates != Match::No && policies_.tiers()[part.tier].ends_with_deny;
}

DirectionTable AnalyserBuilder::fill_table(const Governance& governance, Direction direction) {
  DirectionTable table;
  table.is_isolated = std::ranges::any_of(
      governance, [this](const TierPart& part) { return ends_with_deny(part); });
  fill_parts(governance, direction, table);
  fill_outside(governance, table);
  return table;
}

// Does a rule speak of the other side? of(feature) -> its value there.
template <class Of>
Match AnalyserBuilder::match_of_peers(const Rule& rule, const Of& of) const {
  if (rule.is_any_peer) {
    return Match::Yes;
  }
  const auto match_of = [&of](FeatureId feature) { return static_cast<Match>(of(feature)); };
  Match match = Match::No;
  for (const Peers& peers : policies_.peers_of(rule)) {
    if (peers.endpoints != kNothing) {
      Match selected = match_of(features_.of_selector(peers.endpoints));
      if (peers.endpoints_within != kNoAddresses) {
        selected = both(selected, match_of(features_.of_addresses(peers.endpoints_within)));
      }
      match = either(match, selected);
    }
    if (peers.addresses != kNoAddresses && peers.addresses_reach_endpoints) {
      Match met = match_of(features_.of_addresses(peers.addresses));
      if (peers.addresses_only != kEverything) {
        met = both(met, match_of(features_.of_selector(peers.addresses_only)));
      }
      match = either(match, met);
    }
  }
  return match;
}

void AnalyserBuilder::fill_parts(const Governance& governance, Direction direction,
                                 DirectionTable& table) {
  // Towards whoever has the marks, and the usual of all other features.
  const auto judge = [&](std::span<const Mark> marks, bool knows) {
    const auto value = [&](FeatureId feature) {
      const auto at = std::ranges::lower_bound(marks, feature, {}, &Mark::feature);
      return at != marks.end() && at->feature == feature ? at->value
                                                         : features_.usual(feature, knows);
    };
    return evaluate(governance, [&](const Candidate& candidate) {
      const Rule& rule = rule_of(candidate);
      const Match match = match_of_peers(rule, value);
      const bool needs_names = direction == Direction::Egress && match != Match::No;
      return std::pair(match, needs_names ? with_names(candidate.connections, rule, value)
                                          : candidate.connections);
    });
  };
  for (const bool knows : {false, true}) {
    table.usual[static_cast<int>(knows)] = judge({}, knows);
  }
  std::vector<FeatureId> singling;
  std::vector<FeatureId> also;
  for (const TierPart& part : governance) {
    for (const Candidate& candidate : part.candidates) {
      const Rule& rule = rule_of(candidate);
      (void)match_of_peers(rule, [&](FeatureId feature) {
        if (!features_.classes(feature).empty()) {
          singling.push_back(feature);
        }
        return static_cast<FeatureValue>(Match::No);
      });
      if (direction == Direction::Ingress || policies_.named_ports_of(rule).empty()) {
        continue;
      }
      // Where a rule speaks of single classes only, its peers are singled out already.
      const auto usual_match = [&](bool knows) {
        return match_of_peers(rule,
                              [&](FeatureId feature) { return features_.usual(feature, knows); });
      };
      const bool speaks_of_most = usual_match(false) != Match::No || usual_match(true) != Match::No;
      for (const NamedPort& port : policies_.named_ports_of(rule)) {
        (speaks_of_most ? singling : also).push_back(features_.of_name(port.name, port.protocol));
      }
    }
  }
  sort_unique(singling);
  sort_unique(also);
  std::erase_if(also, [&singling](FeatureId feature) {
    return std::ranges::binary_search(singling, feature);
  });
  for (const ClassGroup& group : split_.split(singling, also)) {
    const PooledAnswer answer = judge(group.marks, group.knows_addresses);
    if (answer != table.usual[static_cast<int>(group.knows_addresses)]) {
      table.parts.push_back({.classes = group.classes, .answer = answer});
    }
  }
}

void AnalyserBuilder::fill_outside(const Governance& governance, DirectionTable& table) {
  std::vector<scalar::AddressSet> sets;
  for (const TierPart& part : governance) {
    for (const Candidate& candidate : part.candidates) {
      for (const Peers& peers : policies_.peers_of(rule_of(candidate))) {
        if (peers.addresses != kNoAddresses) {
          sets.push_back(policies_.addresses(peers.addresses));
        }
      }
    }
  }
  std::map<PooledAnswer, scalar::AddressSet> by_answer;
  for (const scalar::AddressSet& block : scalar::partition(sets, true)) {
    const PooledAnswer answer = evaluate(governance, [&](const Candidate& candidate) {
      return std::pair(outside_match(rule_of(candidate), block), candidate.connections);
    });
    scalar::AddressSet& all = by_answer[answer];
    all = all.unite(block);
  }
  for (auto& [answer, addresses] : by_answer) {
    table.outside.emplace_back(std::move(addresses), answer);
  }
}

Match AnalyserBuilder::outside_match(const Rule& rule, const scalar::AddressSet& block) const {
  if (rule.is_any_peer) {
    return Match::Yes;
  }
  Match match = Match::No;
  for (const Peers& peers : policies_.peers_of(rule)) {
    if ((peers.addresses != kNoAddresses && policies_.addresses(peers.addresses).contains(block)) ||
        has(peers.entities, Entity::World)) {
      return Match::Yes;
    }
    if (!peers.unknown.empty()) {
      match = Match::Unknown;
    }
  }
  return match;
}

template <class Of>
PooledAnswer AnalyserBuilder::evaluate(const Governance& governance, const Of& of) {
  ConnectionPool& pool = out_.pool_;
  Rest rest{.sure = kAll, .perhaps = kNone};
  PooledId may_be_allowed = kNone;
  PooledId may_be_denied = kNone;
  for (const TierPart& part : governance) {
    Rest passed;
    for (const Candidate& candidate : part.candidates) {
      const auto [peer_match, connections] = of(candidate);
      if (peer_match == Match::No) {
        continue;
      }
      const bool is_sure = peer_match == Match::Yes && candidate.selects == Match::Yes;
      const PooledId hit = pool.intersect(pool.unite(rest.sure, rest.perhaps), connections);
      if (hit == kNone) {
        continue;
      }
      const PooledId sure_hit = pool.intersect(rest.sure, connections);
      const PooledId perhaps_hit = pool.intersect(rest.perhaps, connections);
      rest.sure = pool.minus(rest.sure, connections);
      rest.perhaps =
          is_sure ? pool.minus(rest.perhaps, connections) : pool.unite(rest.perhaps, sure_hit);
      switch (rule_of(candidate).action) {
        case Action::Allow:
          may_be_allowed = pool.unite(may_be_allowed, hit);
          break;
        case Action::Deny:
          may_be_denied = pool.unite(may_be_denied, hit);
          break;
        case Action::Pass:
          passed.sure = pool.unite(passed.sure, is_sure ? sure_hit : kNone);
          passed.perhaps = pool.unite(passed.perhaps, is_sure ? perhaps_hit : hit);
          break;
      }
    }
    if (ends_with_deny(part)) {
      const PooledId left = pool.unite(rest.sure, rest.perhaps);
      may_be_denied = pool.unite(may_be_denied, left);
      rest = part.isolates == Match::Yes ? Rest{} : Rest{.sure = kNone, .perhaps = left};
    }
    rest.sure = pool.unite(rest.sure, passed.sure);
    rest.perhaps = pool.unite(rest.perhaps, passed.perhaps);
  }
  may_be_allowed = pool.unite(may_be_allowed, pool.unite(rest.sure, rest.perhaps));
  return {.allowed = pool.minus(may_be_allowed, may_be_denied),
          .unknown = pool.intersect(may_be_allowed, may_be_denied)};
}

}  // namespace tally::network_policy
