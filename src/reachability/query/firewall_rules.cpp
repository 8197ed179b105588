#include "reachability/query/internal/firewall_rules.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "reachability/query/internal/pod_labels.hpp"

namespace tally::reachability::query {
namespace {

using Members = std::vector<bool>;

// A relation between peers, by position: whom each source reaches.
class Relation {
 public:
  explicit Relation(std::size_t count) : rows_(count, Members(count)) {}

  bool has(std::size_t s, std::size_t d) const { return rows_[s][d]; }
  void set(std::size_t s, std::size_t d, bool value = true) { rows_[s][d] = value; }
  std::size_t count() const { return rows_.size(); }
  bool is_empty() const {
    return std::ranges::none_of(
        rows_, [](const Members& row) { return std::ranges::find(row, true) != row.end(); });
  }
  Relation transposed() const {
    Relation other(count());
    for (std::size_t s = 0; s < count(); ++s) {
      for (std::size_t d = 0; d < count(); ++d) {
        other.set(d, s, has(s, d));
      }
    }
    return other;
  }
  template <class Visit>
  void for_each_of(const Members& sources, const Members& destinations, const Visit& visit) {
    for (std::size_t s = 0; s < count(); ++s) {
      for (std::size_t d = 0; sources[s] && d < count(); ++d) {
        if (destinations[d]) {
          visit(s, d);
        }
      }
    }
  }
  bool intersects(const Members& sources, const Members& destinations) {
    bool does = false;
    for_each_of(sources, destinations, [&](auto s, auto d) { does = does || has(s, d); });
    return does;
  }
  bool contains(const Members& sources, const Members& destinations) {
    bool does = true;
    for_each_of(sources, destinations, [&](auto s, auto d) { does = does && has(s, d); });
    return does;
  }
  // Whether there was something to take out.
  bool subtract(const Members& sources, const Members& destinations) {
    const bool did = intersects(sources, destinations);
    for_each_of(sources, destinations, [&](auto s, auto d) { set(s, d, false); });
    return did;
  }
  // Sources that reach the same, with what they reach: the cubes of a canonical set.
  std::vector<std::pair<Members, Members>> cubes() const {
    std::vector<std::pair<Members, Members>> found;
    for (std::size_t s = 0; s < count(); ++s) {
      if (std::ranges::find(rows_[s], true) == rows_[s].end()) {
        continue;
      }
      auto at = std::ranges::find(found, rows_[s], &std::pair<Members, Members>::second);
      if (at == found.end()) {
        at = found.insert(found.end(), {Members(count()), rows_[s]});
      }
      at->first[s] = true;
    }
    return found;
  }

 private:
  std::vector<Members> rows_;
};

using Namespaces = std::set<std::string>;

// The peers that rules are made of, each pod for itself and addresses by class.
struct Peers {
  std::vector<const ClusterPeer*> pods;  // null: addresses, or a DNS entry
  std::vector<std::size_t> classes;
  std::vector<std::string> dns;
  std::vector<scalar::AddressSet> addresses;
  std::map<std::string, Members> namespaces;
  scalar::AddressSet all_addresses;

