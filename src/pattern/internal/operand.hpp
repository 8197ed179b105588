#pragma once
// What the three families of operators share.

#include <cstdint>
#include <optional>
#include <string_view>

#include "document/node.hpp"
#include "pattern/condition.hpp"
#include "pattern/internal/go_number.hpp"
#include "pattern/wildcard.hpp"

namespace tally::pattern {

struct Operand {
  const document::Node& node;
  NumberReading reading = NumberReading::AsWritten;

  // Precondition: node.is_number().
  [[nodiscard]] GoNumber number() const noexcept { return read_number(node, reading); }
};

// The two operands as durations, in nanoseconds, if one of them is the text of a duration (but not
// "0") and the other one is such a text or a number of seconds (parseDuration of operator.go).
struct Durations {
  std::int64_t key = 0;
  std::int64_t value = 0;
};
[[nodiscard]] std::optional<Durations> read_durations(const Operand& key, const Operand& value);
// A number of whole seconds in nanoseconds, wrapping around as Go's multiplication does.
[[nodiscard]] std::int64_t seconds_to_duration(const GoNumber& number) noexcept;
// time.Duration.Seconds().
[[nodiscard]] double duration_seconds(std::int64_t duration) noexcept;

// -1, 0, 1, or 2 if one of them is no number.
[[nodiscard]] int order_of(double a, double b) noexcept;
// Whether the four orders, in either spelling, hold for the order of key to value.
[[nodiscard]] bool order_holds(Operator op, int order) noexcept;

[[nodiscard]] bool evaluate_equal(const Operand& key, const Operand& value, bool negated,
                                  Budget& budget, bool& over_budget);
[[nodiscard]] bool evaluate_order(Operator op, const Operand& key, const Operand& value);
[[nodiscard]] bool evaluate_duration(Operator op, const Operand& key, const Operand& value);
[[nodiscard]] ConditionResult evaluate_membership(Operator op, const Operand& key,
                                                  const Operand& value, Arena& arena,
                                                  const ConditionOptions& options, Budget& budget);

inline constexpr std::string_view kTooManySteps = "the condition needs too many steps";

}  // namespace tally::pattern
