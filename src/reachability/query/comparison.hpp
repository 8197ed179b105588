#pragma once
// Comparison: the connections of one or two configurations, by classes of peers that none of their
// rules tells apart (nca/NetworkConfig/NetworkConfig.py and NetworkLayer.py say which connections).
//
// Threads: one at a time.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "reachability/query/config.hpp"
#include "reachability/query/traffic.hpp"

namespace tally::reachability::query {

struct PeerClass {
  std::vector<std::string> names;  // of pods and host endpoints; of a block one: its range
  std::vector<std::string> workloads;
  scalar::AddressSet addresses{};  // of blocks, together
  bool is_block = false;
  bool is_host_endpoint = false;
  bool is_dns_entry = false;
  // By configuration, as `names`, without those that are not there; of blocks none.
  std::array<std::vector<const ClusterPeer*>, 2> members{};
  // In the first and the second configuration; null: not there. Never null for a block.
  std::array<const network_policy::Peer*, 2> peer{};

  [[nodiscard]] bool is_in(std::size_t side) const { return peer[side] != nullptr; }
};

// What a direction of a layer says of two peers.
struct Connections {
  PooledId all_allowed = kNone;  // by rules or because none spoke
  PooledId allowed = kNone;      // by rules
  PooledId denied = kNone;       // by rules
  friend bool operator==(const Connections&, const Connections&) = default;
};

// By class of the source, then of the destination.
using Matrix = std::vector<Connections>;

// Whether a policy is about a peer: none of Kubernetes is about a host endpoint.
[[nodiscard]] bool selects(const network_policy::PolicySet& set,
                           const network_policy::Policy& policy, const network_policy::Peer& peer);

class Comparison {
 public:
  Comparison(const Config& first, const Config* second, bool exclude_v6);
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  [[nodiscard]] const std::vector<PeerClass>& classes() const noexcept { return classes_; }
  [[nodiscard]] TrafficPool& pool() noexcept { return pool_; }
  [[nodiscard]] std::size_t at(std::size_t source, std::size_t destination) const noexcept {
    return source * classes_.size() + destination;
  }
  // Whether there are connections to speak of: not from address to address, nor from a DNS entry,
  // nor from an address to one.
  [[nodiscard]] bool is_pair(std::size_t source, std::size_t destination) const;

  // `side`: which of the two configurations the view is of. All layers together, of which those
  // without policies do not count; or one layer alone.
  [[nodiscard]] Matrix evaluate(const View& view, std::size_t side);
  [[nodiscard]] Matrix evaluate(const View& view, std::size_t side, Layer layer);

  [[nodiscard]] bool captures(std::size_t side, std::size_t policy, std::size_t peer_class) const {
    return sides_[side].captured[policy][peer_class];
  }
  [[nodiscard]] bool captures_any(std::size_t side, std::size_t policy) const;
  // Whether two rules of a policy of Config::layer_policies() say the same.
  [[nodiscard]] bool are_same(std::size_t side, std::size_t policy, std::size_t rule,
                              std::size_t other) const;
  // Of a rule: whom it means on the policy's own side, and on the other.
  struct RuleExtent {
    std::vector<bool> own;
    std::vector<bool> other;
    std::vector<PooledId> connections;  // by class of the destination
    [[nodiscard]] bool has_own() const;
    [[nodiscard]] bool has_other() const;
    friend bool operator==(const RuleExtent&, const RuleExtent&) = default;
  };
  [[nodiscard]] const RuleExtent& extent(std::size_t side, std::uint32_t rule) const {
    return sides_[side].rules[rule];
  }

 private:
  struct Candidate;
  struct FlowExtent {
    std::vector<bool> sources;  // by class
    std::vector<bool> destinations;
    PooledId traffic = kNone;
    friend bool operator==(const FlowExtent&, const FlowExtent&) = default;
  };
  struct Side {
    const Config* config = nullptr;
    std::vector<std::vector<bool>> captured;  // by number of policy, class
    std::vector<RuleExtent> rules;            // by position in PolicySet::rules()
    // Of layer_policies(): by policy, rule and flow.
    std::vector<std::vector<std::vector<FlowExtent>>> flows;
  };

  void find_classes(std::vector<Candidate> candidates);
  void fill(Side& side, std::size_t number);
  void fill_layers(Side& side, std::size_t number);
  [[nodiscard]] Connections of_layer(const View& view, const Side& side, Layer layer,
                                     std::size_t source, std::size_t destination);
  [[nodiscard]] Connections layer_direction(const View& view, const Side& side, Layer layer,
                                            bool is_ingress, std::size_t source,
                                            std::size_t destination);
  [[nodiscard]] Matrix evaluate_layers(const View& view, std::size_t side,
                                       const std::vector<Layer>& layers);
  [[nodiscard]] Connections direction(const View& view, const Side& side,
                                      network_policy::Direction direction, std::size_t own,
                                      std::size_t other);

  TrafficPool pool_;
  std::deque<network_policy::ExternalPeer> blocks_;
  std::vector<PeerClass> classes_;
  std::vector<Side> sides_;
};

}  // namespace tally::reachability::query
