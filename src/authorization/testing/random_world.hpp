#pragma once
// Small random policies and requests, over a small alphabet so that they meet often.

#include <functional>
#include <string>
#include <vector>

#include "authorization/request.hpp"

namespace tally::authorization::testing {

// A number below n.
using Choose = std::function<unsigned(unsigned n)>;

// YAML documents of AuthorizationPolicies, one to five.
[[nodiscard]] std::string random_policies(const Choose& choose);

// Everything about it is known. The headers live in `headers`; all other texts are literals.
[[nodiscard]] Request random_request(const Choose& choose, std::vector<Header>& headers);

// What random requests choose from.
[[nodiscard]] std::vector<std::string_view> principals();
[[nodiscard]] std::vector<std::string_view> addresses();

}  // namespace tally::authorization::testing
