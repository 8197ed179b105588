#include "network_policy/analyser.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "network_policy/internal/postings.hpp"

namespace tally::network_policy {

PooledAnswer DirectionTable::towards(ClassId other, bool knows_addresses) const noexcept {
  const auto at =
      std::ranges::lower_bound(others, other, {}, &std::pair<ClassId, PooledAnswer>::first);
  return at != others.end() && at->first == other ? at->second
                                                  : usual[static_cast<int>(knows_addresses)];
}

PooledAnswer Analyser::join(const PooledAnswer& egress, const PooledAnswer& ingress) {
  const PooledId allowed = pool_.intersect(egress.allowed, ingress.allowed);
  if (egress.unknown == kNone && ingress.unknown == kNone) {
    return {.allowed = allowed, .unknown = kNone};
  }
  const PooledId perhaps = pool_.intersect(pool_.unite(egress.allowed, egress.unknown),
                                           pool_.unite(ingress.allowed, ingress.unknown));
  return {.allowed = allowed, .unknown = pool_.minus(perhaps, allowed)};
}

// Finds the classes, then makes the tables.
class AnalyserBuilder {
 public:
  AnalyserBuilder(Analyser& analyser, const topology::Topology& topology, const PolicySet& policies)
      : out_(analyser), topology_(topology), policies_(policies) {}

  void build() {
    read_postings();
    read_names();
    find_classes();
    lift_postings();
    index_policies();
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      auto& table_of = out_.table_of_[static_cast<std::size_t>(direction)];
      table_of.reserve(out_.class_count());
      for (ClassId id = 0; id < out_.class_count(); ++id) {
        table_of.push_back(make_table(id, direction));
      }
    }
  }

 private:
  static constexpr std::uint32_t kNoPosting = 0xFFFF'FFFF;

  // A rule as it stands for one class: does it apply at all, and in which tier.
  struct Candidate {
    std::uint32_t rule = 0;
    Match selects = Match::No;
    PooledId connections = kNone;  // without names that the other side resolves
    friend bool operator==(const Candidate&, const Candidate&) = default;
    friend auto operator<=>(const Candidate&, const Candidate&) = default;
  };
  struct TierPart {
    std::uint32_t tier = 0;
    Match isolates = Match::No;
    std::vector<Candidate> candidates;
    friend bool operator==(const TierPart&, const TierPart&) = default;
    friend auto operator<=>(const TierPart&, const TierPart&) = default;
  };
  using Governance = std::vector<TierPart>;

  struct Rest {
    PooledId sure = kNone;
    PooledId perhaps = kNone;
  };

  // --- postings -------------------------------------------------------------------------------

  void want(SelectorId id) {
    if (id >= posting_of_.size()) {
      posting_of_.resize(id + 1, kNoPosting);
    }
    if (posting_of_[id] == kNoPosting) {
      posting_of_[id] = static_cast<std::uint32_t>(wanted_.size());
      wanted_.push_back(id);
    }
  }

  void read_postings() {
    posting_of_.assign(policies_.selectors().size(), kNoPosting);
    std::map<AddressesId, std::uint32_t> addresses;
    for (const Policy& policy : policies_.policies()) {
      want(policy.subject);
    }
    for (const Rule& rule : policies_.rules()) {
      want(rule.own);
      for (const Peers& peers : policies_.peers_of(rule)) {
        want(peers.endpoints);
        want(peers.addresses_only);
        if (peers.addresses != kNoAddresses && peers.addresses_reach_endpoints) {
          addresses.emplace(peers.addresses, 0);
        }
        if (peers.endpoints_within != kNoAddresses) {
          addresses.emplace(peers.endpoints_within, 0);
        }
      }
      if (rule.own_within != kNoAddresses) {
        addresses.emplace(rule.own_within, 0);
      }
    }
    const PostingReader reader(topology_, policies_.selectors());
    postings_.reserve(wanted_.size() + addresses.size());
    for (const SelectorId id : wanted_) {
      postings_.push_back(reader.read(id));
    }
    std::vector<AddressesId> ids;
    for (auto& [id, position] : addresses) {
      position = static_cast<std::uint32_t>(postings_.size() + ids.size());
      address_posting_of_.emplace(id, position);
      ids.push_back(id);
    }
    for (Posting& posting : read_address_postings(topology_, policies_, ids)) {
      postings_.push_back(std::move(posting));
    }
  }

