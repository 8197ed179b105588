#pragma once
// The realistic cluster: kinds, containers, probes, volumes and mistakes as one meets them.

#include <cstdint>
#include <string>

#include "cluster_generator.hpp"

namespace tally::bench {

// Workload `index` and what belongs to it: its namespace when it is the first there, service
// account, service, config map.
void append_varied(std::uint32_t index, Random& random, std::string& yaml);

}  // namespace tally::bench
