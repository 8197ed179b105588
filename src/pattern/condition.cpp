#include "pattern/condition.hpp"

#include <array>
#include <cmath>

#include "pattern/internal/operand.hpp"
#include "scalar/time_text.hpp"

namespace tally::pattern {

namespace {

struct Named {
  std::string_view name;
  Operator op;
};
// Kyverno 1.19.1, api/kyverno/v1/common_types.go, ConditionOperators.
constexpr std::array<Named, 18> kOperators = {{
    {"Equals", Operator::Equals},
    {"Equal", Operator::Equals},
    {"NotEquals", Operator::NotEquals},
    {"NotEqual", Operator::NotEquals},
    {"In", Operator::In},
    {"AnyIn", Operator::AnyIn},
    {"AllIn", Operator::AllIn},
    {"NotIn", Operator::NotIn},
    {"AnyNotIn", Operator::AnyNotIn},
    {"AllNotIn", Operator::AllNotIn},
    {"GreaterThanOrEquals", Operator::GreaterThanOrEquals},
    {"GreaterThan", Operator::GreaterThan},
    {"LessThanOrEquals", Operator::LessThanOrEquals},
    {"LessThan", Operator::LessThan},
    {"DurationGreaterThanOrEquals", Operator::DurationGreaterThanOrEquals},
    {"DurationGreaterThan", Operator::DurationGreaterThan},
    {"DurationLessThanOrEquals", Operator::DurationLessThanOrEquals},
    {"DurationLessThan", Operator::DurationLessThan},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<Operator> parse_operator(std::string_view text) noexcept {
  for (const Named& named : kOperators) {
    if (equal_ignoring_case(named.name, text)) {
      const bool is_order = named.op >= Operator::GreaterThanOrEquals;
      return is_order && named.name != text ? Operator::NeverHolds : named.op;
    }
  }
  return std::nullopt;
}

std::string_view operator_name(Operator op) noexcept {
  for (const Named& named : kOperators) {
    if (named.op == op) {
      return named.name;
    }
  }
  return "";
}

bool is_deprecated(Operator op) noexcept {
  return op == Operator::In || op == Operator::NotIn ||
         (op >= Operator::DurationGreaterThanOrEquals && op <= Operator::DurationLessThan);
}

std::int64_t seconds_to_duration(const GoNumber& number) noexcept {
  const std::int64_t seconds = number.is_integer ? number.integer : go_int64(number.real);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1'000'000'000U);
}

double duration_seconds(std::int64_t duration) noexcept {
  return static_cast<double>(duration / 1'000'000'000) +
         static_cast<double>(duration % 1'000'000'000) / 1e9;
}

std::optional<Durations> read_durations(const Operand& key, const Operand& value) {
  const auto text_duration = [](const Operand& operand) -> std::optional<std::int64_t> {
    return operand.node.is_string() && operand.node.text() != "0"
               ? scalar::parse_duration(operand.node.text())
               : std::nullopt;
  };
  auto key_duration = text_duration(key);
  auto value_duration = text_duration(value);
  if (!key_duration && !value_duration) {
    return std::nullopt;
  }
  if (!key_duration && key.node.is_number()) {
    key_duration = seconds_to_duration(key.number());
  }
  if (!value_duration && value.node.is_number()) {
    value_duration = seconds_to_duration(value.number());
  }
  if (!key_duration || !value_duration) {
    return std::nullopt;
  }
  return Durations{*key_duration, *value_duration};
}

int order_of(double a, double b) noexcept {
  if (std::isnan(a) || std::isnan(b)) {
    return 2;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

bool order_holds(Operator op, int order) noexcept {
  if (order == 2) {
    return false;
  }
  switch (op) {
    case Operator::GreaterThanOrEquals:
    case Operator::DurationGreaterThanOrEquals:
      return order >= 0;
    case Operator::GreaterThan:
    case Operator::DurationGreaterThan:
      return order > 0;
    case Operator::LessThanOrEquals:
    case Operator::DurationLessThanOrEquals:
      return order <= 0;
    case Operator::LessThan:
    case Operator::DurationLessThan:
      return order < 0;
    case Operator::Equals:
    case Operator::NotEquals:
    case Operator::In:
    case Operator::AnyIn:
    case Operator::AllIn:
    case Operator::NotIn:
    case Operator::AnyNotIn:
    case Operator::AllNotIn:
    case Operator::NeverHolds:
      return false;
  }
  return false;
}

ConditionResult evaluate(Operator op, const document::Node& key, const document::Node& value,
                         Arena& arena, const ConditionOptions& options) {
  Budget budget{options.steps};
  const Operand key_operand{key, options.key};
  const Operand value_operand{value, options.value};
  switch (op) {
    case Operator::Equals:
    case Operator::NotEquals: {
      bool over_budget = false;
      const bool holds = evaluate_equal(key_operand, value_operand, op == Operator::NotEquals,
                                        budget, over_budget);
      return over_budget ? ConditionResult{false, kTooManySteps} : ConditionResult{holds, {}};
    }
    case Operator::In:
    case Operator::AnyIn:
    case Operator::AllIn:
    case Operator::NotIn:
    case Operator::AnyNotIn:
    case Operator::AllNotIn:
      return evaluate_membership(op, key_operand, value_operand, arena, options, budget);
    case Operator::GreaterThanOrEquals:
    case Operator::GreaterThan:
    case Operator::LessThanOrEquals:
    case Operator::LessThan:
      return {evaluate_order(op, key_operand, value_operand), {}};
    case Operator::DurationGreaterThanOrEquals:
    case Operator::DurationGreaterThan:
    case Operator::DurationLessThanOrEquals:
    case Operator::DurationLessThan:
      return {evaluate_duration(op, key_operand, value_operand), {}};
    case Operator::NeverHolds:
      return {};
  }
  return {};
}

}  // namespace tally::pattern
