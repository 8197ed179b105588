#pragma once
// Traffic: what may pass between two peers as network-config-analyzer tells it apart: by protocol,
// ports on both sides, ICMP type and code, and of HTTP method, host and path
// (nca/CoreDS/ConnectivityProperties.py). TrafficPool holds sets of it by number, with their
// algebra remembered; equal sets have equal numbers.
//
// A set is a decision diagram: on each level (a dimension, in the order below) disjoint values lead
// to different sets over the dimensions behind; a level on which all values lead to one set is left
// out. That is the canonical form of nca/CoreDS/CanonicalHyperCubeSet.py.
//
// Threads: one pool belongs to one thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "network_policy/connection_pool.hpp"
#include "reachability/query/language.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability::query {

using network_policy::kAll;
using network_policy::kNone;
using network_policy::PooledId;

enum class Dimension : std::uint8_t {
  Protocol,         // 0 to 255
  SourcePort,       // 1 to 65,535
  DestinationPort,  // 1 to 65,535
  Method,           // position in kMethods
  Host,
  Path,
  Icmp,  // 256 * type + code
};
inline constexpr std::size_t kDimensions = 7;

// Values of every dimension but hosts and paths; ports are the widest.
using NumberSet = scalar::PortSet;

inline constexpr std::array<std::string_view, 9> kMethods{
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

// One cube of what a rule allows; what is not given is not restricted.
struct TrafficCube {
  bool is_tcp = false;
  std::optional<NumberSet> destination_ports{};
  std::optional<NumberSet> methods{};
  std::optional<Language> hosts{};
  std::optional<Language> paths{};
};

class TrafficPool {
 public:
  TrafficPool();

  [[nodiscard]] PooledId intern(const scalar::ConnectionSet& set);
  [[nodiscard]] PooledId intern(const TrafficCube& cube);
  // All that has a value of the set in this dimension. Of ports: of any protocol.
  [[nodiscard]] PooledId of(Dimension dimension, const NumberSet& values);
  [[nodiscard]] PooledId of(Dimension dimension, const Language& values);
  // TCP; all other protocols.
  [[nodiscard]] PooledId tcp();
  [[nodiscard]] PooledId non_tcp();

  [[nodiscard]] PooledId unite(PooledId a, PooledId b) { return apply(Operation::Unite, a, b); }
  [[nodiscard]] PooledId intersect(PooledId a, PooledId b) {
    return apply(Operation::Intersect, a, b);
  }
  [[nodiscard]] PooledId minus(PooledId a, PooledId b) { return apply(Operation::Minus, a, b); }

  // Protocols and destination ports of which something is in the set.
  [[nodiscard]] const scalar::ConnectionSet& at(PooledId id);
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

  // The disjoint cubes of a set: of each dimension the values, or null for all.
  struct Cube {
    std::array<const NumberSet*, kDimensions> numbers{};
    std::array<const Language*, kDimensions> texts{};
  };
  [[nodiscard]] std::vector<Cube> cubes(PooledId id) const;

 private:
  using LabelId = std::uint32_t;  // 0: nothing
  enum class Operation : std::uint8_t { Unite, Intersect, Minus };
  struct Edge {
    LabelId label = 0;
    PooledId to = kNone;
    friend auto operator<=>(const Edge&, const Edge&) = default;
  };
  struct Node {
    Dimension dimension = Dimension::Icmp;
    std::vector<Edge> edges;  // in the order of targets
    friend auto operator<=>(const Node&, const Node&) = default;
  };
  struct Label {
    NumberSet numbers;
    std::optional<Language> texts;
  };

  [[nodiscard]] static bool is_of_texts(Dimension dimension) {
    return dimension == Dimension::Host || dimension == Dimension::Path;
  }
  [[nodiscard]] LabelId label(const NumberSet& numbers);
  [[nodiscard]] LabelId label(const Language& texts);
  [[nodiscard]] LabelId combine(Operation operation, LabelId a, LabelId b);
  [[nodiscard]] PooledId make_node(Dimension dimension, std::map<PooledId, LabelId> targets);
  [[nodiscard]] PooledId apply(Operation operation, PooledId a, PooledId b);
  [[nodiscard]] std::vector<Edge> edges_at(Dimension dimension, PooledId id) const;
  void project(PooledId id, const NumberSet& protocols, scalar::ConnectionSet& into) const;
  void list_cubes(PooledId id, Cube& cube, std::vector<Cube>& cubes) const;

  std::deque<Node> nodes_;  // references stay while others are added
  std::map<Node, PooledId> by_node_;
  std::deque<Label> labels_;  // cubes point into them
  std::map<NumberSet, LabelId> by_numbers_;
  std::unordered_map<std::string, LabelId> by_texts_;
  std::array<LabelId, kDimensions> whole_{};  // the label of all values
  std::map<std::array<std::uint32_t, 3>, LabelId> combined_;
  std::map<std::array<std::uint32_t, 3>, PooledId> results_;
  std::unordered_map<PooledId, scalar::ConnectionSet> projected_;  // references stay
};

// "All connections", "{protocols:TCP,dst_ports:80,hosts:example.com}", "All but {protocols:TCP}".
// What `relevant` is of protocols is not named: in a map of TCP alone, TCP goes without saying.
[[nodiscard]] std::string to_nca_text(TrafficPool& pool, PooledId id, PooledId relevant = kAll);
// "All connections", "No connections", "{'protocols': 'TCP', 'dst_ports': '80'}"
[[nodiscard]] std::string to_nca_map(TrafficPool& pool, PooledId id);
// "[protocols=TCP,dst_ports=80]": a first example of a difference.
[[nodiscard]] std::string to_nca_example(TrafficPool& pool, PooledId id);

}  // namespace tally::reachability::query
