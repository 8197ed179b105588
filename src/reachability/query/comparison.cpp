#include "reachability/query/comparison.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "network_policy/calico_selector.hpp"

namespace tally::reachability::query {

using network_policy::Action;
using network_policy::Direction;
using network_policy::kAll;
using network_policy::kNone;
using network_policy::Match;
using network_policy::Peer;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::PooledId;
using network_policy::Rule;

namespace {

const ClusterPeer* cluster_peer(const Peer* peer) { return dynamic_cast<const ClusterPeer*>(peer); }

bool is_host_endpoint(const Peer& peer) {
  const ClusterPeer* known = cluster_peer(&peer);
  return known != nullptr && known->is_host_endpoint;
}

std::string_view text_at(const document::Node& node, std::string_view key) {
  const document::Node* found = node.find(key);
  return found == nullptr ? std::string_view{} : found->text();
}

// Host endpoints have no namespace, which terms over pods do not know: their labels are asked
// directly. Selectors of Kubernetes mean none.
bool means_host_endpoint(const Policy& policy, const Rule& rule, std::string_view side,
                         const ClusterPeer& peer) {
  if (!policy.object->ref.group.contains("calico")) {
    return false;
  }
  const document::Node* node = policy.object->root.find("spec");
  node = node == nullptr ? nullptr : node->find(to_text(rule.direction));
  const document::Node* entity = node == nullptr || rule.ordinal >= node->size()
                                     ? nullptr
                                     : node->items()[rule.ordinal].find(side);
  if (entity == nullptr || entity->find("nets") != nullptr ||
      entity->find("serviceAccounts") != nullptr) {
    return false;
  }
  using network_policy::CalicoSelector;
  const CalicoSelector::Labels labels = [&peer](std::string_view key) {
    return peer.endpoint.label(key);
  };
  const auto holds = [&](std::string_view key, CalicoSelector::Constants constants) {
    const auto selector = CalicoSelector::parse(text_at(*entity, key));
    return selector && selector->matches(labels, constants);
  };
  const std::string_view namespaces = text_at(*entity, "namespaceSelector");
  const bool is_namespaced = policy.object->ref.kind == "NetworkPolicy";
  const bool is_there = namespaces.empty()
                            ? !is_namespaced
                            : holds("namespaceSelector", {.all = false, .global = true});
  const bool is_excluded = !text_at(*entity, "notSelector").empty() && holds("notSelector", {});
  return is_there && holds("selector", {}) && !is_excluded;
}

bool is_global(const Policy& policy) { return policy.object->ref.kind == "GlobalNetworkPolicy"; }

bool means(const PolicySet& set, const Policy& policy, const Rule& rule, const Peer& peer) {
  const std::string_view side = rule.direction == Direction::Ingress ? "source" : "destination";
  if (is_host_endpoint(peer) && !rule.is_any_peer) {
    return means_host_endpoint(policy, rule, side, *cluster_peer(&peer));
  }
  return matches_peer(set, rule, peer) != Match::No;
}

std::string range_text(const scalar::AddressSet& block) {
  const std::vector<std::string> ranges = block.ranges();
  return ranges.empty() ? std::string() : ranges.front();
}

}  // namespace

bool selects(const PolicySet& set, const Policy& policy, const Peer& peer) {
  if (!peer.is_pod() || (is_host_endpoint(peer) && !is_global(policy))) {
    return false;
  }
  return peer.selected_by(set.selectors(), policy.subject) == Match::Yes;
}

struct Comparison::Candidate {
  PeerClass peer;
  std::string key;
};

bool Comparison::RuleExtent::has_own() const { return std::ranges::find(own, true) != own.end(); }

bool Comparison::RuleExtent::has_other() const {
  return std::ranges::find(other, true) != other.end();
}

Comparison::Comparison(const Config& first, const Config* second, bool exclude_v6) {
  sides_.push_back({.config = &first, .captured = {}, .rules = {}});
  if (second != nullptr) {
    sides_.push_back({.config = second, .captured = {}, .rules = {}});
  }
  std::map<std::string, PeerClass> by_name;
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    for (const ClusterPeer& peer : sides_[side].config->peers()) {
      PeerClass& entry = by_name[peer.name];
      entry.names = {peer.name};
      entry.workloads = {peer.workload};
      entry.is_host_endpoint = peer.is_host_endpoint;
      entry.peer[side] = &peer;
    }
  }
  std::vector<scalar::AddressSet> sets;
  bool names_v6 = false;
  for (const Side& side : sides_) {
    const auto addresses = side.config->set().addresses();
    sets.insert(sets.end(), addresses.begin(), addresses.end());
    names_v6 = names_v6 || side.config->names_v6();
  }
  std::vector<Candidate> candidates;
  for (auto& [name, peer] : by_name) {
    candidates.push_back({.peer = std::move(peer), .key = {}});
  }
  for (const scalar::AddressSet& block : scalar::partition(sets, names_v6 || !exclude_v6)) {
    const Peer* peer = &blocks_.emplace_back(block);
    candidates.push_back({.peer = {.names = {range_text(block)},
                                   .workloads = {range_text(block)},
                                   .addresses = block,
                                   .is_block = true,
                                   .peer = {peer, peer}},
                          .key = {}});
  }
  find_classes(std::move(candidates));
  for (std::size_t i = 0; i < sides_.size(); ++i) {
    fill(sides_[i], i);
  }
}

