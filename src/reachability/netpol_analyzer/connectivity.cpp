#include "reachability/netpol_analyzer/connectivity.hpp"

#include <algorithm>
#include <utility>

#include "network_policy/peer.hpp"

namespace tally::reachability::netpol_analyzer {
namespace {

using network_policy::Direction;
using network_policy::Peers;
using network_policy::Policy;
using network_policy::PolicySet;
using network_policy::Rule;
using network_policy::Selector;
using network_policy::SelectorId;
using network_policy::Subject;
using network_policy::TermOperator;
using scalar::ConnectionSet;

std::string label_key(std::string_view key, std::string_view value) {
  std::string text(key);
  return text.append("=").append(value);
}

// Two independent sums of the selectors that mean a workload: those of the others are the same only
// if the selectors are.
struct Signature {
  std::uint64_t first = 0x9e3779b97f4a7c15;
  std::uint64_t second = 0xc2b2ae3d27d4eb4f;

  void add(std::uint64_t value) {
    const auto mix = [](std::uint64_t state, std::uint64_t next, std::uint64_t factor) {
      state ^= next + 0x9e3779b97f4a7c15 + (state << 6U) + (state >> 2U);
      return (state ^ (state >> 31U)) * factor;
    };
    first = mix(first, value, 0xbf58476d1ce4e5b9);
    second = mix(second, value * 0x94d049bb133111eb, 0x94d049bb133111eb);
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(first) + ":" + std::to_string(second);
  }
};

template <class T>
std::uint32_t number(std::unordered_map<std::string, std::uint32_t>& numbers, std::string key,
                     std::vector<T>& examples, T example) {
  const auto [at, is_new] =
      numbers.try_emplace(std::move(key), static_cast<std::uint32_t>(numbers.size()));
  if (is_new) {
    examples.push_back(example);
  }
  return at->second;
}

}  // namespace

std::vector<ConnectionId> judge(ConnectionPool& pool, const PolicySet& set, Direction direction,
                                std::span<const std::uint32_t> policies, const Columns& columns) {
  std::vector<ConnectionId> rest(columns.count, columns.everything);
  std::vector<ConnectionId> allowed(columns.count, kNoConnection);
  for (std::size_t begin = 0; begin < policies.size();) {
    const std::uint32_t tier = set.policies()[policies[begin]].tier;
    std::vector<std::pair<std::uint32_t, ConnectionId>> passed;
    bool isolates = false;
    std::size_t end = begin;
    for (; end < policies.size() && set.policies()[policies[end]].tier == tier; ++end) {
      const Policy& policy = set.policies()[policies[end]];
      isolates = isolates || policy.isolates[static_cast<std::size_t>(direction)];
      for (const Rule& rule : set.rules_of(policy)) {
        if (rule.direction != direction) {
          continue;
        }
        for (const std::uint32_t column : columns.meant_by(rule)) {
          const ConnectionId hit = pool.intersect(rest[column], columns.connections(rule, column));
          if (hit == kNoConnection) {
            continue;
          }
          rest[column] = pool.minus(rest[column], hit);
          if (rule.action == network_policy::Action::Allow) {
            allowed[column] = pool.unite(allowed[column], hit);
          } else if (rule.action == network_policy::Action::Pass) {
            passed.emplace_back(column, hit);
          }
        }
      }
    }
    if (isolates && set.tiers()[tier].ends_with_deny) {
      std::ranges::fill(rest, kNoConnection);
    }
    for (const auto& [column, hit] : passed) {
      rest[column] = pool.unite(rest[column], hit);
    }
    begin = end;
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    allowed[i] = pool.unite(allowed[i], pool.intersect(rest[i], kAllConnections));
  }
  return allowed;
}

Connectivity::Connectivity(const Workloads& workloads, const PolicySet& set, ConnectionPool& pool,
                           std::vector<scalar::AddressSet> addresses)
    : workloads_(&workloads), set_(&set), pool_(&pool), addresses_(std::move(addresses)) {
  members_.resize(set.selectors().size());
  meant_.resize(set.rules().size());
  index_labels();
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    find_blocks(direction);
    select(direction);
    classify_own(direction);
    classify_others(direction);
  }
}

