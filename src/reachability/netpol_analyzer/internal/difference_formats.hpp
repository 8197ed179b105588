#pragma once

#include <string>
#include <vector>

#include "reachability/netpol_analyzer/difference.hpp"

namespace tally::reachability::netpol_analyzer {

[[nodiscard]] std::string difference_as_text(const std::vector<DifferentPair>& pairs);
[[nodiscard]] std::string difference_as_csv(const std::vector<DifferentPair>& pairs);
[[nodiscard]] std::string difference_as_markdown(const std::vector<DifferentPair>& pairs);
[[nodiscard]] std::string difference_as_dot(const std::vector<DifferentPair>& pairs);

}  // namespace tally::reachability::netpol_analyzer
