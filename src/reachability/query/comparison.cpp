#include "reachability/query/comparison.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "network_policy/calico_selector.hpp"
#include "reachability/query/internal/source_ports.hpp"

namespace tally::reachability::query {

using network_policy::Action;
using network_policy::Direction;
using network_policy::Match;
using network_policy::Peer;
using network_policy::Policy;
using network_policy::PolicySet;
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

// Whether the peer, of this configuration, is among the set.
bool has(const Config& config, const PeerSet& set, const Peer& peer) {
  const ClusterPeer* known = cluster_peer(&peer);
  if (known == nullptr) {
    return set.addresses.contains(peer.addresses());
  }
  return set.has(static_cast<std::size_t>(known - config.peers().data()));
}

// What layers say of a peer: who is alike in all of it is of one class. A policy for pods of the
// same namespace has a flow of each.
void add_layer_key(const Config& config, const Peer& peer, std::string& key) {
  for (const LayerPolicy& policy : config.layer_policies()) {
    key += has(config, policy.selected, peer) ? '1' : '0';
    for (const LayerRule& rule : policy.rules) {
      for (const Flow& flow : rule.flows) {
        key += has(config, flow.sources, peer) ? '1' : '0';
        key += has(config, flow.destinations, peer) ? '1' : '0';
      }
    }
  }
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
  sides_.push_back({.config = &first, .captured = {}, .rules = {}, .flows = {}});
  if (second != nullptr) {
    sides_.push_back({.config = second, .captured = {}, .rules = {}, .flows = {}});
  }
  std::map<std::string, PeerClass> by_name;
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    for (const ClusterPeer& peer : sides_[side].config->peers()) {
      PeerClass& entry = by_name[peer.name];
      entry.names = {peer.name};
      entry.workloads = {peer.workload};
      entry.is_host_endpoint = peer.is_host_endpoint;
      entry.is_dns_entry = peer.is_dns_entry;
      entry.members[side] = {&peer};
      entry.peer[side] = &peer;
    }
  }
  std::vector<scalar::AddressSet> sets;
  bool names_v6 = false;
  for (const Side& side : sides_) {
    const auto addresses = side.config->set().addresses();
    sets.insert(sets.end(), addresses.begin(), addresses.end());
    for (const LayerPolicy& policy : side.config->layer_policies()) {
      for (const LayerRule& rule : policy.rules) {
        for (const Flow& flow : rule.flows) {
          sets.push_back(flow.sources.addresses);
          sets.push_back(flow.destinations.addresses);
        }
      }
    }
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
    candidate.key += candidate.peer.is_block           ? 'b'
                     : candidate.peer.is_host_endpoint ? 'h'
                     : candidate.peer.is_dns_entry     ? 'd'
                                                       : 'p';
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
            const auto named = peer->named_port(port.name, port.protocol);
            for (const auto& interval : named.intervals()) {
              candidate.key += std::to_string(interval.first) + ",";
            }
            candidate.key += ';';
          }
        }
      }
      add_layer_key(*sides_[number].config, *peer, candidate.key);
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
    for (std::size_t side = 0; side < into.members.size(); ++side) {
      const auto& more = candidate.peer.members[side];
      into.members[side].insert(into.members[side].end(), more.begin(), more.end());
    }
    into.workloads.push_back(candidate.peer.workloads.front());
    into.addresses = into.addresses.unite(candidate.peer.addresses);
  }
}

void Comparison::fill(Side& side, std::size_t number) {
  const PolicySet& set = side.config->set();
  side.captured.assign(side.config->policy_count(), std::vector<bool>(classes_.size()));
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
      const auto sources = source_ports(policy, rule);
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
        PooledId& connections = extent.connections[c];
        connections = pool_.intern(connections_to(set, rule, *peer));
        if (sources) {
          connections = pool_.intersect(connections, pool_.of(Dimension::SourcePort, *sources));
        }
      }
    }
  }
  fill_layers(side, number);
}

void Comparison::fill_layers(Side& side, std::size_t number) {
  const std::vector<LayerPolicy>& policies = side.config->layer_policies();
  const auto extent = [&](const PeerSet& set) {
    std::vector<bool> classes(classes_.size());
    for (std::size_t c = 0; c < classes_.size(); ++c) {
      const Peer* peer = classes_[c].peer[number];
      classes[c] = peer != nullptr && has(*side.config, set, *peer);
    }
    return classes;
  };
  const std::size_t first = side.config->policies().size();
  side.flows.resize(policies.size());
  for (std::size_t i = 0; i < policies.size(); ++i) {
    side.captured[first + i] = extent(policies[i].selected);
    for (const LayerRule& rule : policies[i].rules) {
      std::vector<FlowExtent>& flows = side.flows[i].emplace_back();
      for (const Flow& flow : rule.flows) {
        flows.push_back({.sources = extent(flow.sources),
                         .destinations = extent(flow.destinations),
                         .traffic = pool_.intern(flow.traffic)});
      }
    }
  }
}

bool Comparison::captures_any(std::size_t side, std::size_t policy) const {
  const std::vector<bool>& captured = sides_[side].captured[policy];
  return std::ranges::find(captured, true) != captured.end();
}

bool Comparison::are_same(std::size_t side, std::size_t policy, std::size_t rule,
                          std::size_t other) const {
  const auto& flows = sides_[side].flows[policy - sides_[side].config->policies().size()];
  return flows[rule] == flows[other];
}

