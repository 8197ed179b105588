#pragma once
// Host names of listeners and routes, as Gateway API and Istio compare them.

#include <optional>
#include <string_view>

namespace tally::reachability::entries {

// The hosts that both mean: the narrower of the two, or nothing. "" and "*" are every host;
// "*.example.com" is every host below example.com, at any depth, without example.com itself. Letter
// case is of no account.
[[nodiscard]] std::optional<std::string_view> common_host(std::string_view a, std::string_view b);

}  // namespace tally::reachability::entries