  std::size_t count() const { return classes.size(); }
  bool is_host(std::size_t i) const { return pods[i] != nullptr && pods[i]->is_host_endpoint; }
  bool is_pod(std::size_t i) const { return pods[i] != nullptr && !is_host(i); }
  bool is_block(std::size_t i) const { return !addresses[i].is_empty(); }
};

Peers list_peers(Comparison& comparison, std::size_t side) {
  Peers peers;
  const std::vector<PeerClass>& classes = comparison.classes();
  const auto add = [&](std::size_t c, const ClusterPeer* pod, std::string dns,
                       scalar::AddressSet addresses) {
    peers.classes.push_back(c);
    peers.pods.push_back(pod);
    peers.dns.push_back(std::move(dns));
    peers.addresses.push_back(std::move(addresses));
  };
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (!classes[c].is_in(side)) {
      continue;
    }
    if (classes[c].is_block) {
      add(c, nullptr, {}, classes[c].addresses);
      peers.all_addresses = peers.all_addresses.unite(classes[c].addresses);
      continue;
    }
    for (const ClusterPeer* peer : classes[c].members[side]) {
      add(c, peer->is_dns_entry ? nullptr : peer, peer->is_dns_entry ? peer->name : "", {});
    }
  }
  for (std::size_t i = 0; i < peers.count(); ++i) {
    if (peers.is_pod(i)) {
      Members& members = peers.namespaces[std::string(peers.pods[i]->name_space->name)];
      members.resize(peers.count());
      members[i] = true;
    }
  }
  return peers;
}

// The rules of one set of connections (MinimizeCsFwRules).
class Minimizer {
 public:
  Minimizer(const Peers& peers, const PodLabels& labels, const FirewallOptions& options,
            const Relation& own, Relation covered, std::vector<FirewallRule>& rules)
      : peers_(peers),
        labels_(labels),
        options_(options),
        own_(own),
        covered_(std::move(covered)),
        rest_(own.count()),
        rules_(rules) {}

  void run(PooledId connections) {
    connections_ = connections;
    add_self();
    group_namespaces();
    for (std::size_t s = 0; s < own_.count(); ++s) {
      for (std::size_t d = 0; d < own_.count(); ++d) {
        if (own_.has(s, d) && (!peers_.is_pod(s) || !peers_.is_pod(d))) {
          rest_.set(s, d);
        }
      }
    }
    group_half(destination_namespaces_, false);
    if (!rest_.is_empty()) {
      group_half(source_namespaces_, true);
    }
    if (!rest_.is_empty()) {
      group_outside(false);
    }
    if (!rest_.is_empty()) {
      group_outside(true);
    }
    add_rest();
    for (const auto& [source, destination] : pairs_) {
      add(source, destination);
    }
  }

 private:
  // A whole set of namespaces, or peers.
  struct Side {
    Namespaces namespaces;
    Members members;
  };

  Members members_of(const Namespaces& names) const {
    Members all(peers_.count());
    for (const std::string& name : names) {
      const Members& some = peers_.namespaces.at(name);
      for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = all[i] || some[i];
      }
    }
    return all;
  }

  void add_self() {
    for (std::size_t i = 0; i < own_.count(); ++i) {
      if (peers_.pods[i] == nullptr) {
        continue;
      }
      for (std::size_t other = 0; other < own_.count(); ++other) {
        if (own_.has(i, other) || own_.has(other, i)) {
          covered_.set(i, i);
          break;
        }
      }
    }
    for (std::size_t s = 0; s < own_.count(); ++s) {
      for (std::size_t d = 0; d < own_.count(); ++d) {
        if (covered_.has(s, d)) {
          if (peers_.is_pod(s)) {
            source_namespaces_.emplace(peers_.pods[s]->name_space->name);
          }
          if (peers_.is_pod(d)) {
            destination_namespaces_.emplace(peers_.pods[d]->name_space->name);
          }
        }
      }
    }
  }

  // Pairs of whole namespaces.
  void group_namespaces() {
    std::map<std::string, Namespaces> by_source;
    std::map<std::string, Namespaces> by_destination;
    Relation own = own_;
    for (const std::string& from : source_namespaces_) {
      for (const std::string& to : destination_namespaces_) {
        const Members& sources = peers_.namespaces.at(from);
        const Members& destinations = peers_.namespaces.at(to);
        if (!covered_.contains(sources, destinations)) {
          own.for_each_of(sources, destinations, [&](auto s, auto d) {
            if (own_.has(s, d)) {
              rest_.set(s, d);
            }
          });
          continue;
        }
        covered_.subtract(sources, destinations);
        if (own.intersects(sources, destinations)) {
          by_source[from].insert(to);
          by_destination[to].insert(from);
        }
      }
    }
    std::map<Namespaces, Namespaces> first;
    std::map<Namespaces, Namespaces> second;
    for (const auto& [from, to] : by_source) {
      first[to].insert(from);
    }
    for (const auto& [to, from] : by_destination) {
      second[from].insert(to);
    }
    if (first.size() <= second.size()) {
      for (const auto& [to, from] : first) {
        add({.namespaces = from, .members = {}}, {.namespaces = to, .members = {}});
      }
    } else {
      for (const auto& [from, to] : second) {
        add({.namespaces = from, .members = {}}, {.namespaces = to, .members = {}});
      }
    }
  }