bool Comparison::is_pair(std::size_t source, std::size_t destination) const {
  const PeerClass& from = classes_[source];
  const PeerClass& to = classes_[destination];
  return !from.is_dns_entry && !(from.is_block && (to.is_block || to.is_dns_entry));
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
  const std::vector<std::size_t> moved =
      view.moved_behind ? view.evaluation_order() : std::vector<std::size_t>();
  const std::vector<std::size_t>& order =
      view.moved_behind ? moved : side.config->evaluation_order();
  for (const std::size_t i : order) {
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

// IstioNetworkLayer, IngressNetworkLayer and the layer of gateways: what no rule speaks of is
// allowed where no closing policy selects the peer; outside of Ingresses, what is not TCP always
// is.
Connections Comparison::layer_direction(const View& view, const Side& side, Layer layer,
                                        bool is_ingress, std::size_t source,
                                        std::size_t destination) {
  const Config& config = *side.config;
  const std::size_t first = config.policies().size();
  const std::size_t own = is_ingress ? destination : source;
  Connections result;
  bool is_closed = false;
  for (std::size_t i = 0; i < config.layer_policies().size(); ++i) {
    const LayerPolicy& policy = config.layer_policies()[i];
    if (policy.layer != layer || !view.has(first + i) ||
        !(is_ingress ? policy.affects_ingress : policy.affects_egress) ||
        !side.captured[first + i][own]) {
      continue;
    }
    is_closed = is_closed || policy.closes;
    PooledId said = kNone;
    for (std::size_t r = 0; r < policy.rules.size(); ++r) {
      if (policy.rules[r].is_ingress != is_ingress ||
          view.layer_rules_left_out.contains({first + i, r})) {
        continue;
      }
      for (const FlowExtent& flow : side.flows[i][r]) {
        if (flow.sources[source] && flow.destinations[destination]) {
          said = pool_.unite(said, flow.traffic);
        }
      }
    }
    if (policy.denies) {
      result.denied = pool_.unite(result.denied, pool_.minus(said, result.allowed));
    } else {
      result.allowed = pool_.unite(result.allowed, pool_.minus(said, result.denied));
    }
  }
  const bool is_of_ingresses = layer == Layer::Ingress;
  result.all_allowed = pool_.unite(result.allowed, is_of_ingresses ? kNone : pool_.non_tcp());
  if (!is_closed) {
    result.all_allowed = pool_.unite(result.all_allowed, pool_.minus(kAll, result.denied));
  }
  if (classes_[destination].is_dns_entry) {
    result.all_allowed = pool_.intersect(result.all_allowed, pool_.tcp());
  }
  return result;
}

Connections Comparison::of_layer(const View& view, const Side& side, Layer layer,
                                 std::size_t source, std::size_t destination) {
  const Connections outside{.all_allowed = kAll};
  const bool is_policy = layer == Layer::K8sCalico;
  const auto one = [&](bool is_ingress) {
    const std::size_t own = is_ingress ? destination : source;
    const std::size_t other = is_ingress ? source : destination;
    if (classes_[own].is_block || (is_policy && classes_[own].is_dns_entry)) {
      return outside;
    }
    return is_policy ? direction(view, side, is_ingress ? Direction::Ingress : Direction::Egress,
                                 own, other)
                     : layer_direction(view, side, layer, is_ingress, source, destination);
  };
  const Connections ingress = one(true);
  const Connections egress = one(false);
  return {.all_allowed = pool_.intersect(ingress.all_allowed, egress.all_allowed),
          .allowed = pool_.unite(pool_.intersect(ingress.allowed, egress.all_allowed),
                                 pool_.intersect(egress.allowed, ingress.all_allowed)),
          .denied = pool_.unite(ingress.denied, egress.denied)};
}

// NetworkConfig.allowed_connections: allowed is what every layer allows, and by a rule what some
// layer's rules allow of it. Of host endpoints network policies alone speak.
Matrix Comparison::evaluate_layers(const View& view, std::size_t side_number,
                                   const std::vector<Layer>& layers) {
  const Side& side = sides_[side_number];
  Matrix matrix(classes_.size() * classes_.size());
  for (std::size_t s = 0; s < classes_.size(); ++s) {
    for (std::size_t d = 0; d < classes_.size(); ++d) {
      if (!is_pair(s, d) || !classes_[s].is_in(side_number) || !classes_[d].is_in(side_number)) {
        continue;
      }
      const bool is_host = classes_[s].is_host_endpoint || classes_[d].is_host_endpoint;
      Connections& all = matrix[at(s, d)];
      all.all_allowed = kAll;
      for (const Layer layer : layers) {
        if (is_host && layer != Layer::K8sCalico) {
          continue;
        }
        const Connections one = of_layer(view, side, layer, s, d);
        all.all_allowed = pool_.intersect(all.all_allowed, one.all_allowed);
        all.allowed = pool_.unite(all.allowed, one.allowed);
        all.denied = pool_.unite(all.denied, one.denied);
      }
      if (is_host && std::ranges::find(layers, Layer::K8sCalico) == layers.end()) {
        all = of_layer(without_policies(view), side, Layer::K8sCalico, s, d);
      }
      all.allowed = pool_.intersect(all.allowed, all.all_allowed);
    }
  }
  return matrix;
}

Matrix Comparison::evaluate(const View& view, std::size_t side) {
  std::vector<Layer> layers;
  for (const Layer layer : {Layer::K8sCalico, Layer::Istio, Layer::Ingress, Layer::IstioGateway}) {
    if (view.has_layer(layer)) {
      layers.push_back(layer);
    }
  }
  if (layers.empty()) {
    layers.push_back(Layer::K8sCalico);
  }
  return evaluate_layers(view, side, layers);
}

Matrix Comparison::evaluate(const View& view, std::size_t side, Layer layer) {
  return evaluate_layers(view, side, {layer});
}

}  // namespace tally::reachability::query
