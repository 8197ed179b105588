#pragma once
// Preconditions and deny conditions as CEL: one key against one value by an operator
// (pattern/condition.hpp), blocks of any and all.

#include "migration/internal/expressions.hpp"

namespace tally::migration {

// Whether the conditions hold. Null: they do.
[[nodiscard]] Outcome<Cel> translate_conditions(const document::Node& conditions, Scope& scope);

}  // namespace tally::migration
