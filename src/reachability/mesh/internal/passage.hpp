#pragma once
// The proxies with policies that a Route passes, each with what it sees.

#include <optional>
#include <string>
#include <vector>

#include "authorization/reach.hpp"
#include "reachability/mesh/internal/table.hpp"

namespace tally::reachability::mesh {

struct Stage {
  authorization::Point point = authorization::Point::Sidecar;
  std::string_view identity{};  // empty: none
  std::optional<scalar::IpAddress> source_ip{};
  std::vector<scalar::Cidr> source_blocks{};
  authorization::Destination destination{};
  authorization::Protocol protocol = authorization::Protocol::Unknown;
  std::string name{};  // "waypoint shop/waypoint", "sidecar", "ztunnel"
};

// A request without more than its method, path and host: no token, other headers unknown.
[[nodiscard]] authorization::Request request_of(const Stage& stage, const HttpRequest* request);
[[nodiscard]] authorization::ReachQuery query_of(const Stage& stage,
                                                 authorization::Protocol protocol);

// Owns what the stages refer to; views of the table and the route.
class Passage {
 public:
  Passage(const MeshTable& table, const Route& route, const Party& source, const Party& destination,
          std::uint16_t port);
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;
  [[nodiscard]] const std::vector<Stage>& stages() const noexcept { return stages_; }

 private:
  void add_source(Stage& stage, const Party& source) const;
  void add_waypoint(const Party& source, const Party& destination, std::uint16_t port);
  void add_server(const Party& source, const Party& destination, std::uint16_t port);

  const MeshTable& table_;
  const Route& route_;
  std::vector<Stage> stages_;
  std::vector<authorization::ServiceTarget> targets_;
};

}  // namespace tally::reachability::mesh