  // --- classes --------------------------------------------------------------------------------

  // Two endpoints are alike if the same postings name them, and they have the same named ports and
  // know their addresses alike.
  void find_classes() {
    const auto endpoints = topology_.endpoints();
    std::vector<std::vector<std::pair<std::uint32_t, Match>>> marks(endpoints.size());
    for (std::uint32_t i = 0; i < postings_.size(); ++i) {
      for (const auto& [endpoint, match] : postings_[i].others) {
        marks[endpoint].emplace_back(i, match);
      }
    }
    std::unordered_map<std::string, ClassId> classes;
    std::string key;
    for (std::uint32_t e = 0; e < endpoints.size(); ++e) {
      key.clear();
      const auto add = [&key](const auto& value) {
        key.append(reinterpret_cast<const char*>(&value), sizeof value);
      };
      const bool knows = !endpoints[e].addresses.empty();
      key += knows ? '1' : '0';
      for (const auto& [posting, match] : marks[e]) {
        add(posting);
        add(match);
      }
      for (const topology::ContainerPort& port : endpoints[e].ports) {
        if (!port.name.empty() && names_.contains(std::string(port.name))) {
          key.append("p").append(port.name).append("\0", 1);
          add(port.port);
          add(port.protocol);
        }
      }
      const auto [at, is_new] = classes.try_emplace(key, static_cast<ClassId>(classes.size()));
      if (is_new) {
        out_.knows_addresses_.push_back(knows);
        marks_of_.push_back(std::move(marks[e]));
      }
      out_.class_of_.push_back(at->second);
    }
    out_.class_begin_.assign(classes.size() + 1, 0);
    for (const ClassId id : out_.class_of_) {
      ++out_.class_begin_[id + 1];
    }
    for (std::size_t i = 1; i < out_.class_begin_.size(); ++i) {
      out_.class_begin_[i] += out_.class_begin_[i - 1];
    }
    out_.members_.resize(endpoints.size());
    std::vector<std::uint32_t> next(out_.class_begin_.begin(), out_.class_begin_.end() - 1);
    for (std::uint32_t e = 0; e < endpoints.size(); ++e) {
      out_.members_[next[out_.class_of_[e]]++] = e;
    }
  }

  // Names that no rule asks for tell nobody apart.
  void read_names() {
    for (const Rule& rule : policies_.rules()) {
      for (const NamedPort& port : policies_.named_ports_of(rule)) {
        names_.emplace(std::string(port.name), std::vector<ClassId>());
      }
    }
  }

  // From endpoints to classes.
  void lift_postings() {
    for (Posting& posting : postings_) {
      std::vector<std::pair<std::uint32_t, Match>> lifted;
      for (const auto& [endpoint, match] : posting.others) {
        lifted.emplace_back(out_.class_of_[endpoint], match);
      }
      std::ranges::sort(lifted);
      const auto repeated = std::ranges::unique(lifted);
      lifted.erase(repeated.begin(), repeated.end());
      lifted.shrink_to_fit();
      posting.others = std::move(lifted);
    }
    for (ClassId id = 0; id < out_.class_count(); ++id) {
      for (const topology::ContainerPort& port : first_of(id).ports) {
        if (const auto at = names_.find(std::string(port.name)); at != names_.end()) {
          if (at->second.empty() || at->second.back() != id) {
            at->second.push_back(id);
          }
        }
      }
    }
  }

