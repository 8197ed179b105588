#pragma once
// A JMESPath over a value of a test.

#include <string_view>

#include "base/arena.hpp"
#include "base/result.hpp"
#include "document/node.hpp"

namespace tally::policy_test {

// What is not there is null, as in JMESPath's own search.
[[nodiscard]] Result<document::Node> select_value(Arena& arena, const document::Node& root,
                                                  std::string_view path);

}  // namespace tally::policy_test
