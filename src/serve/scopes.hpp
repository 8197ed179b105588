#pragma once
// Who raised a scope, and when: the modes of tally.yaml before and after it was read again.

#include <string>
#include <vector>

#include "history/history.hpp"
#include "input/config.hpp"

namespace tally::serve {

// Changes of mode between two configurations. `user` and `source` are those of the second.
[[nodiscard]] std::vector<history::ScopeChange> scope_changes(const input::Enforcement& before,
                                                              const input::Enforcement& after);

// What the store knows of the scopes now, by "policy namespace": for the first configuration after
// a start. The later change counts.
[[nodiscard]] input::Enforcement enforcement_of(const std::vector<history::ScopeChange>& known);

// Who wrote the file last: "name <mail>" of its last commit, else the name of its owner.
[[nodiscard]] std::string author_of(const std::string& path);

}  // namespace tally::serve