// Peers are alike if they are of one sort, in the same configurations, and there captured by the
// same policies, meant by the same rules, and have the same ports behind the names that rules use.
void Comparison::find_classes(std::vector<Candidate> candidates) {
  for (Candidate& candidate : candidates) {
    candidate.key += candidate.peer.is_block ? 'b' : candidate.peer.is_host_endpoint ? 'h' : 'p';
    for (std::size_t number = 0; number < sides_.size(); ++number) {
      const Peer* peer = candidate.peer.peer[number];
      candidate.key += peer == nullptr ? '-' : '+';
      if (peer == nullptr) {
        continue;
      }
      const PolicySet& set = sides_[number].config->set();
      for (const Policy& policy : set.policies()) {
        const bool is_selected = selects(set, policy, *peer);
        candidate.key += is_selected ? '1' : '0';
        for (const Rule& rule : set.rules_of(policy)) {
          candidate.key += is_selected && matches_own(set, rule, *peer) != Match::No ? '1' : '0';
          candidate.key += means(set, policy, rule, *peer) ? '1' : '0';
          for (const network_policy::NamedPort& port : set.named_ports_of(rule)) {
            for (const auto& interval : peer->named_port(port.name, port.protocol).intervals()) {
              candidate.key += std::to_string(interval.first) + ",";
            }
            candidate.key += ';';
          }
        }
      }
    }
  }
  std::map<std::string, std::size_t> classes;
  for (Candidate& candidate : candidates) {
    const auto [at, is_new] = classes.try_emplace(candidate.key, classes_.size());
    if (is_new) {
      classes_.push_back(std::move(candidate.peer));
      continue;
    }
    PeerClass& into = classes_[at->second];
    into.names.push_back(candidate.peer.names.front());
    into.workloads.push_back(candidate.peer.workloads.front());
    into.addresses = into.addresses.unite(candidate.peer.addresses);
  }
}

