#pragma once
// Whether an object is the expected one, as Kyverno's command line compares (resource/tidy.go,
// compare.go, labels.go): what is null or empty does not count, nor do the labels that generate
// rules add.

#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::policy_test {

[[nodiscard]] bool is_as_expected(Arena& arena, const document::Node& actual,
                                  const document::Node& expected);

// The places that differ: "/spec/replicas: expected 2, found 1". At most `count_max`.
[[nodiscard]] std::vector<std::string> differences(Arena& arena, const document::Node& actual,
                                                   const document::Node& expected,
                                                   std::size_t count_max = 20);

}  // namespace tally::policy_test
