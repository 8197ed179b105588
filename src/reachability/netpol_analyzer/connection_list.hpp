#pragma once
// ConnectionList: all permitted connections of a cluster, as netpol-analyzer's `list` gives them,
// with exposure and explanations where they are asked for.
//
//   auto list = ConnectionList::make(snapshot, options);    // an Error: the input cannot be
//   analysed print(list->to_string());

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "reachability/netpol_analyzer/connections.hpp"
#include "reachability/netpol_analyzer/exposure.hpp"
#include "reachability/netpol_analyzer/options.hpp"
#include "scalar/address_set.hpp"

namespace tally::reachability::netpol_analyzer {

// The network to which a line belongs. Lists have a section for each, in this order.
struct NetworkName {
  enum class Kind : std::uint8_t { Pod, Namespaced, Cluster, Secondary };
  Kind kind = Kind::Pod;
  std::string name;

  // "pod-network", or the name.
  [[nodiscard]] std::string_view text() const noexcept {
    return kind == Kind::Pod ? std::string_view("pod-network") : std::string_view(name);
  }
  friend bool operator==(const NetworkName&, const NetworkName&) = default;
  friend auto operator<=>(const NetworkName&, const NetworkName&) = default;
};

// A workload, the ingress controller, or a range of outside addresses.
struct ListedPeer {
  std::string text;    // "namespace/name[Kind]", "10.0.0.0-10.0.0.255[External]"
  std::string marked;  // the same with "[udn]" behind a namespace that is a network of its own
  std::string name_space;
  std::string name;
  std::string kind;
  std::optional<scalar::AddressSet> block;
  bool is_ingress_controller = false;
};

struct ListedConnection {
  std::uint32_t source = 0;  // positions in peers()
  std::uint32_t destination = 0;
  ConnectionId connections = kNoConnection;
  std::uint32_t network = 0;      // position in networks()
  std::int64_t explanation = -1;  // position in explanations()
  bool is_by_default = false;     // explained: nothing but the default allows it
};

class ConnectionList {
 public:
  [[nodiscard]] static Result<ConnectionList> make(const kube::Snapshot& snapshot,
                                                   const Options& options);

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] const std::vector<ListedPeer>& peers() const noexcept { return peers_; }
  [[nodiscard]] const std::vector<NetworkName>& networks() const noexcept { return networks_; }
  // By the texts of source, destination and network.
  [[nodiscard]] const std::vector<ListedConnection>& connections() const noexcept {
    return connections_;
  }
  [[nodiscard]] const scalar::ConnectionSet& set(ConnectionId id) const noexcept {
    return pool_->at(id);
  }
  [[nodiscard]] const std::string& text(ConnectionId id) const;
  [[nodiscard]] const std::vector<std::string>& explanations() const noexcept {
    return explanations_;
  }
  // `workload` is a position in peers().
  [[nodiscard]] const std::vector<Exposure>& exposure() const noexcept { return exposure_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const noexcept { return warnings_; }

  // Each workload with the names of its networks, the primary one first.
  struct WorkloadNetworks {
    std::uint32_t peer = 0;
    std::string primary;
    std::vector<std::string> secondary;
  };
  [[nodiscard]] const std::vector<WorkloadNetworks>& workload_networks() const noexcept {
    return workload_networks_;
  }
  [[nodiscard]] bool has_pod_network_workloads() const noexcept {
    return has_pod_network_workloads_;
  }
  // Pairs were left out since their networks do not meet.
  [[nodiscard]] bool has_separate_networks() const noexcept { return has_separate_networks_; }

  // How the peers of a line are shown in its network.
  [[nodiscard]] const std::string& source_text(const ListedConnection& line) const;
  [[nodiscard]] const std::string& destination_text(const ListedConnection& line) const;

  // In the format of the options.
  [[nodiscard]] std::string to_string() const;

 private:
  friend class ListMaker;

  Options options_;
  std::vector<ListedPeer> peers_;
  std::vector<NetworkName> networks_;
  std::vector<ListedConnection> connections_;
  std::vector<std::string> explanations_;
  std::vector<Exposure> exposure_;
  std::vector<Warning> warnings_;
  std::vector<WorkloadNetworks> workload_networks_;
  bool has_pod_network_workloads_ = false;
  bool has_separate_networks_ = false;
  std::unique_ptr<ConnectionPool> pool_ = std::make_unique<ConnectionPool>();
  mutable std::deque<std::string> texts_;  // by ConnectionId
};

}  // namespace tally::reachability::netpol_analyzer
