#pragma once
// The parts of the page, embedded from src/reachability/map/html when this is built.

#include <string>
#include <string_view>

namespace tally::reachability {

extern const std::string_view kMapPage;
extern const std::string_view kMapStyle;
// One literal for each file: a compiler need not take more than 64 KB.
[[nodiscard]] std::string map_script();

}  // namespace tally::reachability
