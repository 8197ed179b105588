#pragma once
// ListMaker: the steps from a snapshot to a ConnectionList.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network_policy/policy_set.hpp"
#include "reachability/netpol_analyzer/connection_list.hpp"
#include "reachability/netpol_analyzer/connectivity.hpp"
#include "reachability/netpol_analyzer/explanation.hpp"
#include "reachability/netpol_analyzer/ingress.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"
#include "topology/networks.hpp"

namespace tally::reachability::netpol_analyzer {

using topology::PrimaryNetwork;

// A peer of the list: a workload, or a block as a source or as a destination.
struct Place {
  PeerId id = 0;
  network_policy::Direction direction = network_policy::Direction::Ingress;  // of a block: its side
  bool is_block = false;
};

struct SecondaryRules {
  std::string name;
  network_policy::PolicySet set;
  std::unique_ptr<Connectivity> connectivity;
  std::vector<bool> members;  // by workload
};

// Every pair has an explanation, denied ones too: beyond this much text a focus is asked for.
inline constexpr std::size_t kExplanationBytesMax = std::size_t{1} << 30U;

class ListMaker {
 public:
  ListMaker(const kube::Snapshot& snapshot, const Options& options);
  Result<ConnectionList> make();

 private:
  // list_reading.cpp
  void warn(std::string message);
  static bool is_network_kind(std::string_view kind);
  Result<void> read();
  Result<void> read_networks();
  Result<void> read_secondary();
  bool is_named(const Workload& workload, const std::vector<std::string>& names) const;
  bool check_focus(std::size_t own_count);
  bool is_focus(const Place& place) const;
  bool is_focus_peer(const Place& place) const;
  bool is_wanted(const Place& source, const Place& destination) const;
  const PrimaryNetwork* primary_of(const Place& place) const;
  bool is_external(const Place& place) const;
  std::uint32_t network_place(NetworkName name);
  std::uint32_t network_of(const PrimaryNetwork* network);
  void add_peers(std::size_t own_count);

  // list_pairs.cpp
  void ask_pairs();
  void ask_all(const std::vector<std::uint32_t>& sources,
               const std::vector<std::uint32_t>& destinations);
  void ask_pair(std::uint32_t source, std::uint32_t destination);
  Explainer::Names names_of(std::uint32_t source, std::uint32_t destination, bool is_marked) const;
  void ask_primary(std::uint32_t source, std::uint32_t destination, const PrimaryNetwork* network);
  void ask_secondary(std::uint32_t source, std::uint32_t destination, SecondaryRules& rules);
  void add_separate(std::uint32_t source, std::uint32_t destination, const PrimaryNetwork* one,
                    const PrimaryNetwork* other);
  ConnectionId focused() const;
  void add_line(std::uint32_t source, std::uint32_t destination, ConnectionId allowed,
                const PrimaryNetwork* network);
  void add_line(std::uint32_t source, std::uint32_t destination, ConnectionId allowed,
                std::uint32_t network);
  static ExplainedSet narrowed(const ExplainedSet& set, const ConnectionFocus& focus);
  void add_explained(std::uint32_t source, std::uint32_t destination, ExplainedSet set,
                     std::uint32_t network);
  void ask_ingress();

  // list_reading.cpp
  void find_exposure_of(std::size_t own_count);
  void name_networks(std::size_t own_count);
  void sort();

  const kube::Snapshot& snapshot_;
  network_policy::PolicySet set_;
  Workloads workloads_;
  topology::Networks networks_;
  IngressRules ingress_;
  std::optional<std::uint32_t> controller_;
  std::unique_ptr<Connectivity> connectivity_;
  std::vector<std::unique_ptr<SecondaryRules>> secondary_;
  ReasonPool reasons_;
  std::vector<bool> in_focus_;  // by workload
  std::vector<bool> in_focus_as_peer_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> order_;
  std::size_t explanation_bytes_ = 0;
  ConnectionList list_;
};

}  // namespace tally::reachability::netpol_analyzer
