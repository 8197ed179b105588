#pragma once
// What upstream refuses in a pattern when the policy is loaded (Kyverno 1.19.1,
// pkg/policy/common/validate_pattern.go): anchors that have no meaning where the pattern stands,
// and existence anchors without a list.

#include <cstdint>
#include <string>
#include <vector>

#include "document/node.hpp"

namespace tally::pattern {

enum class AnchorUse : std::uint8_t {
  Validate,  // `pattern`, `anyPattern`: all but +()
  Generate,  // `data` of a generate rule: none
};

struct AnchorProblem {
  std::string pointer;       // RFC 6901, from the root of the pattern
  std::string message;       // upstream's: "unsupported anchor +(image)"
  std::uint32_t offset = 0;  // of the value under the key
};

// All of them, in the order of the source; upstream tells one. At most 100.
[[nodiscard]] std::vector<AnchorProblem> find_anchor_problems(const document::Node& pattern,
                                                              AnchorUse use);

}  // namespace tally::pattern
