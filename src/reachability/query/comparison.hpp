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

#include "network_policy/connection_pool.hpp"
#include "reachability/query/config.hpp"

namespace tally::reachability::query {

struct PeerClass {
  std::vector<std::string> names;  // of pods and host endpoints; of a block one: its range
  std::vector<std::string> workloads;
  scalar::AddressSet addresses{};  // of blocks, together
  bool is_block = false;
  bool is_host_endpoint = false;
  // In the first and the second configuration; null: not there. Never null for a block.
  std::array<const network_policy::Peer*, 2> peer{};

  [[nodiscard]] bool is_in(std::size_t side) const { return peer[side] != nullptr; }
};

// What a direction of a layer says of two peers.
struct Connections {
  network_policy::PooledId all_allowed = network_policy::kNone;  // by rules or because none spoke
  network_policy::PooledId allowed = network_policy::kNone;      // by rules
  network_policy::PooledId denied = network_policy::kNone;       // by rules
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
  [[nodiscard]] network_policy::ConnectionPool& pool() noexcept { return pool_; }
  [[nodiscard]] std::size_t at(std::size_t source, std::size_t destination) const noexcept {
    return source * classes_.size() + destination;
  }
  // Whether there are connections to speak of: not from address to address.
  [[nodiscard]] bool is_pair(std::size_t source, std::size_t destination) const;

  // `side`: which of the two configurations the view is of. By one layer, host endpoints that no
  // policy selects are as closed as in all.
  [[nodiscard]] Matrix evaluate(const View& view, std::size_t side);

  [[nodiscard]] bool captures(std::size_t side, std::size_t policy, std::size_t peer_class) const {
    return sides_[side].captured[policy][peer_class];
  }
  [[nodiscard]] bool captures_any(std::size_t side, std::size_t policy) const;
  // Of a rule: whom it means on the policy's own side, and on the other.
  struct RuleExtent {
    std::vector<bool> own;
    std::vector<bool> other;
    std::vector<network_policy::PooledId> connections;  // by class of the destination
    [[nodiscard]] bool has_own() const;
    [[nodiscard]] bool has_other() const;
    friend bool operator==(const RuleExtent&, const RuleExtent&) = default;
  };
  [[nodiscard]] const RuleExtent& extent(std::size_t side, std::uint32_t rule) const {
    return sides_[side].rules[rule];
  }

 private:
  struct Candidate;
  struct Side {
    const Config* config = nullptr;
    std::vector<std::vector<bool>> captured;  // by policy, class
    std::vector<RuleExtent> rules;            // by position in PolicySet::rules()
  };

  void find_classes(std::vector<Candidate> candidates);
  void fill(Side& side, std::size_t number);
  [[nodiscard]] Connections direction(const View& view, const Side& side,
                                      network_policy::Direction direction, std::size_t own,
                                      std::size_t other);

  network_policy::ConnectionPool pool_;
  std::deque<network_policy::ExternalPeer> blocks_;
  std::vector<PeerClass> classes_;
  std::vector<Side> sides_;
};

}  // namespace tally::reachability::query
