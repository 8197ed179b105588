#pragma once
// Door: who stands before the workloads of an entry, as network policies of the workloads see it.
// Doorkeeper: asks the policies.

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "network_policy/pair.hpp"
#include "reachability/entries/entries.hpp"

namespace tally::reachability::entries {

struct Door {
  enum class Kind : std::uint8_t {
    Clients,         // outside addresses, unchanged
    ClientsOrNodes,  // those, or the address of a node in their place
    Pods,            // `pods`
    UnknownPod,      // a pod that is not in the input
    UnknownAddress,  // a machine beside the cluster
    CiliumNode,      // Cilium's proxy on each node, which has an identity of its own
  };
  Kind kind = Kind::UnknownPod;
  std::vector<std::uint32_t> pods{};  // positions in the Topology
  // Of an UnknownPod: what is known of it. Labels it has in any case (a map, or Null); its
  // namespace, or ""; a namespace that may be its own although workloads of it are in the input.
  document::Node labels{};
  std::string_view name_space{};
  std::string_view home{};
};

class Doorkeeper {
 public:
  Doorkeeper(const kube::Snapshot& snapshot, World& world);

  // Fills in what comes through. `door` is at the same address for the same door. The endpoints of
  // the backend are of one class.
  void judge(const Door& door, const scalar::AddressSet& sources, EntryBackend& backend);

 private:
  struct Answer {
    scalar::ConnectionSet allowed{};
    scalar::ConnectionSet unknown{};
    scalar::AddressSet clients{};
  };
  [[nodiscard]] Answer from_clients(network_policy::ClassId id, const scalar::AddressSet& sources,
                                    const scalar::ConnectionSet& ports) const;
  [[nodiscard]] Answer from_some_address(network_policy::ClassId id) const;
  [[nodiscard]] Answer from_nodes(network_policy::ClassId id) const;
  [[nodiscard]] Answer from_pods(network_policy::ClassId id, const Door& door);
  [[nodiscard]] Answer from_peer(const Door& door, const EntryBackend& backend);

  World& world_;
  scalar::AddressSet nodes_;  // known addresses of nodes
  // A policy lets in a pod that is not there by what selects the backend: tables are shared by
  // classes that the same rules govern.
  std::map<std::pair<const Door*, const network_policy::DirectionTable*>, Answer> remembered_;
  std::map<std::pair<const Door*, network_policy::ClassId>, Answer> from_pods_;
};

}  // namespace tally::reachability::entries