  const topology::Endpoint& first_of(ClassId id) const {
    return topology_.endpoints()[out_.members(id).front()];
  }

  Match matches(std::uint32_t posting, ClassId id) const {
    return postings_[posting].of(id, out_.knows_addresses_[id]);
  }

  // --- which policies govern a class ------------------------------------------------------------

  void index_policies() {
    const auto policies = policies_.policies();
    for (std::uint32_t i = 0; i < policies.size(); ++i) {
      const std::uint32_t at = posting_of_[policies[i].subject];
      if (at >= policies_by_subject_.size()) {
        policies_by_subject_.resize(at + 1);
      }
      if (policies_by_subject_[at].empty() &&
          (postings_[at].usual[0] != Match::No || postings_[at].usual[1] != Match::No)) {
        broad_subjects_.push_back(at);
      }
      policies_by_subject_[at].push_back(i);
    }
    rule_connections_.reserve(policies_.rules().size());
    for (const Rule& rule : policies_.rules()) {
      rule_connections_.push_back(out_.pool_.intern(policies_.connections(rule.connections)));
    }
  }

  Governance governance_of(ClassId id, Direction direction) {
    std::vector<std::pair<std::uint32_t, Match>> selecting;
    const auto add = [&](std::uint32_t posting, Match match) {
      if (posting < policies_by_subject_.size() && match != Match::No) {
        for (const std::uint32_t policy : policies_by_subject_[posting]) {
          selecting.emplace_back(policy, match);
        }
      }
    };
    for (const auto& [posting, match] : marks_of_[id]) {
      add(posting, match);
    }
    for (const std::uint32_t posting : broad_subjects_) {
      const bool is_marked = std::ranges::binary_search(marks_of_[id], posting, {},
                                                        &std::pair<std::uint32_t, Match>::first);
      if (!is_marked) {
        add(posting, postings_[posting].usual[static_cast<int>(out_.knows_addresses_[id])]);
      }
    }
    std::ranges::sort(selecting);
    Governance governance;
    for (const bool is_first : {true, false}) {
      for (const auto& [position, selects] : selecting) {
        const Policy& policy = policies_.policies()[position];
        if (policy.is_staged || !policy.applies[static_cast<int>(direction)]) {
          continue;
        }
        TierPart& part = part_of(governance, policy.tier);
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

  // Parts by ascending tier.
  static TierPart& part_of(Governance& governance, std::uint32_t tier) {
    const auto at = std::ranges::lower_bound(governance, tier, {}, &TierPart::tier);
    if (at != governance.end() && at->tier == tier) {
      return *at;
    }
    return *governance.insert(at, TierPart{.tier = tier, .isolates = Match::No, .candidates = {}});
  }

  void add_candidate(ClassId id, const Rule& rule, Match selects, TierPart& part) {
    Match own = matches(posting_of_[rule.own], id);
    if (rule.own_within != kNoAddresses) {
      own = both(own, matches(address_posting_of_.at(rule.own_within), id));
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
      connections = with_names(connections, rule, id);
    }
    part.candidates.push_back({.rule = index,
                               .selects = own == Match::Unknown ? Match::Unknown : selects,
                               .connections = connections});
  }

  // The connections of a rule whose names this class resolves.
  PooledId with_names(PooledId connections, const Rule& rule, ClassId destination) {
    PooledId excluded = kNone;
    for (const NamedPort& port : policies_.named_ports_of(rule)) {
      const scalar::PortSet numbers =
          topology::named_ports(first_of(destination), port.name, port.protocol);
      if (!numbers.is_empty()) {
        PooledId& into = port.is_excluded ? excluded : connections;
        into = out_.pool_.unite(
            into, out_.pool_.intern(scalar::ConnectionSet::of(port.protocol, numbers)));
      }
    }
    return excluded == kNone ? connections : out_.pool_.minus(connections, excluded);
  }

  // --- tables -----------------------------------------------------------------------------------

  std::uint32_t make_table(ClassId id, Direction direction) {
    Governance governance = governance_of(id, direction);
    const auto next = static_cast<std::uint32_t>(out_.tables_.size());
    auto& known = table_by_governance_[static_cast<std::size_t>(direction)];
    const auto [at, is_new] = known.try_emplace(std::move(governance), next);
    if (is_new) {
      out_.tables_.push_back(fill_table(at->first, direction));
    }
    return at->second;
  }

  DirectionTable fill_table(const Governance& governance, Direction direction) {
    DirectionTable table;
    for (const TierPart& part : governance) {
      table.is_isolated = table.is_isolated || (part.isolates != Match::No &&
                                                policies_.tiers()[part.tier].ends_with_deny);
    }
    for (const bool knows : {false, true}) {
      table.usual[static_cast<int>(knows)] = evaluate(governance, [&](const Candidate& candidate) {
        return std::pair(usual_match(rule_of(candidate), knows), candidate.connections);
      });
    }
    for (const ClassId other : classes_that_may_differ(governance, direction)) {
      const PooledAnswer answer = evaluate(governance, [&](const Candidate& candidate) {
        const Rule& rule = rule_of(candidate);
        const PooledId connections = direction == Direction::Egress
                                         ? with_names(candidate.connections, rule, other)
                                         : candidate.connections;
        return std::pair(class_match(rule, other), connections);
      });
      if (answer != table.usual[static_cast<int>(out_.knows_addresses_[other])]) {
        table.others.emplace_back(other, answer);
      }
    }
    fill_outside(governance, table);
    return table;
  }

  const Rule& rule_of(const Candidate& candidate) const {
    return policies_.rules()[candidate.rule];
  }

  static Match either(Match a, Match b) {
    if (a == Match::Yes || b == Match::Yes) {
      return Match::Yes;
    }
    return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::No;
  }

  static Match both(Match a, Match b) {
    if (a == Match::No || b == Match::No) {
      return Match::No;
    }
    return a == Match::Unknown || b == Match::Unknown ? Match::Unknown : Match::Yes;
  }

  template <class Of>
  Match match_of_peers(const Rule& rule, const Of& of) const {
    if (rule.is_any_peer) {
      return Match::Yes;
    }
    Match match = Match::No;
    for (const Peers& peers : policies_.peers_of(rule)) {
      if (peers.endpoints != kNothing) {
        Match selected = of(posting_of_[peers.endpoints]);
        if (peers.endpoints_within != kNoAddresses) {
          selected = both(selected, of(address_posting_of_.at(peers.endpoints_within)));
        }
        match = either(match, selected);
      }
      if (peers.addresses != kNoAddresses && peers.addresses_reach_endpoints) {
        Match met = of(address_posting_of_.at(peers.addresses));
        if (peers.addresses_only != kEverything) {
          met = both(met, of(posting_of_[peers.addresses_only]));
        }
        match = either(match, met);
      }
    }
    return match;
  }

  Match usual_match(const Rule& rule, bool knows) const {
    return match_of_peers(rule, [&](std::uint32_t posting) {
      return postings_[posting].usual[static_cast<int>(knows)];
    });
  }

  Match class_match(const Rule& rule, ClassId other) const {
    return match_of_peers(rule, [&](std::uint32_t posting) { return matches(posting, other); });
  }

  // Classes that a posting of some peer, or a port that some rule names, singles out.
  std::vector<ClassId> classes_that_may_differ(const Governance& governance,
                                               Direction direction) const {
    std::vector<ClassId> classes;
    const auto add = [&](std::uint32_t posting) {
      for (const auto& [other, match] : postings_[posting].others) {
        classes.push_back(other);
      }
      return Match::No;
    };
    for (const TierPart& part : governance) {
      for (const Candidate& candidate : part.candidates) {
        const Rule& rule = rule_of(candidate);
        (void)match_of_peers(rule, add);
        // Where a rule speaks of single classes only, its peers are listed already.
        const bool speaks_of_most =
            usual_match(rule, false) != Match::No || usual_match(rule, true) != Match::No;
        if (direction == Direction::Egress && speaks_of_most) {
          for (const NamedPort& port : policies_.named_ports_of(rule)) {
            const auto at = names_.find(std::string(port.name));
            if (at != names_.end()) {
              classes.insert(classes.end(), at->second.begin(), at->second.end());
            }
          }
        }
      }
    }
    std::ranges::sort(classes);
    const auto repeated = std::ranges::unique(classes);
    classes.erase(repeated.begin(), repeated.end());
    return classes;
  }

  void fill_outside(const Governance& governance, DirectionTable& table) {
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

  Match outside_match(const Rule& rule, const scalar::AddressSet& block) const {
    if (rule.is_any_peer) {
      return Match::Yes;
    }
    Match match = Match::No;
    for (const Peers& peers : policies_.peers_of(rule)) {
      if ((peers.addresses != kNoAddresses &&
           policies_.addresses(peers.addresses).contains(block)) ||
          has(peers.entities, Entity::World)) {
        return Match::Yes;
      }
      if (!peers.unknown.empty()) {
        match = Match::Unknown;
      }
    }
    return match;
  }

  // The order of evaluation that rule_form.hpp describes. of(candidate) -> match, connections.
  template <class Of>
  PooledAnswer evaluate(const Governance& governance, const Of& of) {
    ConnectionPool& pool = out_.pool_;
    Rest rest{.sure = kAll, .perhaps = kNone};
    PooledId may_be_allowed = kNone;
    PooledId may_be_denied = kNone;
    for (const TierPart& part : governance) {
      Rest passed;
      for (const Candidate& candidate : part.candidates) {
        const auto [peer_match, connections] = of(candidate);
        const bool is_sure = peer_match == Match::Yes && candidate.selects == Match::Yes;
        const PooledId both = pool.unite(rest.sure, rest.perhaps);
        const PooledId hit = pool.intersect(both, connections);
        if (peer_match == Match::No || hit == kNone) {
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
      if (part.isolates != Match::No && policies_.tiers()[part.tier].ends_with_deny) {
        const PooledId both = pool.unite(rest.sure, rest.perhaps);
        may_be_denied = pool.unite(may_be_denied, both);
        rest = part.isolates == Match::Yes ? Rest{} : Rest{.sure = kNone, .perhaps = both};
      }
      rest.sure = pool.unite(rest.sure, passed.sure);
      rest.perhaps = pool.unite(rest.perhaps, passed.perhaps);
    }
    may_be_allowed = pool.unite(may_be_allowed, pool.unite(rest.sure, rest.perhaps));
    return {.allowed = pool.minus(may_be_allowed, may_be_denied),
            .unknown = pool.intersect(may_be_allowed, may_be_denied)};
  }

  Analyser& out_;
  const topology::Topology& topology_;
  const PolicySet& policies_;

  std::vector<std::uint32_t> posting_of_;  // by SelectorId
  std::vector<SelectorId> wanted_;
  std::map<AddressesId, std::uint32_t> address_posting_of_;
  std::vector<Posting> postings_;  // of selectors, then of addresses
  std::vector<std::vector<std::pair<std::uint32_t, Match>>> marks_of_;  // by class
  std::unordered_map<std::string, std::vector<ClassId>> names_;         // of ports that rules name
  std::vector<std::vector<std::uint32_t>> policies_by_subject_;         // by posting
  std::vector<std::uint32_t> broad_subjects_;  // postings that hold for most
  std::vector<PooledId> rule_connections_;     // by rule
  std::map<Governance, std::uint32_t> table_by_governance_[2];
};

Analyser::Analyser(const topology::Topology& topology, const PolicySet& policies) {
  AnalyserBuilder(*this, topology, policies).build();
}

}  // namespace tally::network_policy
