#pragma once
// Exposure: what a workload is open to beyond the pods that are there today: the outside world, and
// any pod that somebody may add to the cluster tomorrow. Network policies say who may come; entries
// (entries/entries.hpp) say on which ways somebody does.

#include <string>
#include <vector>

#include "reachability/entries/entries.hpp"
#include "reachability/world.hpp"

namespace tally::reachability {

struct Exposure {
  std::uint32_t workload = 0;  // position in World::workloads()
  network_policy::Direction direction = network_policy::Direction::Ingress;
  bool is_isolated = false;  // some policy of this direction selects it
  // From or to outside addresses: all that any of them may use, and the addresses.
  scalar::ConnectionSet outside{};
  scalar::AddressSet addresses{};
  // From or to a pod of no labels in a namespace that is not there yet; `perhaps_cluster` if that
  // namespace gets the labels that some rule asks for.
  scalar::ConnectionSet cluster{};
  scalar::ConnectionSet perhaps_cluster{};
};

// By workload, ingress before egress.
[[nodiscard]] std::vector<Exposure> list_exposure(const World& world);

[[nodiscard]] std::string to_text(const World& world, const std::vector<Exposure>& list,
                                  const EntryList& entries);
[[nodiscard]] std::string to_json(const World& world, const std::vector<Exposure>& list,
                                  const EntryList& entries);

}  // namespace tally::reachability
