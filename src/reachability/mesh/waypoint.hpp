#pragma once
// Waypoints: the proxies that ztunnels send connections through, to a Service or to a pod.
//
// istio.io/istio at 86c9f01: pilot/pkg/serviceregistry/ambient/waypoints.go
// fetchWaypointForTarget(), fetchWaypointForService(), fetchWaypointForWorkload().

#include <string>
#include <string_view>
#include <vector>

#include "kube/snapshot.hpp"
#include "topology/topology.hpp"

namespace tally::reachability::mesh {

struct WaypointUse {
  enum class State : std::uint8_t {
    None,     // nobody asks for one
    Used,     // connections pass `gateway`
    Missing,  // one is asked for that is not in the input, or must not be used: `reason`
    Unknown,  // the labels of the namespace are not known, and the input has a waypoint
  };
  State state = State::None;
  std::string_view name_space{};          // of the waypoint
  std::string_view name{};                // "waypoint"
  const kube::Object* gateway = nullptr;  // Gateway of the Gateway API
  std::string reason{};                   // "namespace shop is labelled istio.io/use-waypoint=..."
};

class Waypoints {
 public:
  Waypoints(const kube::Snapshot& snapshot, const topology::Topology& topology);

  [[nodiscard]] WaypointUse of(const topology::Endpoint& endpoint) const;
  [[nodiscard]] WaypointUse of(const topology::Service& service) const;

 private:
  enum class Traffic : std::uint8_t { Service, Workload };
  [[nodiscard]] WaypointUse find(const document::Node& labels, std::uint32_t name_space,
                                 std::string_view target, Traffic traffic) const;

  const kube::Snapshot& snapshot_;
  const topology::Topology& topology_;
  bool has_waypoints_ = false;  // some Gateway is one
};

}  // namespace tally::reachability::mesh
