#pragma once
// What the page's script reads: numbers and runs of numbers over one table of texts
// (html/model.js names the columns).

#include <string>

#include "reachability/map/map.hpp"

namespace tally::reachability {

// JSON that may stand inside a <script> element: it holds no `<`.
[[nodiscard]] std::string map_data(World& world, const MapOptions& options);

}  // namespace tally::reachability