  void keep_pair(Side one, Side other, bool is_source) {
    if (is_source) {
      pairs_.emplace_back(std::move(one), std::move(other));
    } else {
      pairs_.emplace_back(std::move(other), std::move(one));
    }
  }

  bool subtract(const Members& one, const Members& other, bool is_source) {
    return is_source ? rest_.subtract(one, other) : rest_.subtract(other, one);
  }
  bool is_wanted(const Members& one, const Members& other, bool is_source) {
    return is_source ? rest_.intersects(one, other) : rest_.intersects(other, one);
  }

  // Cubes of what is covered, as (the side that is grouped, the other).
  std::vector<std::pair<Members, Members>> covered_cubes(bool is_source) const {
    std::vector<std::pair<Members, Members>> cubes =
        is_source ? covered_.transposed().cubes() : covered_.cubes();
    for (auto& [first, second] : cubes) {
      std::swap(first, second);
    }
    return cubes;
  }

  // Whole namespaces on one side, any peers on the other.
  void group_half(const Namespaces& names, bool is_source) {
    std::vector<std::pair<Namespaces, Members>> found;
    for (const auto& [grouped, other] : covered_cubes(is_source)) {
      Namespaces whole;
      for (const std::string& name : names) {
        const Members& members = peers_.namespaces.at(name);
        bool is_whole = true;
        for (std::size_t i = 0; i < members.size(); ++i) {
          is_whole = is_whole && (!members[i] || grouped[i]);
        }
        if (is_whole && is_wanted(members, other, is_source)) {
          whole.insert(name);
        }
      }
      if (!whole.empty()) {
        auto at = std::ranges::find(found, whole, &std::pair<Namespaces, Members>::first);
        if (at == found.end()) {
          found.emplace_back(whole, other);
        } else {
          for (std::size_t i = 0; i < other.size(); ++i) {
            at->second[i] = at->second[i] || other[i];
          }
        }
      }
    }
    for (const auto& [whole, other] : found) {
      Members inside = other;
      Members blocks = other;
      for (std::size_t i = 0; i < other.size(); ++i) {
        (peers_.is_block(i) ? inside : blocks)[i] = false;
      }
      for (const Members& part : {inside, blocks}) {
        if (subtract(members_of(whole), part, is_source)) {
          keep_pair({.namespaces = whole, .members = {}}, {.namespaces = {}, .members = part},
                    is_source);
        }
      }
    }
  }

