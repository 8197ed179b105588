#include "reachability/lint/internal/cover.hpp"

#include <algorithm>

namespace tally::reachability::linting {

using network_policy::kEverything;
using network_policy::kNoAddresses;
using network_policy::kNothing;
using network_policy::Peers;
using network_policy::PolicySet;
using network_policy::Rule;
using network_policy::Selector;
using network_policy::SelectorId;
using network_policy::SelectorPool;
using network_policy::Term;
using network_policy::TermOperator;
using scalar::ConnectionSet;

namespace {

bool implies(const Term& a, const Term& b) {
  if (a.subject != b.subject || a.key != b.key || a.subject == network_policy::Subject::Undecided) {
    return false;
  }
  const auto is_disjoint = [&] {
    return std::ranges::none_of(a.values, [&](const std::string& value) {
      return std::ranges::binary_search(b.values, value);
    });
  };
  switch (b.op) {
    case TermOperator::In:
      return a.op == TermOperator::In && std::ranges::includes(b.values, a.values);
    case TermOperator::NotIn:
      return (a.op == TermOperator::In && is_disjoint()) || a.op == TermOperator::DoesNotExist ||
             (a.op == TermOperator::NotIn && std::ranges::includes(a.values, b.values));
    case TermOperator::Exists:
      return a.op == TermOperator::In || a.op == TermOperator::Exists;
    case TermOperator::DoesNotExist:
      return a.op == TermOperator::DoesNotExist;
    case TermOperator::Contains:
    case TermOperator::StartsWith:
    case TermOperator::EndsWith:
      return a == b;
  }
  return false;
}

// The conjuncts of a selector.
std::span<const SelectorId> parts_of(const SelectorPool& selectors, const SelectorId& id) {
  const Selector& selector = selectors.at(id);
  if (selector.kind == Selector::Kind::Everything) {
    return {};
  }
  return selector.kind == Selector::Kind::And ? std::span<const SelectorId>(selector.parts)
                                              : std::span<const SelectorId>(&id, 1);
}

// One alternative of a rule's peers, to be met by others.
class Cover {
 public:
  Cover(const PolicySet& set, const Rule& rule, std::span<const Rule* const> others)
      : set_(set), rule_(rule), others_(others) {}

  bool run() {
    if (rule_.is_any_peer) {
      return meets([](const Rule&) { return false; });
    }
    const auto peers = set_.peers_of(rule_);
    return !peers.empty() &&
           std::ranges::all_of(peers, [&](const Peers& one) { return meets_peers(one); });
  }
  std::vector<const Rule*> take() {
    std::ranges::sort(used_);
    used_.erase(std::ranges::unique(used_).begin(), used_.end());
    return std::move(used_);
  }

 private:
  bool meets_peers(const Peers& one) {
    const bool is_narrowed =
        one.endpoints_within != kNoAddresses || one.addresses_only != kEverything;
    if (is_narrowed || !one.unknown.empty()) {
      return false;
    }
    if (one.endpoints != kNothing && !meets([&](const Rule& other) {
          return std::ranges::any_of(set_.peers_of(other), [&](const Peers& theirs) {
            return theirs.endpoints_within == kNoAddresses &&
                   linting::implies(set_.selectors(), one.endpoints, theirs.endpoints);
          });
        })) {
      return false;
    }
    if (one.entities != network_policy::Entity::None && !meets([&](const Rule& other) {
          return std::ranges::any_of(set_.peers_of(other), [&](const Peers& theirs) {
            return (one.entities | theirs.entities) == theirs.entities;
          });
        })) {
      return false;
    }
    return one.addresses == kNoAddresses || meets_addresses(one);
  }

  // Block by block, as the others cut them.
  bool meets_addresses(const Peers& one) {
    std::vector<scalar::AddressSet> sets{set_.addresses(one.addresses)};
    for (const Rule* other : others_) {
      for (const Peers& theirs : set_.peers_of(*other)) {
        if (set_.addresses(theirs.addresses).intersects(set_.addresses(one.addresses))) {
          sets.push_back(set_.addresses(theirs.addresses));
        }
      }
    }
    return std::ranges::all_of(scalar::partition(sets, true), [&](const scalar::AddressSet& block) {
      return !set_.addresses(one.addresses).contains(block) || meets([&](const Rule& other) {
        return std::ranges::any_of(set_.peers_of(other), [&](const Peers& theirs) {
          return theirs.addresses != kNoAddresses && theirs.addresses_only == kEverything &&
                 (theirs.addresses_reach_endpoints || !one.addresses_reach_endpoints) &&
                 set_.addresses(theirs.addresses).contains(block);
        });
      });
    });
  }

  // Do the others that speak of these peers have all the connections?
  template <class Speaks>
  bool meets(const Speaks& speaks) {
    ConnectionSet left = set_.connections(rule_.connections);
    std::vector<network_policy::NamedPort> names(set_.named_ports_of(rule_).begin(),
                                                 set_.named_ports_of(rule_).end());
    std::vector<const Rule*> used;
    for (const Rule* other : others_) {
      if (left.is_empty() && names.empty()) {
        break;
      }
      if (!other->is_any_peer && !speaks(*other)) {
        continue;
      }
      const ConnectionSet& theirs = set_.connections(other->connections);
      const std::size_t names_before = names.size();
      std::erase_if(names, [&](const network_policy::NamedPort& name) {
        return theirs.contains(ConnectionSet::of(name.protocol)) ||
               std::ranges::any_of(set_.named_ports_of(*other), [&](const auto& their) {
                 return their.name == name.name && their.protocol == name.protocol;
               });
      });
      if (left.intersects(theirs) || names.size() != names_before) {
        left = left.minus(theirs);
        used.push_back(other);
      }
    }
    used_.insert(used_.end(), used.begin(), used.end());
    return left.is_empty() && names.empty() && !used.empty();
  }

  const PolicySet& set_;
  const Rule& rule_;
  std::span<const Rule* const> others_;
  std::vector<const Rule*> used_;
};

bool is_plain(const PolicySet& set, const Rule& rule) {
  return rule.unknown.empty() && rule.own == kEverything && rule.own_within == kNoAddresses &&
         std::ranges::none_of(set.named_ports_of(rule), &network_policy::NamedPort::is_excluded);
}

}  // namespace

bool implies(const SelectorPool& selectors, SelectorId a, SelectorId b) {
  if (a == b || a == kNothing || b == kEverything) {
    return true;
  }
  const auto given = parts_of(selectors, a);
  return b != kNothing && std::ranges::all_of(parts_of(selectors, b), [&](SelectorId wanted) {
           const Selector& want = selectors.at(wanted);
           return std::ranges::any_of(given, [&](SelectorId part) {
             const Selector& have = selectors.at(part);
             return part == wanted ||
                    (have.kind == Selector::Kind::Term && want.kind == Selector::Kind::Term &&
                     implies(have.term, want.term));
           });
         });
}

std::optional<std::vector<const Rule*>> cover_of(const PolicySet& set, const Rule& rule,
                                                 std::span<const Rule* const> others) {
  if (!is_plain(set, rule)) {
    return std::nullopt;
  }
  const SelectorId subject = set.policies()[rule.policy].subject;
  std::vector<const Rule*> candidates;
  for (const Rule* other : others) {
    if (is_plain(set, *other) &&
        implies(set.selectors(), subject, set.policies()[other->policy].subject)) {
      candidates.push_back(other);
    }
  }
  Cover cover(set, rule, candidates);
  return cover.run() ? std::optional(cover.take()) : std::nullopt;
}

}  // namespace tally::reachability::linting