void Connectivity::index_labels() {
  endpoints_.reserve(workloads_->list.size());
  for (std::uint32_t i = 0; i < workloads_->list.size(); ++i) {
    const Workload& workload = workloads_->list[i];
    topology::Endpoint endpoint;
    endpoint.labels = workload.labels;
    endpoint.name = workload.name;
    endpoint.name_space = workload.name_space;
    endpoints_.push_back(endpoint);
    by_namespace_[workloads_->name_space_of(workload)].push_back(i);
    for (const document::Member label : workload.labels.members()) {
      by_label_[label_key(label.key, label.value.text())].push_back(i);
    }
  }
}

bool Connectivity::has_address_in(std::uint32_t workload,
                                  network_policy::AddressesId addresses) const {
  return addresses != network_policy::kNoAddresses && workload < addresses_.size() &&
         set_->addresses(addresses).intersects(addresses_[workload]);
}

void Connectivity::find_blocks(Direction direction) {
  std::vector<scalar::AddressSet> named;
  Side& side = sides_[static_cast<std::size_t>(direction)];
  for (const Rule& rule : set_->rules()) {
    if (rule.direction != direction) {
      continue;
    }
    for (const Peers& peers : set_->peers_of(rule)) {
      if (peers.addresses != network_policy::kNoAddresses) {
        named.push_back(set_->addresses(peers.addresses));
      }
    }
    for (const network_policy::NamedPort& port : set_->named_ports_of(rule)) {
      side.port_names.push_back(port.name);
    }
  }
  side.blocks = scalar::partition(named, false);
  std::ranges::sort(side.port_names);
  const auto repeated = std::ranges::unique(side.port_names);
  side.port_names.erase(repeated.begin(), repeated.end());
}

// A list that holds every workload a selector can mean: of one label that it asks for, or of its
// namespace. Null: it may be any.
const std::vector<std::uint32_t>* Connectivity::candidates(SelectorId id) const {
  static const std::vector<std::uint32_t> kNobody;
  const Selector& selector = set_->selectors().at(id);
  if (selector.kind == Selector::Kind::And) {
    const std::vector<std::uint32_t>* fewest = nullptr;
    for (const SelectorId part : selector.parts) {
      const auto* list = candidates(part);
      if (list != nullptr && (fewest == nullptr || list->size() < fewest->size())) {
        fewest = list;
      }
    }
    return fewest;
  }
  if (selector.kind != Selector::Kind::Term || selector.term.op != TermOperator::In ||
      selector.term.values.size() != 1) {
    return nullptr;
  }
  const std::string& value = selector.term.values.front();
  const bool is_name = selector.term.subject == Subject::NamespaceName ||
                       (selector.term.subject == Subject::NamespaceLabel &&
                        selector.term.key == "kubernetes.io/metadata.name");
  if (is_name) {
    const auto at = by_namespace_.find(value);
    return at == by_namespace_.end() ? &kNobody : &at->second;
  }
  if (selector.term.subject == Subject::PodLabel) {
    const auto at = by_label_.find(label_key(selector.term.key, value));
    return at == by_label_.end() ? &kNobody : &at->second;
  }
  return nullptr;
}

const std::vector<std::uint32_t>& Connectivity::members(SelectorId id) {
  auto& known = members_[id];
  if (known) {
    return *known;
  }
  std::vector<std::uint32_t> found;
  const auto test = [&](std::uint32_t i) {
    const topology::Endpoint& endpoint = endpoints_[i];
    if (set_->selectors().matches(id, endpoint, workloads_->namespaces[endpoint.name_space]) ==
        network_policy::Match::Yes) {
      found.push_back(i);
    }
  };
  if (const auto* list = candidates(id); list != nullptr) {
    std::ranges::for_each(*list, test);
  } else {
    for (std::uint32_t i = 0; i < endpoints_.size(); ++i) {
      test(i);
    }
  }
  return known.emplace(std::move(found));
}

void Connectivity::select(Direction direction) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  side.policies.resize(endpoints_.size());
  for (std::uint32_t i = 0; i < set_->policies().size(); ++i) {
    const Policy& policy = set_->policies()[i];
    if (policy.applies[static_cast<std::size_t>(direction)] && !policy.is_staged) {
      for (const std::uint32_t workload : members(policy.subject)) {
        side.policies[workload].push_back(i);
      }
    }
  }
}

