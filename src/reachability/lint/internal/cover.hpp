#pragma once
// Which rules make another one superfluous: by selectors that imply each other and sets of
// connections, so that it holds for every pod that may ever come, not only for those of the input.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "network_policy/policy_set.hpp"

namespace tally::reachability::linting {

// Does every endpoint that `a` matches match `b`? False when in doubt.
[[nodiscard]] bool implies(const network_policy::SelectorPool& selectors,
                           network_policy::SelectorId a, network_policy::SelectorId b);

// Whether `others` together match all that `rule` matches, on both sides, with all of its
// connections. What they do about it is not looked at. Those that have a part in it, or nothing.
[[nodiscard]] std::optional<std::vector<const network_policy::Rule*>> cover_of(
    const network_policy::PolicySet& set, const network_policy::Rule& rule,
    std::span<const network_policy::Rule* const> others);

}  // namespace tally::reachability::linting
