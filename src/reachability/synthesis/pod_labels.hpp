#pragma once
// The fewest labels that select exactly one workload's pods, and will still do so after the next
// release: no labels that a controller or a build writes.

#include <string>
#include <utility>
#include <vector>

#include "reachability/synthesis/links.hpp"

namespace tally::reachability {

struct PodLabels {
  std::vector<std::pair<std::string_view, std::string_view>> labels;  // by key
  // Workloads of the namespace that they select as well: positions in Links::units.
  std::vector<std::uint32_t> also;
};

[[nodiscard]] PodLabels select_pods(const topology::Topology& topology, const Links& links,
                                    std::uint32_t unit);

}  // namespace tally::reachability