std::string Connectivity::port_signature(const Side& side, std::uint32_t workload) const {
  std::string text;
  for (const std::string_view name : side.port_names) {
    if (const auto* port = workloads_->list[workload].named_port(name); port != nullptr) {
      text.append(name).append("=").append(std::to_string(static_cast<int>(port->protocol)));
      text.append("/").append(std::to_string(port->port)).append(";");
    }
  }
  return text;
}

void Connectivity::classify_own(Direction direction) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  std::unordered_map<std::string, std::uint32_t> numbers;
  side.own_class.resize(endpoints_.size());
  for (std::uint32_t i = 0; i < endpoints_.size(); ++i) {
    std::string key;
    for (const std::uint32_t policy : side.policies[i]) {
      key.append(std::to_string(policy)).append(",");
    }
    if (direction == Direction::Ingress && !side.port_names.empty() && !key.empty()) {
      key.append("|").append(port_signature(side, i));
    }
    side.own_class[i] = number(numbers, std::move(key), side.own_of, i);
  }
  side.rows.resize(side.own_of.size());
}

void Connectivity::classify_others(Direction direction) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  std::vector<bool> seen(set_->selectors().size(), false);
  std::vector<Signature> signatures(endpoints_.size());
  for (const Rule& rule : set_->rules()) {
    if (rule.direction != direction) {
      continue;
    }
    for (const Peers& peers : set_->peers_of(rule)) {
      if (!seen[peers.endpoints]) {
        seen[peers.endpoints] = true;
        for (const std::uint32_t workload : members(peers.endpoints)) {
          signatures[workload].add(peers.endpoints);
        }
      }
      for (std::uint32_t i = 0; i < addresses_.size(); ++i) {
        if (has_address_in(i, peers.addresses)) {
          signatures[i].add((std::uint64_t{1} << 32U) | peers.addresses);
        }
      }
    }
  }
  std::unordered_map<std::string, std::uint32_t> numbers;
  side.other_class.resize(endpoints_.size());
  for (std::uint32_t i = 0; i < endpoints_.size(); ++i) {
    std::string key = signatures[i].text();
    if (direction == Direction::Egress && !side.port_names.empty()) {
      key.append("|").append(port_signature(side, i));
    }
    side.other_class[i] = number(numbers, std::move(key), side.other_of, i);
  }
  side.class_count = static_cast<std::uint32_t>(side.other_of.size());
}

// Blocks ascend and are cut at the bounds of every prefix: those inside one stand together.
void Connectivity::append_blocks(std::vector<std::uint32_t>& classes, const Side& side,
                                 const scalar::AddressSet& addresses) const {
  const auto first_of = [](const scalar::AddressSet& block) {
    return block.v4().intervals().front().first;
  };
  for (const auto& interval : addresses.v4().intervals()) {
    auto at = std::ranges::lower_bound(side.blocks, interval.first, {}, first_of);
    for (; at != side.blocks.end() && first_of(*at) <= interval.last; ++at) {
      classes.push_back(side.class_count + static_cast<std::uint32_t>(at - side.blocks.begin()));
    }
  }
}

std::span<const std::uint32_t> Connectivity::classes_meant_by(const Rule& rule) {
  auto& known = meant_[static_cast<std::size_t>(&rule - set_->rules().data())];
  if (known) {
    return *known;
  }
  Side& side = sides_[static_cast<std::size_t>(rule.direction)];
  std::vector<std::uint32_t> classes;
  if (rule.is_any_peer) {
    for (std::uint32_t i = 0; i < side.class_count + side.blocks.size(); ++i) {
      classes.push_back(i);
    }
    return known.emplace(std::move(classes));
  }
  for (const Peers& peers : set_->peers_of(rule)) {
    for (const std::uint32_t workload : members(peers.endpoints)) {
      classes.push_back(side.other_class[workload]);
    }
    for (std::uint32_t i = 0; i < addresses_.size(); ++i) {
      if (has_address_in(i, peers.addresses)) {
        classes.push_back(side.other_class[i]);
      }
    }
    if (peers.addresses != network_policy::kNoAddresses) {
      append_blocks(classes, side, set_->addresses(peers.addresses));
    }
  }
  std::ranges::sort(classes);
  const auto repeated = std::ranges::unique(classes);
  classes.erase(repeated.begin(), repeated.end());
  return known.emplace(std::move(classes));
}

