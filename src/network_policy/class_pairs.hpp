#pragma once
// All pairs of classes that may connect: who may talk to whom, in as many rows as rules tell apart.

#include <vector>

#include "network_policy/analyser.hpp"

namespace tally::network_policy {

struct ClassPair {
  ClassId source = 0;
  ClassId destination = 0;
  PooledAnswer answer;
};

// By destination, then source. Pairs of which everything is denied have no row. A class stands for
// its members among each other, too.
[[nodiscard]] std::vector<ClassPair> list_class_pairs(Analyser& analyser);

}  // namespace tally::network_policy
