#include "reachability/query/traffic.hpp"

#include <algorithm>
#include <limits>

namespace tally::reachability::query {
namespace {

using scalar::ConnectionSet;
using scalar::Protocol;

struct Numbered {
  Protocol protocol;
  std::uint16_t number;
  bool has_ports;
};
constexpr std::array<Numbered, scalar::kProtocolCount> kNumbered{{{Protocol::Tcp, 6, true},
                                                                  {Protocol::Udp, 17, true},
                                                                  {Protocol::Sctp, 132, true},
                                                                  {Protocol::Icmp, 1, false},
                                                                  {Protocol::Icmp6, 58, false}}};
constexpr std::uint16_t kTcp = 6;

NumberSet whole_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::Protocol:
      return {0, 255};
    case Dimension::SourcePort:
    case Dimension::DestinationPort:
      return {scalar::kPortMin, scalar::kPortMax};
    case Dimension::Method:
      return {0, static_cast<std::uint16_t>(kMethods.size() - 1)};
    case Dimension::Icmp:
      return {0, std::numeric_limits<std::uint16_t>::max()};
    case Dimension::Host:
    case Dimension::Path:
      break;
  }
  return {};
}

}  // namespace

TrafficPool::TrafficPool() {
  nodes_.resize(2);  // kNone and kAll have no dimension
  labels_.emplace_back();
  by_numbers_.emplace(NumberSet(), 0);
  by_texts_.emplace(Language::none().key(), 0);
  for (std::size_t i = 0; i < kDimensions; ++i) {
    const auto dimension = static_cast<Dimension>(i);
    whole_[i] = is_of_texts(dimension) ? label(Language::all()) : label(whole_of(dimension));
  }
}

TrafficPool::LabelId TrafficPool::label(const NumberSet& numbers) {
  const auto [at, is_new] = by_numbers_.try_emplace(numbers, static_cast<LabelId>(labels_.size()));
  if (is_new) {
    labels_.push_back({.numbers = numbers, .texts = {}});
  }
  return at->second;
}

TrafficPool::LabelId TrafficPool::label(const Language& texts) {
  const auto [at, is_new] =
      by_texts_.try_emplace(texts.key(), static_cast<LabelId>(labels_.size()));
  if (is_new) {
    labels_.push_back({.numbers = {}, .texts = texts});
  }
  return at->second;
}

TrafficPool::LabelId TrafficPool::combine(Operation operation, LabelId a, LabelId b) {
  if (a == b) {
    return operation == Operation::Minus ? 0 : a;
  }
  if (a == 0 || b == 0) {
    return operation == Operation::Intersect ? 0 : operation == Operation::Unite && a == 0 ? b : a;
  }
  const auto [at, is_new] =
      combined_.try_emplace({static_cast<std::uint32_t>(operation), a, b}, LabelId{0});
  if (!is_new) {
    return at->second;
  }
  LabelId result = 0;
  if (labels_[a].texts) {
    const Language& left = *labels_[a].texts;
    const Language& right = *labels_[b].texts;
    const Language made = operation == Operation::Unite       ? left.unite(right)
                          : operation == Operation::Intersect ? left.intersect(right)
                                                              : left.minus(right);
    result = label(made);
  } else {
    const NumberSet& left = labels_[a].numbers;
    const NumberSet& right = labels_[b].numbers;
    const NumberSet made = operation == Operation::Unite       ? left.unite(right)
                           : operation == Operation::Intersect ? left.intersect(right)
                                                               : left.minus(right);
    result = label(made);
  }
  return at->second = result;
}

PooledId TrafficPool::make_node(Dimension dimension, std::map<PooledId, LabelId> targets) {
  targets.erase(kNone);
  std::erase_if(targets, [](const auto& target) { return target.second == 0; });
  if (targets.empty()) {
    return kNone;
  }
  if (targets.size() == 1 &&
      targets.begin()->second == whole_[static_cast<std::size_t>(dimension)]) {
    return targets.begin()->first;
  }
  Node node{.dimension = dimension, .edges = {}};
  for (const auto& [to, values] : targets) {
    node.edges.push_back({.label = values, .to = to});
  }
  const auto [at, is_new] = by_node_.try_emplace(node, static_cast<PooledId>(nodes_.size()));
  if (is_new) {
    nodes_.push_back(std::move(node));
  }
  return at->second;
}

