#pragma once
// What is asked over plain HTTP: /livez and /healthz (the process answers), /readyz (requests can
// be judged; with a line for each thing that is missing), /metrics.

#include <functional>
#include <string>
#include <vector>

#include "net/server.hpp"
#include "telemetry/registry.hpp"

namespace tally::serve {

// What is missing before requests can be judged; empty: nothing.
using Missing = std::function<std::vector<std::string>()>;

[[nodiscard]] net::Handler health_handler(const telemetry::Registry& registry, Missing missing);

}  // namespace tally::serve