  bool is_all_addresses(const Members& members) const {
    scalar::AddressSet addresses;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i]) {
        addresses = addresses.unite(peers_.addresses[i]);
      }
    }
    using scalar::AddressSet;
    return addresses == AddressSet::all() || addresses == AddressSet::all_v4() ||
           addresses == AddressSet::all_v6();
  }

  // All addresses, and every DNS entry, on one side.
  void group_outside(bool is_source) {
    std::vector<std::pair<Members, Members>> found;
    const auto keep = [&](const Members& outside, const Members& other) {
      if (!is_wanted(outside, other, is_source)) {
        return;
      }
      auto at = std::ranges::find(found, outside, &std::pair<Members, Members>::first);
      if (at == found.end()) {
        found.emplace_back(outside, other);
        return;
      }
      for (std::size_t i = 0; i < other.size(); ++i) {
        at->second[i] = at->second[i] || other[i];
      }
    };
    for (const auto& [grouped, other] : covered_cubes(is_source)) {
      Members blocks = grouped;
      for (std::size_t i = 0; i < grouped.size(); ++i) {
        blocks[i] = blocks[i] && peers_.is_block(i);
      }
      if (is_all_addresses(blocks)) {
        keep(blocks, other);
      }
      for (std::size_t i = 0; i < grouped.size(); ++i) {
        if (grouped[i] && !peers_.dns[i].empty()) {
          Members one(grouped.size());
          one[i] = true;
          keep(one, other);
        }
      }
    }
    for (const auto& [outside, other] : found) {
      static_cast<void>(subtract(outside, other, is_source));
      keep_pair({.namespaces = {}, .members = outside}, {.namespaces = {}, .members = other},
                is_source);
    }
  }

  void add_cubes(const Relation& relation, bool is_transposed) {
    for (const auto& [first, second] :
         is_transposed ? relation.transposed().cubes() : relation.cubes()) {
      const Side one{.namespaces = {}, .members = first};
      const Side other{.namespaces = {}, .members = second};
      add(is_transposed ? other : one, is_transposed ? one : other);
    }
  }

  // What is left: with addresses first, then between pods, whichever way round is shorter.
  void add_rest() {
    for (const bool is_source : {true, false}) {
      Relation some(rest_.count());
      for (std::size_t s = 0; s < rest_.count(); ++s) {
        for (std::size_t d = 0; d < rest_.count(); ++d) {
          if (rest_.has(s, d) && peers_.is_block(is_source ? s : d)) {
            some.set(s, d);
            rest_.set(s, d, false);
          }
        }
      }
      add_cubes(some, is_source);
    }
    add_cubes(rest_, rest_.transposed().cubes().size() < rest_.cubes().size());
  }

  std::string pod_name(std::size_t i) const {
    const ClusterPeer& pod = *peers_.pods[i];
    const std::size_t slash = pod.workload.find('/');
    const std::size_t bracket = pod.workload.find('[');
    if (!options_.by_deployments || slash == std::string::npos || bracket == std::string::npos ||
        pod.workload.ends_with("[Pod]")) {
      return pod.name.substr(pod.name.find('/') + 1);
    }
    return pod.workload.substr(slash + 1, bracket - slash - 1);
  }

  std::vector<FirewallElement> elements(const Side& side) const {
    if (!side.namespaces.empty()) {
      return {{.namespaces = {side.namespaces.begin(), side.namespaces.end()}, .pods = "*"}};
    }
    std::vector<FirewallElement> found;
    std::map<std::string, PodSet> pods;
    scalar::AddressSet addresses;
    for (std::size_t i = 0; i < side.members.size(); ++i) {
      if (!side.members[i]) {
        continue;
      }
      if (peers_.pods[i] != nullptr) {
        pods[peers_.is_host(i) ? "None" : std::string(peers_.pods[i]->name_space->name)].insert(i);
      } else if (!peers_.dns[i].empty()) {
        found.push_back({.outside = peers_.dns[i]});
      } else {
        addresses = addresses.unite(peers_.addresses[i]);
      }
    }
    for (const auto& [name, some] : pods) {
      auto [groups, rest] = labels_.group(name, some, options_.groups_single_pods);
      for (const PodLabels::Group& group : groups) {
        found.push_back({.namespaces = {name}, .pods = group.expression});
      }
      std::set<std::string> names;
      for (const std::size_t pod : rest) {
        names.insert(pod_name(pod));
      }
      std::string text;
      for (const std::string& one : names) {
        text.append(text.empty() ? "" : ", ").append(one);
      }
      if (!names.empty()) {
        found.push_back({.namespaces = {name}, .pods = std::move(text)});
      }
    }
    if (!addresses.is_empty()) {
      found.push_back(of_addresses(addresses));
    }
    return found;
  }

  // IpBlock.get_ip_range_or_cidr_str: each range as a prefix where it is one.
  static FirewallElement of_addresses(const scalar::AddressSet& addresses) {
    FirewallElement element;
    const auto add = [&element](const scalar::AddressSet& one) {
      const std::vector<scalar::Cidr> cidrs = one.cidrs();
      for (const scalar::Cidr& cidr : cidrs) {
        element.cidrs.push_back(cidr.to_string());
      }
      element.outside.append(element.outside.empty() ? "" : ",")
          .append(cidrs.size() == 1 ? cidrs.front().to_string() : one.ranges().front());
    };
    for (const auto& [first, last] : addresses.v4().intervals()) {
      add(scalar::AddressSet::of_v4({first, last}));
    }
    for (const auto& [first, last] : addresses.v6().intervals()) {
      add(scalar::AddressSet::of_v6({first, last}));
    }
    return element;
  }

  void add(const Side& source, const Side& destination) {
    const std::vector<FirewallElement> from = elements(source);
    const std::vector<FirewallElement> to = elements(destination);
    for (const FirewallElement& one : from) {
      for (const FirewallElement& other : to) {
        rules_.push_back({.source = one, .destination = other, .connections = connections_});
      }
    }
  }

  const Peers& peers_;
  const PodLabels& labels_;
  const FirewallOptions& options_;
  const Relation& own_;
  Relation covered_;  // what these or more connections are allowed to
  Relation rest_;     // what no rule says yet
  std::vector<FirewallRule>& rules_;
  PooledId connections_ = kNone;
  Namespaces source_namespaces_;
  Namespaces destination_namespaces_;
  std::vector<std::pair<Side, Side>> pairs_;
};

}  // namespace

