#pragma once
// Do the three ways to judge agree? Sets of connections for each pair (pair.hpp) with single
// connections read rule by rule (point.hpp), and with the classes and tables of an Analyser.

#include <cstddef>
#include <string>

#include "network_policy/policy_set.hpp"
#include "topology/topology.hpp"

namespace tally::network_policy::testing {

struct Agreement {
  std::string difference;  // where two ways differ; empty: they agree
  // What was compared: a comparison that never sees one of the answers proves nothing about it.
  std::size_t allowed = 0;
  std::size_t denied = 0;
  std::size_t unknown = 0;
  std::size_t pairs = 0;   // by the analyser
  std::size_t blocks = 0;  // of outside addresses, by the analyser
};

// Adds to the counts of `agreement`; stops at the first difference.
void compare(const topology::Topology& topology, const PolicySet& policies, Agreement& agreement);

}  // namespace tally::network_policy::testing