std::vector<TrafficPool::Edge> TrafficPool::edges_at(Dimension dimension, PooledId id) const {
  if (id > kAll && nodes_[id].dimension == dimension) {
    return nodes_[id].edges;
  }
  return {{.label = whole_[static_cast<std::size_t>(dimension)], .to = id}};
}

PooledId TrafficPool::apply(Operation operation, PooledId a, PooledId b) {
  if (a == b) {
    return operation == Operation::Minus ? kNone : a;
  }
  switch (operation) {
    case Operation::Unite:
      if (a == kAll || b == kAll) {
        return kAll;
      }
      if (a == kNone || b == kNone) {
        return a == kNone ? b : a;
      }
      break;
    case Operation::Intersect:
      if (a == kNone || b == kNone) {
        return kNone;
      }
      if (a == kAll || b == kAll) {
        return a == kAll ? b : a;
      }
      break;
    case Operation::Minus:
      if (a == kNone || b == kAll) {
        return kNone;
      }
      if (b == kNone) {
        return a;
      }
      break;
  }
  const std::array<std::uint32_t, 3> key{static_cast<std::uint32_t>(operation), a, b};
  if (const auto known = results_.find(key); known != results_.end()) {
    return known->second;
  }
  const auto dimension = std::min(a > kAll ? nodes_[a].dimension : Dimension::Icmp,
                                  b > kAll ? nodes_[b].dimension : Dimension::Icmp);
  const std::vector<Edge> left = edges_at(dimension, a);
  const std::vector<Edge> right = edges_at(dimension, b);
  std::map<PooledId, LabelId> targets;
  const auto add = [&](LabelId values, PooledId to) {
    if (values != 0 && to != kNone) {
      LabelId& into = targets[to];
      into = combine(Operation::Unite, into, values);
    }
  };
  std::vector<LabelId> rest_of_right;
  for (const Edge& edge : right) {
    rest_of_right.push_back(edge.label);
  }
  for (const Edge& one : left) {
    LabelId rest = one.label;
    for (std::size_t i = 0; i < right.size(); ++i) {
      const LabelId common = combine(Operation::Intersect, one.label, right[i].label);
      if (common != 0) {
        add(common, apply(operation, one.to, right[i].to));
        rest = combine(Operation::Minus, rest, common);
        rest_of_right[i] = combine(Operation::Minus, rest_of_right[i], common);
      }
    }
    if (operation != Operation::Intersect) {
      add(rest, one.to);
    }
  }
  for (std::size_t i = 0; operation == Operation::Unite && i < right.size(); ++i) {
    add(rest_of_right[i], right[i].to);
  }
  const PooledId result = make_node(dimension, std::move(targets));
  results_.emplace(key, result);
  return result;
}

PooledId TrafficPool::of(Dimension dimension, const NumberSet& values) {
  const NumberSet within = values.intersect(whole_of(dimension));
  return make_node(dimension, {{kAll, label(within)}});
}

PooledId TrafficPool::of(Dimension dimension, const Language& values) {
  return make_node(dimension, {{kAll, label(values)}});
}

PooledId TrafficPool::tcp() { return of(Dimension::Protocol, NumberSet(kTcp, kTcp)); }
PooledId TrafficPool::non_tcp() { return minus(kAll, tcp()); }