std::string FirewallElement::namespaces_text() const {
  std::string text = "[";
  for (const std::string& name : namespaces) {
    text.append(&name == namespaces.data() ? "" : ",").append(name);
  }
  return text + "]";
}

std::string FirewallRule::to_text(TrafficPool& pool, PooledId relevant) const {
  const auto side = [](const FirewallElement& element, std::string_view name) {
    const std::string prefix(name);
    return element.outside.empty() ? prefix + "_ns: " + element.namespaces_text() + " " + prefix +
                                         "_pods: [" + element.pods + "]"
                                   : prefix + ": " + element.outside;
  };
  return side(source, "src") + " " + side(destination, "dst") +
         " conn: " + to_nca_text(pool, connections, relevant);
}

std::vector<FirewallRule> firewall_rules(Comparison& comparison, std::size_t side,
                                         const FirewallOptions& options, bool excludes_itself,
                                         const ConnectionsOfClasses& connections) {
  const Peers peers = list_peers(comparison, side);
  const PodLabels labels(peers.pods, options.labels);
  std::map<PooledId, Relation> relations;
  for (std::size_t s = 0; s < peers.count(); ++s) {
    for (std::size_t d = 0; d < peers.count(); ++d) {
      if ((s == d && excludes_itself) || !comparison.is_pair(peers.classes[s], peers.classes[d])) {
        continue;
      }
      const PooledId allowed = connections(peers.classes[s], peers.classes[d]);
      if (allowed != kNone) {
        relations.try_emplace(allowed, peers.count()).first->second.set(s, d);
      }
    }
  }
  std::vector<FirewallRule> rules;
  for (const auto& [allowed, own] : relations) {
    Relation covered = own;
    for (const auto& [other, more] : relations) {
      if (other == allowed || comparison.pool().minus(allowed, other) != kNone) {
        continue;
      }
      for (std::size_t s = 0; s < peers.count(); ++s) {
        for (std::size_t d = 0; d < peers.count(); ++d) {
          covered.set(s, d, covered.has(s, d) || more.has(s, d));
        }
      }
    }
    Minimizer(peers, labels, options, own, std::move(covered), rules).run(allowed);
  }
  return rules;
}

}  // namespace tally::reachability::query
