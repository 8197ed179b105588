// Kyverno's arithmetic over numbers, quantities and durations (pkg/engine/jmespath/arithmetic.go,
// v1.19.1). A text that is a quantity is one: "1m" is a thousandth, not a minute.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <variant>

#include "jmespath/functions/all.hpp"
#include "jmespath/internal/call.hpp"
#include "jmespath/internal/go_time.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/quantity_decimal.hpp"
#include "scalar/quantity.hpp"
#include "scalar/time_text.hpp"

namespace tally::jmespath {

namespace {

using Arguments = std::span<const Node>;

struct Amount {
  scalar::Quantity quantity;
  std::string_view text;

  // AsApproximateFloat64: rounded as upstream rounds it, which depends on the scale.
  [[nodiscard]] double approximate() const {
    const auto decimal = to_decimal(text);
    return decimal ? approximate_double(*decimal) : quantity.as_approximate_double();
  }
};
struct Duration {
  std::int64_t nanoseconds = 0;

  // Duration.Seconds().
  [[nodiscard]] double seconds() const {
    return static_cast<double>(nanoseconds / 1'000'000'000) +
           static_cast<double>(nanoseconds % 1'000'000'000) / 1e9;
  }
};
using Operand = std::variant<std::monostate, double, Amount, Duration>;

struct Operation {
  Call& call;
  std::string_view name;
  Node& out;

  bool fail(std::string_view message) const { return call.fail_function(name, message); }
  bool fail_types() const { return fail("Types mismatch"); }
  bool fail_zero() const { return fail("Zero divisor passed"); }
  bool give(double value) const { return call.give_number(value, out); }
  bool give(const Duration& value) const {
    return call.give_text(go_duration_text(value.nanoseconds), out);
  }
  bool give(const std::optional<scalar::Quantity>& value) const {
    return value ? call.give_text(value->to_string(), out) : fail("quantity out of range");
  }
};

Operand read_operand(const Node& node) {
  if (is_number(node)) {
    return number_of(node);
  }
  if (!is_string(node)) {
    return {};
  }
  if (auto quantity = scalar::Quantity::try_parse(node.text())) {
    return Amount{std::move(*quantity), node.text()};
  }
  if (const auto duration = scalar::parse_duration(node.text())) {
    return Duration{*duration};
  }
  return {};
}

// int64(value) of Go on amd64: what does not fit is the smallest integer.
std::int64_t to_integer(double value) {
  return value >= -9223372036854775808.0 && value < 9223372036854775808.0
             ? static_cast<std::int64_t>(value)
             : std::numeric_limits<std::int64_t>::min();
}

// math.Pow(10, exponent) of Go (src/math/pow.go), which is less exact than the C library's for big
// exponents. Precondition: a whole number that is not negative.
double go_power_of_ten(double exponent) {
  double result = 1;
  std::int64_t result_exponent = 0;
  int half_exponent = 0;
  double base = std::frexp(10.0, &half_exponent);
  std::int64_t base_exponent = half_exponent;
  for (auto rest = static_cast<std::uint64_t>(exponent); rest != 0; rest >>= 1U) {
    if (base_exponent > 4096) {
      result_exponent += base_exponent;
      break;
    }
    if ((rest & 1U) != 0) {
      result *= base;
      result_exponent += base_exponent;
    }
    base *= base;
    base_exponent *= 2;
    if (base < 0.5) {
      base += base;
      --base_exponent;
    }
  }
  return std::ldexp(result, static_cast<int>(std::min<std::int64_t>(result_exponent, 100'000)));
}

std::int64_t remainder(std::int64_t a, std::int64_t b) { return b == -1 ? 0 : a % b; }

std::int64_t wrapped_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrapped_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

Duration from_seconds(double seconds) { return {to_integer(seconds * 1e9)}; }

// Each operation is one set of overloads: what is not listed does not go together.
struct Add {
  const Operation& to;
  bool operator()(double a, double b) const { return to.give(a + b); }
  bool operator()(const Amount& a, const Amount& b) const {
    return to.give(a.quantity.add(b.quantity));
  }
  bool operator()(Duration a, Duration b) const {
    return to.give(Duration{wrapped_sum(a.nanoseconds, b.nanoseconds)});
  }
  template <class A, class B>
  bool operator()(const A& /*a*/, const B& /*b*/) const {
    return to.fail_types();
  }
};

struct Subtract {
  const Operation& to;
  bool operator()(double a, double b) const { return to.give(a - b); }
  bool operator()(const Amount& a, const Amount& b) const {
    return to.give(a.quantity.subtract(b.quantity));
  }
  bool operator()(Duration a, Duration b) const {
    return to.give(Duration{wrapped_difference(a.nanoseconds, b.nanoseconds)});
  }
  template <class A, class B>
  bool operator()(const A& /*a*/, const B& /*b*/) const {
    return to.fail_types();
  }
};

// The number as upstream hands it to ParseQuantity.
std::optional<Decimal> decimal_of(const Operation& to, double number) {
  const NumberText text = go_number_text(number);
  if (auto quantity = scalar::Quantity::parse(text.text()); !quantity) {
    static_cast<void>(to.call.fail(quantity.error().message));
    return std::nullopt;
  }
  return to_decimal(text.text());
}

struct Multiply {
  const Operation& to;
  bool operator()(double a, double b) const { return to.give(a * b); }
  bool operator()(const Amount& a, double b) const {
    const auto left = to_decimal(a.text);
    const auto right = decimal_of(to, b);
    if (!left || !right) {
      return to.fail("quantity out of range");
    }
    return to.call.charge_steps(left->digits.size() * right->digits.size()) &&
           to.call.give_text(quantity_text(multiply(*left, *right), a.quantity.format()), to.out);
  }
  bool operator()(double a, const Amount& b) const { return (*this)(b, a); }
  bool operator()(Duration a, double b) const { return to.give(from_seconds(a.seconds() * b)); }
  bool operator()(double a, Duration b) const { return (*this)(b, a); }
  template <class A, class B>
  bool operator()(const A& /*a*/, const B& /*b*/) const {
    return to.fail_types();
  }
};

struct Divide {
  const Operation& to;
  bool operator()(double a, double b) const { return b == 0 ? to.fail_zero() : to.give(a / b); }
  bool operator()(const Amount& a, const Amount& b) const {
    const double divisor = b.approximate();
    return divisor == 0 ? to.fail_zero() : to.give(a.approximate() / divisor);
  }
  bool operator()(const Amount& a, double b) const {
    if (b == 0) {
      return to.fail_zero();
    }
    const auto left = to_decimal(a.text);
    const auto right = decimal_of(to, b);
    const auto result =
        left && right && !right->digits.empty() ? divide(*left, *right) : std::optional<Decimal>{};
    if (!result) {
      return to.fail("quantity out of range");
    }
    return to.call.charge_steps((left->digits.size() + result->digits.size()) * 100) &&
           to.call.give_text(quantity_text(*result, a.quantity.format()), to.out);
  }
  bool operator()(Duration a, Duration b) const {
    return b.seconds() == 0 ? to.fail_zero() : to.give(a.seconds() / b.seconds());
  }
  bool operator()(Duration a, double b) const {
    return b == 0 ? to.fail_zero() : to.give(from_seconds(a.seconds() / b));
  }
  template <class A, class B>
  bool operator()(const A& /*a*/, const B& /*b*/) const {
    return to.fail_types();
  }
};

struct Modulo {
  const Operation& to;
  // Nothing if there is an error.
  std::optional<std::int64_t> integers(double a, double b) const {
    const std::int64_t x = to_integer(a);
    const std::int64_t y = to_integer(b);
    if (a != static_cast<double>(x) || b != static_cast<double>(y)) {
      static_cast<void>(to.fail("Non-integer argument(s) passed for modulo"));
      return std::nullopt;
    }
    if (y == 0) {
      static_cast<void>(to.fail_zero());
      return std::nullopt;
    }
    return remainder(x, y);
  }
  bool operator()(double a, double b) const {
    const auto result = integers(a, b);
    return result && to.give(static_cast<double>(*result));
  }
  bool operator()(const Amount& a, const Amount& b) const {
    const auto result = integers(a.approximate(), b.approximate());
    return result && to.give(scalar::Quantity::from_integer(*result, a.quantity.format()));
  }
  bool operator()(Duration a, Duration b) const {
    return b.nanoseconds == 0 ? to.fail_zero()
                              : to.give(Duration{remainder(a.nanoseconds, b.nanoseconds)});
  }
  template <class A, class B>
  bool operator()(const A& /*a*/, const B& /*b*/) const {
    return to.fail_types();
  }
};

template <class Do>
bool operate(const Operation& operation, const Node& a, const Node& b) {
  const Operand left = read_operand(a);
  const Operand right = read_operand(b);
  if (left.index() == 0 || right.index() == 0) {
    return operation.fail("invalid operand");
  }
  return operation.call.charge_steps(a.text().size() + b.text().size()) &&
         std::visit(Do{operation}, left, right);
}

bool apply_add(Call& call, Arguments arguments, Node& out) {
  return operate<Add>({call, "add", out}, arguments[0], arguments[1]);
}
bool apply_subtract(Call& call, Arguments arguments, Node& out) {
  return operate<Subtract>({call, "subtract", out}, arguments[0], arguments[1]);
}
bool apply_multiply(Call& call, Arguments arguments, Node& out) {
  return operate<Multiply>({call, "multiply", out}, arguments[0], arguments[1]);
}
bool apply_divide(Call& call, Arguments arguments, Node& out) {
  return operate<Divide>({call, "divide", out}, arguments[0], arguments[1]);
}
bool apply_modulo(Call& call, Arguments arguments, Node& out) {
  return operate<Modulo>({call, "modulo", out}, arguments[0], arguments[1]);
}

bool apply_sum(Call& call, Arguments arguments, Node& out) {
  const auto items = arguments[0].items();
  if (type_of(arguments[0]) != Type::Array) {
    return call.fail_function("sum", "Types mismatch");
  }
  if (items.empty()) {
    return call.fail_function("sum", "at least one element in the array is required");
  }
  Node total = items[0];
  for (const Node& item : items.subspan(1)) {
    Node next;
    if (!operate<Add>({call, "sum", next}, total, item)) {
      return false;
    }
    total = next;
  }
  out = total;
  return true;
}

bool apply_round(Call& call, Arguments arguments, Node& out) {
  const double places = number_of(arguments[1]);
  if (std::trunc(places) != places || !std::isfinite(places) || std::fabs(places) >= 9.3e18) {
    return call.fail_function("round", "Non-integer argument(s) passed for round off");
  }
  if (places < 0) {
    return call.fail_function(
        "round", "%!d(MISSING) argument is out of bounds (%!d(MISSING))");  // upstream's text
  }
  const double shift = go_power_of_ten(places);
  return call.give_number(std::round(number_of(arguments[0]) * shift) / shift, out);
}

constexpr std::array kTwoValues{kAnyValue, kAnyValue};
constexpr std::array kTwoNumbers{kNumber, kNumber};
constexpr std::array kOneList{kArray};

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "add",
     .parameters = kTwoValues,
     .apply = apply_add,
     .summary = "The sum of two numbers, quantities or durations.",
     .example = "add('1Gi', '512Mi') == '1536Mi'"},
    {.name = "divide",
     .parameters = kTwoValues,
     .apply = apply_divide,
     .summary = "The quotient of two numbers, of two quantities or durations (a number), or of one "
                "of these and a number.",
     .example = "divide('1h', `4`) == '15m0s'"},
    {.name = "modulo",
     .parameters = kTwoValues,
     .apply = apply_modulo,
     .summary = "What a division leaves: of two whole numbers, quantities or durations.",
     .example = "modulo(`7`, `3`) == `1`"},
    {.name = "multiply",
     .parameters = kTwoValues,
     .apply = apply_multiply,
     .summary = "The product of two numbers, or of a quantity or a duration and a number.",
     .example = "multiply('500m', `3`) == '1500m'"},
    {.name = "round",
     .parameters = kTwoNumbers,
     .returns = kNumber,
     .apply = apply_round,
     .summary = "A number rounded to so many decimal places.",
     .example = "round(`9.414675`, `2`) == `9.41`"},
    {.name = "subtract",
     .parameters = kTwoValues,
     .apply = apply_subtract,
     .summary = "The difference of two numbers, quantities or durations.",
     .example = "subtract('1h', '30m0s') == '30m0s'"},
    {.name = "sum",
     .parameters = kOneList,
     .apply = apply_sum,
     .summary =
         "The sum of a list of numbers, quantities or durations; the list must not be empty.",
     .example = "sum(['10s', '15s']) == '25s'"},
});

}  // namespace

std::span<const Function> kyverno_arithmetic_functions() noexcept { return kFunctions; }

}  // namespace tally::jmespath
