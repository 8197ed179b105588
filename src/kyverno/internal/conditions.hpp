#pragma once
// Preconditions and deny conditions: `any` and `all` of {key, operator, value, message}, or the old
// plain list (Kyverno 1.19 pkg/engine/variables/evaluate.go).

#include "kyverno/internal/context.hpp"

namespace tally::kyverno::internal {

struct Held {
  bool holds = false;
  std::string message{};  // of the conditions that decided, joined; variables are not put in
};

// Null, and an empty map, hold.
[[nodiscard]] Outcome<Held> evaluate_conditions(const document::Node& conditions, Context& context);

}  // namespace tally::kyverno::internal
