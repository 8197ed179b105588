#pragma once
// Names to addresses. The system's resolver takes as long as it likes; the caller does not: it runs
// on a thread of its own, which is left behind when the time is up.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "scalar/ip_address.hpp"

namespace tally::net {

using TimePoint = std::chrono::steady_clock::time_point;

// At least one address, or an error that says why there is none.
using Resolver =
    std::function<Result<std::vector<scalar::IpAddress>>(const std::string& host, TimePoint end)>;

[[nodiscard]] Result<std::vector<scalar::IpAddress>> resolve_with_system(const std::string& host,
                                                                         TimePoint end);

}  // namespace tally::net
