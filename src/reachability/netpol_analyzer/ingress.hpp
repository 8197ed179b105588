#pragma once
// Ingress and Route: which ports of workloads their controller is sent to. The controller itself is
// not in the input; it is a pod somewhere in the cluster, and the policies decide whether it comes
// through.

#include <cstdint>
#include <string>
#include <vector>

#include "kube/snapshot.hpp"
#include "reachability/netpol_analyzer/workloads.hpp"
#include "scalar/connection_set.hpp"

namespace tally::reachability::netpol_analyzer {

// One way in: an object sends to a service, which selects the workload.
struct IngressBackend {
  std::string_view kind;  // "Ingress" or "Route"
  std::string object;     // "namespace/name"
  std::string service;
  scalar::ConnectionSet connections;
};

struct IngressTarget {
  std::uint32_t workload = 0;
  std::vector<IngressBackend> backends;
};

struct IngressRules {
  // Whether there are services with workloads and objects that name services: only then there is a
  // controller.
  bool has_controller = false;
  std::vector<IngressTarget> targets;  // by workload

  [[nodiscard]] static IngressRules read(const kube::Snapshot& snapshot, const Workloads& workloads,
                                         std::vector<Warning>& warnings);
};

}  // namespace tally::reachability::netpol_analyzer
