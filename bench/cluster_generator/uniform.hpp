#pragma once
// The plain cluster: one Deployment after the other, all of one shape.

#include <cstdint>
#include <string>

#include "cluster_generator.hpp"

namespace tally::bench {

// Workload `index` of `count`; every 37th is privileged, all else meets the restricted level.
void append_uniform(std::uint32_t index, std::uint32_t count, Random& random, std::string& yaml);

}  // namespace tally::bench
