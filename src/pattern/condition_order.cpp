// Equals, NotEquals and the orders. Kyverno 1.19.1, pkg/engine/variables/operator: equal.go,
// notequal.go, numeric.go, duration.go.
#include <optional>

#include "pattern/internal/operand.hpp"
#include "scalar/quantity.hpp"
#include "scalar/semver.hpp"
#include "scalar/time_text.hpp"

namespace tally::pattern {

using document::Node;
using document::NodeKind;

namespace {

constexpr unsigned kDepthMax = 500;

// reflect.DeepEqual: an int64 never equals a float64.
Match deep_equal(const Node& a, const Node& b, Budget& budget, unsigned depth) {
  if (depth > kDepthMax || !budget.spend(1)) {
    return Match::OverBudget;
  }
  if (a.kind() != b.kind() || a.size() != b.size()) {
    return Match::No;
  }
  switch (a.kind()) {
    case NodeKind::Null:
      return Match::Yes;
    case NodeKind::Bool:
      return match_if(a.boolean() == b.boolean());
    case NodeKind::Number: {
      const GoNumber x = read_number(a);
      const GoNumber y = read_number(b);
      return match_if(x.is_integer == y.is_integer &&
                      (x.is_integer ? x.integer == y.integer : x.real == y.real));
    }
    case NodeKind::String:
      return match_if(a.text() == b.text());
    case NodeKind::Array:
    case NodeKind::Object:
      break;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Node* const other = a.is_array() ? &b.items()[i] : b.find(a.key(i));
    const Match match =
        other == nullptr ? Match::No : deep_equal(a.items()[i], *other, budget, depth + 1);
    if (match != Match::Yes) {
      return match;
    }
  }
  return Match::Yes;
}

// The answers of the two operators are opposite but for what has no comparison: then Equals is
// false and NotEquals true, too; except for a key that is null, which satisfies neither.
Match text_equals(std::string_view key, const Operand& key_operand, const Operand& value,
                  bool negated, Budget& budget) {
  // 1. Durations first: the only type that compares with another one.
  if (const auto durations = read_durations(key_operand, value)) {
    return match_if(duration_seconds(durations->key) == duration_seconds(durations->value));
  }
  if (!value.node.is_string()) {
    return Match::No;
  }
  // 2. A key that is a quantity equals nothing but quantities. NotEquals with "" compares as text.
  const std::string_view text = value.node.text();
  if (const auto quantity = scalar::Quantity::try_parse(key);
      quantity && !(negated && text.empty())) {
    const auto other = scalar::Quantity::try_parse(text);
    return match_if(other && *quantity == *other);
  }
  // 3. The value is a text with wildcards.
  return match_wildcard(text, key, budget);
}

bool number_equals(const GoNumber& key, const Operand& value) {
  if (value.node.is_string()) {
    if (key.is_integer) {
      return parse_integer(value.node.text()) == key.integer;
    }
    const auto real = parse_real(value.node.text());
    return real && *real == key.real;
  }
  if (!value.node.is_number()) {
    return false;
  }
  const GoNumber other = value.number();
  if (key.is_integer == other.is_integer) {
    return key.is_integer ? key.integer == other.integer : key.real == other.real;
  }
  const double real = key.is_integer ? other.real : key.real;
  const std::int64_t integer = key.is_integer ? key.integer : other.integer;
  return is_whole(real) && go_int64(real) == integer;
}

Match equals(const Operand& key, const Operand& value, bool negated, Budget& budget) {
  switch (key.node.kind()) {
    case NodeKind::Null:
      return Match::No;
    case NodeKind::Bool:
      return match_if(value.node.is_bool() && value.node.boolean() == key.node.boolean());
    case NodeKind::Number:
      // A number against the text of a duration is no duration here: upstream looks for one only
      // if the key is a text.
      return match_if(number_equals(key.number(), value));
    case NodeKind::String:
      return text_equals(key.node.text(), key, value, negated, budget);
    case NodeKind::Array:
    case NodeKind::Object:
      return deep_equal(key.node, value.node, budget, 0);
  }
  return Match::No;
}

}  // namespace

bool evaluate_equal(const Operand& key, const Operand& value, bool negated, Budget& budget,
                    bool& over_budget) {
  if (key.node.is_null()) {
    return false;
  }
  const Match match = equals(key, value, negated, budget);
  over_budget = match == Match::OverBudget;
  return (match == Match::Yes) != negated;
}

namespace {

// The text of a duration in the value makes the key a number of seconds.
bool number_order(Operator op, const GoNumber& key, const Operand& value) {
  if (value.node.is_number()) {
    return order_holds(op, order_of(key.real, value.number().real));
  }
  if (!value.node.is_string()) {
    return false;
  }
  const std::string_view text = value.node.text();
  const auto duration = text == "0" ? std::nullopt : scalar::parse_duration(text);
  if (duration) {
    return order_holds(
        op, order_of(duration_seconds(seconds_to_duration(key)), duration_seconds(*duration)));
  }
  const auto real = parse_real(text);
  return real && order_holds(op, order_of(key.real, *real));
}

bool text_order(Operator op, const Operand& key, const Operand& value) {
  // 1. Durations.
  if (const auto durations = read_durations(key, value)) {
    return order_holds(
        op, order_of(duration_seconds(durations->key), duration_seconds(durations->value)));
  }
  // 2. Two quantities.
  const std::string_view text = key.node.text();
  if (value.node.is_string()) {
    const auto quantity = scalar::Quantity::try_parse(text);
    const auto other = quantity ? scalar::Quantity::try_parse(value.node.text()) : std::nullopt;
    if (other) {
      return order_holds(op, quantity->compare(*other));
    }
  }
  // 3. A float64. (An int64 that is no float64 does not exist.)
  if (const auto real = parse_real(text)) {
    return number_order(op, {false, 0, *real}, value);
  }
  // 4. Two semantic versions.
  const auto version = scalar::Semver::parse(text);
  if (!version || !value.node.is_string()) {
    return false;
  }
  const auto other = scalar::Semver::parse(value.node.text());
  return other && order_holds(op, version->compare(*other));
}

}  // namespace

bool evaluate_order(Operator op, const Operand& key, const Operand& value) {
  if (key.node.is_number()) {
    return number_order(op, key.number(), value);
  }
  return key.node.is_string() && text_order(op, key, value);
}

bool evaluate_duration(Operator op, const Operand& key, const Operand& value) {
  const auto read = [](const Operand& operand) -> std::optional<std::int64_t> {
    if (operand.node.is_number()) {
      return seconds_to_duration(operand.number());
    }
    return operand.node.is_string() ? scalar::parse_duration(operand.node.text()) : std::nullopt;
  };
  const auto key_duration = read(key);
  const auto value_duration = read(value);
  if (!key_duration || !value_duration) {
    return false;
  }
  const int order = *key_duration < *value_duration ? -1 : *key_duration > *value_duration ? 1 : 0;
  return order_holds(op, order);
}

}  // namespace tally::pattern