void Comparison::fill(Side& side, std::size_t number) {
  const PolicySet& set = side.config->set();
  side.captured.assign(set.policies().size(), std::vector<bool>(classes_.size()));
  side.rules.resize(set.rules().size());
  for (std::size_t i = 0; i < set.policies().size(); ++i) {
    const Policy& policy = set.policies()[i];
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      const Peer* peer = classes_[c].peer[number];
      side.captured[i][c] = peer != nullptr && selects(set, policy, *peer);
    }
    for (std::uint32_t r = policy.rules_begin; r < policy.rules_end; ++r) {
      const Rule& rule = set.rules()[r];
      RuleExtent& extent = side.rules[r];
      extent.own.resize(classes_.size());
      extent.other.resize(classes_.size());
      extent.connections.resize(classes_.size());
      for (std::size_t c = 0; c < classes_.size(); ++c) {
        const Peer* peer = classes_[c].peer[number];
        if (peer == nullptr) {
          continue;
        }
        extent.own[c] = side.captured[i][c] && matches_own(set, rule, *peer) != Match::No;
        extent.other[c] = means(set, policy, rule, *peer);
        extent.connections[c] = pool_.intern(connections_to(set, rule, *peer));
      }
    }
  }
}

bool Comparison::captures_any(std::size_t side, std::size_t policy) const {
  const std::vector<bool>& captured = sides_[side].captured[policy];
  return std::ranges::find(captured, true) != captured.end();
}

bool Comparison::is_pair(std::size_t source, std::size_t destination) const {
  return !(classes_[source].is_block && classes_[destination].is_block);
}

// K8sCalicoNetworkLayer: the rules of the policies that select the endpoint, one after the other;
// what none speaks of is allowed if none selects it, host endpoints apart; what they pass is
// allowed by the profile of every pod.
Connections Comparison::direction(const View& view, const Side& side, Direction direction,
                                  std::size_t own, std::size_t other) {
  const PolicySet& set = side.config->set();
  Connections result;
  PooledId rest = kAll;
  PooledId passed = kNone;
  bool is_captured = false;
  const std::size_t destination = direction == Direction::Ingress ? own : other;
  for (std::size_t i = 0; i < set.policies().size(); ++i) {
    const Policy& policy = set.policies()[i];
    if (!view.has(i) || !policy.applies[static_cast<int>(direction)] || !side.captured[i][own]) {
      continue;
    }
    is_captured = true;
    for (std::uint32_t r = policy.rules_begin; r < policy.rules_end; ++r) {
      const Rule& rule = set.rules()[r];
      const RuleExtent& extent = side.rules[r];
      if (rule.direction != direction || !extent.own[own] || !extent.other[other] ||
          view.rules_left_out.contains(r)) {
        continue;
      }
      const PooledId hit = pool_.intersect(rest, extent.connections[destination]);
      rest = pool_.minus(rest, hit);
      PooledId& into = rule.action == Action::Allow  ? result.allowed
                       : rule.action == Action::Deny ? result.denied
                                                     : passed;
      into = pool_.unite(into, hit);
    }
  }
  const bool is_host = classes_[own].is_host_endpoint;
  if (is_captured && !is_host) {
    result.allowed = pool_.unite(result.allowed, passed);
  }
  result.all_allowed = !is_captured && !is_host ? kAll : result.allowed;
  return result;
}

Matrix Comparison::evaluate(const View& view, std::size_t side_number) {
  const Side& side = sides_[side_number];
  Matrix matrix(classes_.size() * classes_.size());
  for (std::size_t s = 0; s < classes_.size(); ++s) {
    for (std::size_t d = 0; d < classes_.size(); ++d) {
      if (!is_pair(s, d) || !classes_[s].is_in(side_number) || !classes_[d].is_in(side_number)) {
        continue;
      }
      const Connections outside{.all_allowed = kAll};
      const Connections ingress =
          classes_[d].is_block ? outside : direction(view, side, Direction::Ingress, d, s);
      const Connections egress =
          classes_[s].is_block ? outside : direction(view, side, Direction::Egress, s, d);
      Connections& both = matrix[at(s, d)];
      both.all_allowed = pool_.intersect(ingress.all_allowed, egress.all_allowed);
      both.allowed = pool_.unite(pool_.intersect(ingress.allowed, egress.all_allowed),
                                 pool_.intersect(egress.allowed, ingress.all_allowed));
      both.denied = pool_.unite(ingress.denied, egress.denied);
    }
  }
  return matrix;
}

}  // namespace tally::reachability::query
