#pragma once
// FlowSet: many flows as the few connections that they are, each side resolved to an endpoint of a
// Topology where it can be: by the pod's name, by its workload, by its labels, or by its address.
//
// The Topology must outlive the set.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.hpp"
#include "flow/flow.hpp"
#include "topology/topology.hpp"

namespace tally::flow {

// One side of a connection. Ordered, so that equal sides are one.
struct Place {
  enum class Kind : std::uint8_t {
    Endpoint,  // `index`: of Topology::endpoints()
    Stranger,  // `index`: of FlowSet::strangers(): a pod that the Topology does not hold
    Outside,   // `index`: of FlowSet::addresses()
    Role,      // `role`: known by it alone
  };
  Kind kind = Kind::Role;
  Role role = Role::Unknown;
  std::uint32_t index = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Stranger {
  std::string name_space;
  std::string name;       // of the workload or the pod; may be empty
  document::Node labels;  // a map of strings; Null if the observer knew none
};

struct Connection {
  Place source;
  Place destination;
  scalar::Protocol protocol = scalar::Protocol::Tcp;
  std::uint16_t port = 0;
  Verdict verdict = Verdict::Unknown;
  friend auto operator<=>(const Connection&, const Connection&) = default;
};

struct Seen {
  std::uint64_t times = 0;
  std::optional<scalar::TimestampParts> first;
  std::optional<scalar::TimestampParts> last;
  std::uint32_t line = 0;  // of the first record
};

class FlowSet {
 public:
  explicit FlowSet(const topology::Topology& topology,
                   std::size_t connections_max = std::size_t{5'000'000});

  void add(const Flow& flow);

  [[nodiscard]] const std::map<Connection, Seen>& connections() const noexcept {
    return connections_;
  }
  [[nodiscard]] std::span<const Stranger> strangers() const noexcept { return strangers_; }
  [[nodiscard]] std::span<const scalar::IpAddress> addresses() const noexcept { return addresses_; }
  // Records of which a side is a pod that the Topology does not hold, or that nothing is known of.
  [[nodiscard]] std::uint64_t unresolved() const noexcept { return unresolved_; }

  // Records of connections beyond connections_max: not in the set.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

  // "shop/web", "10.0.0.1", "world", "shop/gone (not in the input)".
  [[nodiscard]] std::string to_string(const Place& place) const;

 private:
  [[nodiscard]] Place resolve(const Party& party);
  [[nodiscard]] std::optional<std::uint32_t> find_pod(const Party& party) const;
  [[nodiscard]] std::optional<std::uint32_t> find_by_labels(const Party& party) const;
  [[nodiscard]] Place stranger(const Party& party);

  const topology::Topology& topology_;
  std::size_t connections_max_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // "namespace/name", of pods and owners
  std::unordered_map<std::string, std::uint32_t> by_address_;
  std::unordered_map<std::string, std::uint32_t> strangers_by_name_;
  std::unordered_map<std::string, std::uint32_t> address_positions_;
  std::map<Connection, Seen> connections_;
  std::vector<Stranger> strangers_;
  std::vector<scalar::IpAddress> addresses_;
  std::uint64_t unresolved_ = 0;
  std::uint64_t left_out_ = 0;
  Arena arena_;
};

}  // namespace tally::flow
