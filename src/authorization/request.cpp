#include "authorization/request.hpp"

namespace tally::authorization {

std::string_view point_name(Point point) noexcept {
  switch (point) {
    case Point::Sidecar:
      return "sidecar";
    case Point::Ztunnel:
      return "ztunnel";
    case Point::Waypoint:
      return "waypoint";
    case Point::Gateway:
      return "gateway";
  }
  return "sidecar";
}

}  // namespace tally::authorization
