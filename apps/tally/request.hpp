#pragma once
// What the flags say about the request that objects of files are judged as, and the objects that
// are given beside the input.

#include <string>
#include <vector>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "input/read_inputs.hpp"
#include "kube/review.hpp"

namespace tally::app {

// "CREATE", "UPDATE" or "DELETE", which the command line has checked.
[[nodiscard]] kube::Operation operation_of(const std::string& name);

// Views of the texts, which must outlive the result; the list of groups lies in the arena.
[[nodiscard]] kube::UserInfo user_of(const std::string& name,
                                     const std::vector<std::string>& groups, Arena& arena);

// Since 1970-01-01T00:00:00Z, by this machine's clock.
[[nodiscard]] std::int64_t now_seconds();

// Policies, parameters, objects as they were: the first thing that cannot be read is the error.
[[nodiscard]] Result<input::Inputs> read_beside(const std::vector<std::string>& paths,
                                                const std::string& default_namespace,
                                                unsigned threads);

}  // namespace tally::app