bool Connectivity::means(const Rule& rule, PeerId peer) {
  const Side& side = sides_[static_cast<std::size_t>(rule.direction)];
  const std::uint32_t wanted =
      is_block(peer) ? side.class_count + (peer - kFirstBlock) : side.other_class[peer];
  return std::ranges::binary_search(classes_meant_by(rule), wanted);
}

ConnectionId Connectivity::connections_to(const Rule& rule, PeerId destination) {
  ConnectionSet connections =
      set_->connections(rule.connections).intersect(ConnectionSet::transport());
  if (!is_block(destination)) {
    for (const network_policy::NamedPort& named : set_->named_ports_of(rule)) {
      const auto* port = workloads_->list[destination].named_port(named.name);
      if (port != nullptr && port->protocol == named.protocol) {
        connections.add(port->protocol, scalar::PortSet(port->port, port->port));
      }
    }
  }
  return pool_->intern(connections);
}

const std::vector<ConnectionId>& Connectivity::row(Direction direction, std::uint32_t own) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  std::vector<ConnectionId>& row = side.rows[own];
  if (!row.empty()) {
    return row;
  }
  const std::uint32_t workload = side.own_of[own];
  std::unordered_map<std::uint32_t, ConnectionId> fixed;  // by rule
  const auto connections = [&](const Rule& rule, PeerId other) {
    if (direction == Direction::Egress && rule.ports_begin != rule.ports_end) {
      return connections_to(rule, other);
    }
    const auto place = static_cast<std::uint32_t>(&rule - set_->rules().data());
    const auto [at, is_new] = fixed.try_emplace(place);
    if (is_new) {
      at->second = connections_to(rule, direction == Direction::Ingress ? workload : kFirstBlock);
    }
    return at->second;
  };
  row = row_for(direction, side.policies[workload], connections, kAllConnections);
  if (row.empty()) {
    row.push_back(kAllConnections);
  }
  return row;
}

std::vector<ConnectionId> Connectivity::row_for(
    Direction direction, std::span<const std::uint32_t> policies,
    const std::function<ConnectionId(const Rule&, PeerId other)>& connections,
    ConnectionId everything) {
  const Side& side = sides_[static_cast<std::size_t>(direction)];
  Columns columns;
  columns.count = side.class_count + side.blocks.size();
  columns.everything = everything;
  columns.meant_by = [this](const Rule& rule) { return classes_meant_by(rule); };
  columns.connections = [&](const Rule& rule, std::uint32_t column) {
    return connections(rule, column < side.class_count ? side.other_of[column]
                                                       : kFirstBlock + (column - side.class_count));
  };
  return judge(*pool_, *set_, direction, policies, columns);
}

const ConnectionId* Connectivity::row_of(Direction direction, PeerId own) {
  if (is_block(own)) {
    return nullptr;
  }
  const Side& side = sides_[static_cast<std::size_t>(direction)];
  return side.policies[own].empty() ? nullptr : row(direction, side.own_class[own]).data();
}

std::uint32_t Connectivity::column_of(Direction direction, PeerId other) const noexcept {
  const Side& side = sides_[static_cast<std::size_t>(direction)];
  return is_block(other) ? side.class_count + (other - kFirstBlock) : side.other_class[other];
}

ConnectionId Connectivity::side(Direction direction, PeerId own, PeerId other) {
  const ConnectionId* row = row_of(direction, own);
  return row == nullptr ? kAllConnections : row[column_of(direction, other)];
}

ConnectionId Connectivity::between(PeerId source, PeerId destination) {
  const ConnectionId out = side(Direction::Egress, source, destination);
  if (out == kNoConnection) {
    return out;
  }
  return pool_->intersect(out, side(Direction::Ingress, destination, source));
}

}  // namespace tally::reachability::netpol_analyzer
