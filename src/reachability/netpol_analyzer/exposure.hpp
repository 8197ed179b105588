#pragma once
// Exposure: what policies leave open to pods that are not in the input. Each pair of selectors that
// a rule names and that no workload answers to is a representative peer, beside the cluster as a
// whole.
//
// A rule means a representative if its selectors are empty or say the same (one that says less or
// more does not: netpol-analyzer pkg/netpol/eval/internal/k8s/representative_selectors.go).

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reachability/netpol_analyzer/connectivity.hpp"

namespace tally::reachability::netpol_analyzer {

struct ExposedTo {
  std::string peer;         // as it is shown; "entire-cluster"
  std::string connections;  // text
  // For drawings: the two parts of the name.
  std::string name_space_label;
  std::string pod_label;
};

struct ExposureSide {
  bool is_listed = false;
  bool is_protected = true;
  std::vector<ExposedTo> to;
};

struct Exposure {
  std::uint32_t workload = 0;
  ExposureSide sides[2];  // by Direction
};

// Of the workloads for which `is_wanted` says so, in a direction.
struct ExposureQuery {
  std::function<bool(std::uint32_t workload, network_policy::Direction)> is_wanted;
  std::optional<ConnectionFocus> focus;
};
// Workloads with something to say, in the order of the list.
[[nodiscard]] std::vector<Exposure> find_exposure(Connectivity& connectivity,
                                                  const Workloads& workloads, ConnectionPool& pool,
                                                  const ExposureQuery& query);

inline constexpr std::string_view kEntireCluster = "entire-cluster";

}  // namespace tally::reachability::netpol_analyzer
