#pragma once
// World: a Snapshot as reachability sees it: workloads, the policies that govern them, and the
// answers between them. Built once, asked often.
//
// The Snapshot must outlive it. ask() changes the pool of connections: one thread at a time.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kube/snapshot.hpp"
#include "network_policy/analyser.hpp"
#include "network_policy/policy_set.hpp"
#include "topology/topology.hpp"

namespace tally::reachability {

// The pods of one controller that no policy tells apart. A controller whose pods are told apart is
// several workloads, each named with its pods.
struct Workload {
  std::string_view name_space;
  std::string_view kind;
  std::string_view name;
  network_policy::ClassId class_id = 0;
  std::vector<std::uint32_t> endpoints;  // positions in the Topology, ascending
  std::string label;                     // "shop/web[Deployment]", as reports show it
};

class World {
 public:
  World(const kube::Snapshot& snapshot, const network_policy::LoadOptions& options);

  [[nodiscard]] const topology::Topology& topology() const noexcept { return topology_; }
  [[nodiscard]] const network_policy::PolicySet& policies() const noexcept { return policies_; }
  [[nodiscard]] network_policy::Analyser& analyser() noexcept { return analyser_; }
  [[nodiscard]] const network_policy::Analyser& analyser() const noexcept { return analyser_; }
  // By label.
  [[nodiscard]] std::span<const Workload> workloads() const noexcept { return workloads_; }
  // Positions in workloads(), by class.
  [[nodiscard]] std::span<const std::uint32_t> workloads_of(
      network_policy::ClassId id) const noexcept {
    return by_class_[id];
  }

  // "shop/web", "shop/web[Deployment]", "web" (if one namespace has it), or a pod of it:
  // "shop/web-0". Nothing or several: an error that lists what is near.
  [[nodiscard]] Result<std::uint32_t> find(std::string_view text) const;

 private:
  topology::Topology topology_;
  network_policy::PolicySet policies_;
  network_policy::Analyser analyser_;
  std::vector<Workload> workloads_;
  std::vector<std::vector<std::uint32_t>> by_class_;
};

// "file:line" of an object, or its identity.
[[nodiscard]] std::string place_of(const kube::Object& object, std::uint32_t offset);
// "NetworkPolicy shop/db"
[[nodiscard]] std::string title_of(const kube::Object& object);

// Addresses in few words: "every address", "every IPv4 address except 10.0.0.0/8", "10.0.0.0/8".
[[nodiscard]] std::string to_words(const scalar::AddressSet& addresses);

}  // namespace tally::reachability
