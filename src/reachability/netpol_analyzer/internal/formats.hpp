#pragma once
// A list in each of its formats.

#include <string>
#include <string_view>
#include <vector>

#include "reachability/netpol_analyzer/connection_list.hpp"

namespace tally::reachability::netpol_analyzer {

[[nodiscard]] std::string list_as_text(const ConnectionList& list);
[[nodiscard]] std::string list_as_csv(const ConnectionList& list);
[[nodiscard]] std::string list_as_json(const ConnectionList& list);
[[nodiscard]] std::string list_as_markdown(const ConnectionList& list);
[[nodiscard]] std::string list_as_dot(const ConnectionList& list);

// A line of the exposure: the workload, the other side, and the connections.
struct ExposureLine {
  std::string workload;
  std::string other;
  std::string connections;
};
struct ExposureLines {
  std::vector<ExposureLine> egress;   // by workload, then by the other side
  std::vector<ExposureLine> ingress;  // the same
  std::vector<std::string> unprotected;
};
// With the connections from and to outside addresses, which belong to both parts of a report.
[[nodiscard]] ExposureLines exposure_lines(const ConnectionList& list);

}  // namespace tally::reachability::netpol_analyzer
