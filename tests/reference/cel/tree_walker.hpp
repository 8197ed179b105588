#pragma once
// A second evaluator: walks the checked syntax tree, plainly. Slow and without costs; the flat
// program must agree with it on every expression.

#include <cstdint>
#include <span>

#include "cel/checker.hpp"
#include "cel/value.hpp"

namespace tally::cel {

// `steps_max` bounds the expressions that are looked at. Beyond it, and when there is a message to
// be built, the answer is an error with the code CostLimit: no opinion.
[[nodiscard]] Value walk(const CheckedAst& checked, const Environment& environment, Arena& arena,
                         std::span<const Value> variables, std::uint64_t steps_max);

}  // namespace tally::cel
