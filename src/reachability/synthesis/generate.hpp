#pragma once
// Network policies made from links: for every namespace the two-way default deny with the DNS
// exception, and for every workload what its links need and no more. As `kubectl apply` takes them.
//
// Everything is sorted: the same input gives the same text.

#include <string>
#include <vector>

#include "kube/snapshot.hpp"
#include "reachability/synthesis/links.hpp"
#include "topology/topology.hpp"

namespace tally::reachability {

struct GenerateOptions {
  bool default_deny = true;
  bool least_privilege = true;
};

struct GeneratedPolicy {
  std::string name_space;
  std::string name;
  std::string yaml;
};

struct Generated {
  std::vector<GeneratedPolicy> policies;  // by namespace; the default deny first
  std::vector<std::string> notes;         // what a reader must decide

  // All of them as one YAML stream.
  [[nodiscard]] std::string to_yaml() const;
};

[[nodiscard]] Generated generate_policies(const topology::Topology& topology, const Links& links,
                                          const GenerateOptions& options);

// kube-system and its like: a default deny there cuts the cluster's own parts off.
[[nodiscard]] bool is_system_namespace(std::string_view name) noexcept;

}  // namespace tally::reachability
