#pragma once
#include <string>
#include <string_view>

namespace tally::authorization::testing {

// "bank/ledger": an AuthorizationPolicy of namespace bank with this spec (flow or block YAML).
[[nodiscard]] std::string policy(std::string_view name, std::string_view spec);

}  // namespace tally::authorization::testing
