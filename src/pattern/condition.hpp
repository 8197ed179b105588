#pragma once
// The operators of Kyverno's conditions (preconditions, deny): one key against one value, both
// after substitution of variables. As Kyverno 1.19.1, pkg/engine/variables/operator: operands of
// the wrong type are no error, they do not satisfy the operator (or, for NotEquals, do).
//
// A number is an int64 or a float64 by its text (number_reading.hpp). Upstream reads a key or value
// that is one literal number as a float64, and keeps what a variable gives: the caller says so.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "pattern/number_reading.hpp"

namespace tally::pattern {

enum class Operator : std::uint8_t {
  Equals,  // also written Equal
  NotEquals,
  In,  // deprecated, as NotIn and Duration*
  AnyIn,
  AllIn,
  NotIn,
  AnyNotIn,
  AllNotIn,
  GreaterThanOrEquals,
  GreaterThan,
  LessThanOrEquals,
  LessThan,
  DurationGreaterThanOrEquals,
  DurationGreaterThan,
  DurationLessThanOrEquals,
  DurationLessThan,
  NeverHolds,  // an order in another letter case: upstream accepts "greaterthan" and answers false
};

// Nothing for what upstream refuses. Letter case does not count (but see NeverHolds).
[[nodiscard]] std::optional<Operator> parse_operator(std::string_view text) noexcept;
// "Equals", "AnyIn"; "" for NeverHolds.
[[nodiscard]] std::string_view operator_name(Operator op) noexcept;
// In, NotIn, Duration*: upstream warns when they are loaded.
[[nodiscard]] bool is_deprecated(Operator op) noexcept;

struct ConditionOptions {
  NumberReading key = NumberReading::AsWritten;    // of a key that is a number
  NumberReading value = NumberReading::AsWritten;  // of a value that is a number
  std::uint64_t steps = 50'000'000;                // comparisons, and bytes that wildcards look at
  std::uint32_t text_bytes = 1024 * 1024;          // of an operand that is compared as text
};

struct ConditionResult {
  bool holds = false;
  // Why there is no answer, if there is none: upstream panics (In over a list that holds something
  // else than texts), or a limit was hit. In the arena or a literal.
  std::string_view problem;
};

// Scratch values and texts lie in the arena.
[[nodiscard]] ConditionResult evaluate(Operator op, const document::Node& key,
                                       const document::Node& value, Arena& arena,
                                       const ConditionOptions& options = {});

}  // namespace tally::pattern