PooledId TrafficPool::intern(const ConnectionSet& set) {
  std::map<PooledId, LabelId> targets;
  const auto add = [&](PooledId to, std::uint16_t protocol) {
    LabelId& into = targets[to];
    into = combine(Operation::Unite, into, label(NumberSet(protocol, protocol)));
  };
  for (const Numbered& one : kNumbered) {
    add(of(one.has_ports ? Dimension::DestinationPort : Dimension::Icmp, set.ports(one.protocol)),
        one.number);
  }
  for (std::size_t number = 0; number < set.others().size(); ++number) {
    if (set.others()[number]) {
      add(kAll, static_cast<std::uint16_t>(number));
    }
  }
  return make_node(Dimension::Protocol, std::move(targets));
}

PooledId TrafficPool::intern(const TrafficCube& cube) {
  PooledId all = kAll;
  if (cube.paths) {
    all = intersect(all, of(Dimension::Path, *cube.paths));
  }
  if (cube.hosts) {
    all = intersect(all, of(Dimension::Host, *cube.hosts));
  }
  if (cube.methods) {
    all = intersect(all, of(Dimension::Method, *cube.methods));
  }
  if (cube.destination_ports) {
    all = intersect(all, of(Dimension::DestinationPort, *cube.destination_ports));
  }
  return cube.is_tcp ? intersect(all, tcp()) : all;
}

void TrafficPool::project(PooledId id, const NumberSet& protocols, ConnectionSet& into) const {
  if (id == kNone) {
    return;
  }
  const bool is_node = id > kAll;
  if (is_node && nodes_[id].dimension == Dimension::SourcePort) {
    for (const Edge& edge : nodes_[id].edges) {
      project(edge.to, protocols, into);
    }
    return;
  }
  NumberSet ports = whole_of(Dimension::DestinationPort);
  NumberSet icmp = whole_of(Dimension::Icmp);
  if (is_node && (nodes_[id].dimension == Dimension::DestinationPort ||
                  nodes_[id].dimension == Dimension::Icmp)) {
    NumberSet some;
    for (const Edge& edge : nodes_[id].edges) {
      some = some.unite(labels_[edge.label].numbers);
    }
    (nodes_[id].dimension == Dimension::Icmp ? icmp : ports) = some;
  }
  for (const auto& interval : protocols.intervals()) {
    for (std::uint32_t number = interval.first; number <= interval.last; ++number) {
      const auto named = std::ranges::find(kNumbered, number, &Numbered::number);
      if (named == kNumbered.end()) {
        into = into.unite(ConnectionSet::of_number(static_cast<std::uint8_t>(number)));
      } else {
        into.add(named->protocol, named->has_ports ? ports : icmp);
      }
    }
  }
}

const ConnectionSet& TrafficPool::at(PooledId id) {
  const auto [at, is_new] = projected_.try_emplace(id);
  if (is_new) {
    for (const Edge& edge : edges_at(Dimension::Protocol, id)) {
      project(edge.to, labels_[edge.label].numbers, at->second);
    }
  }
  return at->second;
}

void TrafficPool::list_cubes(PooledId id, Cube& cube, std::vector<Cube>& cubes) const {
  if (id == kNone) {
    return;
  }
  if (id == kAll) {
    cubes.push_back(cube);
    return;
  }
  const Node& node = nodes_[id];
  const auto dimension = static_cast<std::size_t>(node.dimension);
  std::vector<Edge> edges = node.edges;
  std::ranges::sort(edges, [this](const Edge& a, const Edge& b) {
    const Label& left = labels_[a.label];
    const Label& right = labels_[b.label];
    return left.texts && right.texts ? left.texts->text() < right.texts->text()
                                     : left.numbers < right.numbers;
  });
  for (const Edge& edge : edges) {
    const Label& values = labels_[edge.label];
    if (values.texts) {
      cube.texts[dimension] = &*values.texts;
    } else {
      cube.numbers[dimension] = &values.numbers;
    }
    list_cubes(edge.to, cube, cubes);
    cube.texts[dimension] = nullptr;
    cube.numbers[dimension] = nullptr;
  }
}

std::vector<TrafficPool::Cube> TrafficPool::cubes(PooledId id) const {
  std::vector<Cube> cubes;
  Cube cube;
  list_cubes(id, cube, cubes);
  return cubes;
}

}  // namespace tally::reachability::query
