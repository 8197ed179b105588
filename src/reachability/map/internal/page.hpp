#pragma once
// The parts of the page, embedded from src/reachability/map/html when this is built.

#include <string_view>

namespace tally::reachability {

extern const std::string_view kMapPage;
extern const std::string_view kMapStyle;
extern const std::string_view kMapScript;

}  // namespace tally::reachability
