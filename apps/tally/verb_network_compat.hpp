#pragma once
// Reading for --compat netpol-analyzer.

#include "verb_network.hpp"

namespace tally::app {

// As read_cluster(), but an input without any object is an error, as it is there, and objects of
// custom kinds are in the default namespace if they name none.
[[nodiscard]] Result<ClusterInput> read_compat_cluster(const std::vector<std::string>& paths,
                                                       const NetworkFlags& flags);

}  // namespace tally::app
