// The math library of cel-go (ext/math.go of v0.31), versions 0 to 2. The macros math.greatest()
// and math.least() become calls of math.@max and math.@min.
#include <array>
#include <cmath>
#include <limits>

#include "cel/cost.hpp"
#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

Value first_of(EvalContext& /*context*/, std::span<const Value> args) { return args[0]; }

enum class Extreme : std::uint8_t { Least, Greatest };

constexpr std::string_view name_of(Extreme extreme) {
  return extreme == Extreme::Least ? "math.@min" : "math.@max";
}

Value choose(EvalContext& context, Extreme extreme, const Value& a, const Value& b) {
  int order = 0;
  if (!compare(a, b, order)) {
    return order == 2 ? invalid(context, {"NaN values cannot be ordered: ", name_of(extreme)})
                      : make_error(context.arena, ErrorCode::NoSuchOverload,
                                   {"no such overload: ", name_of(extreme)});
  }
  return order == (extreme == Extreme::Least ? 1 : -1) ? b : a;
}

template <Extreme kExtreme>
Value of_pair(EvalContext& context, std::span<const Value> args) {
  return choose(context, kExtreme, args[0], args[1]);
}

template <Extreme kExtreme>
Value of_list(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  if (size == 0) {
    return invalid(context, {name_of(kExtreme), "(list) argument must not be empty"});
  }
  Value best = list_at(context.arena, args[0], 0);
  for (std::size_t i = 1; i < size && !best.is_outcome(); ++i) {
    best = choose(context, kExtreme, best, list_at(context.arena, args[0], i));
  }
  if (!best.is(ValueKind::Int) && !best.is(ValueKind::Uint) && !best.is(ValueKind::Double) &&
      !best.is_outcome()) {
    return make_error(context.arena, ErrorCode::NoSuchOverload,
                      {"no such overload: ", name_of(kExtreme)});
  }
  return best;
}

// ext/math.go, trackMathListCost.
std::uint64_t charge_list(EvalContext& /*context*/, std::span<const Value> args,
                          const Value& /*result*/) {
  return 1 + actual_size(args[0]);
}

template <double (*kFunction)(double)>
Value of_double(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::real(kFunction(args[0].as_double()));
}

template <bool (*kTest)(double)>
Value test_double(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::boolean(kTest(args[0].as_double()));
}

double ceil_of(double value) { return std::ceil(value); }
double floor_of(double value) { return std::floor(value); }
double round_of(double value) { return std::round(value); }
double trunc_of(double value) { return std::trunc(value); }
double absolute(double value) { return std::fabs(value); }
double sign_of(double value) {
  return std::isnan(value) ? value : value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0;
}
bool is_infinite(double value) { return std::isinf(value); }
bool is_nan(double value) { return std::isnan(value); }
bool is_finite(double value) { return std::isfinite(value); }

Value absolute_int(EvalContext& context, std::span<const Value> args) {
  const std::int64_t value = args[0].as_int();
  if (value == std::numeric_limits<std::int64_t>::min()) {
    return make_error(context.arena, ErrorCode::Overflow, "integer overflow");
  }
  return Value::integer(value < 0 ? -value : value);
}

Value sign_int(EvalContext& /*context*/, std::span<const Value> args) {
  const std::int64_t value = args[0].as_int();
  return Value::integer(value > 0 ? 1 : value < 0 ? -1 : 0);
}

Value sign_uint(EvalContext& /*context*/, std::span<const Value> args) {
  return Value::unsigned_integer(args[0].as_uint() == 0 ? 0 : 1);
}

Value square_root(EvalContext& /*context*/, std::span<const Value> args) {
  const Value& value = args[0];
  return Value::real(std::sqrt(value.is(ValueKind::Int)    ? static_cast<double>(value.as_int())
                               : value.is(ValueKind::Uint) ? static_cast<double>(value.as_uint())
                                                           : value.as_double()));
}

// Bits are those of two's complement; a Value holds int and uint in the same 64 bits.
Value with_bits(const Value& like, std::uint64_t bits) {
  return like.is(ValueKind::Int) ? Value::integer(static_cast<std::int64_t>(bits))
                                 : Value::unsigned_integer(bits);
}

enum class Bits : std::uint8_t { And, Or, Xor };

template <Bits kBits>
Value combine(EvalContext& /*context*/, std::span<const Value> args) {
  const std::uint64_t a = args[0].as_uint();
  const std::uint64_t b = args[1].as_uint();
  return with_bits(args[0], kBits == Bits::And ? (a & b) : kBits == Bits::Or ? (a | b) : (a ^ b));
}

Value complement(EvalContext& /*context*/, std::span<const Value> args) {
  return with_bits(args[0], ~args[0].as_uint());
}

enum class Direction : std::uint8_t { Left, Right };

// Shifts fill with zeros, those of signed numbers to the right too.
template <Direction kDirection>
Value shift(EvalContext& context, std::span<const Value> args) {
  const std::int64_t distance = args[1].as_int();
  if (distance < 0) {
    return invalid(context, {"math.bitShift", kDirection == Direction::Left ? "Left" : "Right",
                             "() negative offset: ", decimal(context.arena, distance)});
  }
  const std::uint64_t bits = args[0].as_uint();
  const std::uint64_t shifted = distance >= 64                  ? 0
                                : kDirection == Direction::Left ? bits << distance
                                                                : bits >> distance;
  return with_bits(args[0], shifted);
}

constexpr auto kMin = std::to_array<Overload>({
    {.id = "math_@min_double", .signature = "(double) -> double", .apply = first_of},
    {.id = "math_@min_int", .signature = "(int) -> int", .apply = first_of},
    {.id = "math_@min_uint", .signature = "(uint) -> uint", .apply = first_of},
    {.id = "math_@min_double_double",
     .signature = "(double, double) -> double",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_int_int", .signature = "(int, int) -> int", .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_uint_uint",
     .signature = "(uint, uint) -> uint",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_int_uint",
     .signature = "(int, uint) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_int_double",
     .signature = "(int, double) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_double_int",
     .signature = "(double, int) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_double_uint",
     .signature = "(double, uint) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_uint_int",
     .signature = "(uint, int) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_uint_double",
     .signature = "(uint, double) -> dyn",
     .apply = of_pair<Extreme::Least>},
    {.id = "math_@min_list_double",
     .signature = "(list(double)) -> double",
     .apply = of_list<Extreme::Least>,
     .charge = charge_list},
    {.id = "math_@min_list_int",
     .signature = "(list(int)) -> int",
     .apply = of_list<Extreme::Least>,
     .charge = charge_list},
    {.id = "math_@min_list_uint",
     .signature = "(list(uint)) -> uint",
     .apply = of_list<Extreme::Least>,
     .charge = charge_list},
});
constexpr auto kMax = std::to_array<Overload>({
    {.id = "math_@max_double", .signature = "(double) -> double", .apply = first_of},
    {.id = "math_@max_int", .signature = "(int) -> int", .apply = first_of},
    {.id = "math_@max_uint", .signature = "(uint) -> uint", .apply = first_of},
    {.id = "math_@max_double_double",
     .signature = "(double, double) -> double",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_int_int",
     .signature = "(int, int) -> int",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_uint_uint",
     .signature = "(uint, uint) -> uint",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_int_uint",
     .signature = "(int, uint) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_int_double",
     .signature = "(int, double) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_double_int",
     .signature = "(double, int) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_double_uint",
     .signature = "(double, uint) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_uint_int",
     .signature = "(uint, int) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_uint_double",
     .signature = "(uint, double) -> dyn",
     .apply = of_pair<Extreme::Greatest>},
    {.id = "math_@max_list_double",
     .signature = "(list(double)) -> double",
     .apply = of_list<Extreme::Greatest>,
     .charge = charge_list},
    {.id = "math_@max_list_int",
     .signature = "(list(int)) -> int",
     .apply = of_list<Extreme::Greatest>,
     .charge = charge_list},
    {.id = "math_@max_list_uint",
     .signature = "(list(uint)) -> uint",
     .apply = of_list<Extreme::Greatest>,
     .charge = charge_list},
});
constexpr auto kCeil = std::to_array<Overload>({
    {.id = "math_ceil_double", .signature = "(double) -> double", .apply = of_double<ceil_of>},
});
constexpr auto kFloor = std::to_array<Overload>({
    {.id = "math_floor_double", .signature = "(double) -> double", .apply = of_double<floor_of>},
});
constexpr auto kRound = std::to_array<Overload>({
    {.id = "math_round_double", .signature = "(double) -> double", .apply = of_double<round_of>},
});
constexpr auto kTrunc = std::to_array<Overload>({
    {.id = "math_trunc_double", .signature = "(double) -> double", .apply = of_double<trunc_of>},
});
constexpr auto kIsInf = std::to_array<Overload>({
    {.id = "math_isInf_double", .signature = "(double) -> bool", .apply = test_double<is_infinite>},
});
constexpr auto kIsNan = std::to_array<Overload>({
    {.id = "math_isNaN_double", .signature = "(double) -> bool", .apply = test_double<is_nan>},
});
constexpr auto kIsFinite = std::to_array<Overload>({
    {.id = "math_isFinite_double",
     .signature = "(double) -> bool",
     .apply = test_double<is_finite>},
});
constexpr auto kAbs = std::to_array<Overload>({
    {.id = "math_abs_double", .signature = "(double) -> double", .apply = of_double<absolute>},
    {.id = "math_abs_int", .signature = "(int) -> int", .apply = absolute_int},
    {.id = "math_abs_uint", .signature = "(uint) -> uint", .apply = first_of},
});
constexpr auto kSign = std::to_array<Overload>({
    {.id = "math_sign_double", .signature = "(double) -> double", .apply = of_double<sign_of>},
    {.id = "math_sign_int", .signature = "(int) -> int", .apply = sign_int},
    {.id = "math_sign_uint", .signature = "(uint) -> uint", .apply = sign_uint},
});
constexpr auto kAnd = std::to_array<Overload>({
    {.id = "math_bitAnd_int_int", .signature = "(int, int) -> int", .apply = combine<Bits::And>},
    {.id = "math_bitAnd_uint_uint",
     .signature = "(uint, uint) -> uint",
     .apply = combine<Bits::And>},
});
constexpr auto kOr = std::to_array<Overload>({
    {.id = "math_bitOr_int_int", .signature = "(int, int) -> int", .apply = combine<Bits::Or>},
    {.id = "math_bitOr_uint_uint", .signature = "(uint, uint) -> uint", .apply = combine<Bits::Or>},
});
constexpr auto kXor = std::to_array<Overload>({
    {.id = "math_bitXor_int_int", .signature = "(int, int) -> int", .apply = combine<Bits::Xor>},
    {.id = "math_bitXor_uint_uint",
     .signature = "(uint, uint) -> uint",
     .apply = combine<Bits::Xor>},
});
constexpr auto kNot = std::to_array<Overload>({
    {.id = "math_bitNot_int_int", .signature = "(int) -> int", .apply = complement},
    {.id = "math_bitNot_uint_uint", .signature = "(uint) -> uint", .apply = complement},
});
constexpr auto kShiftLeft = std::to_array<Overload>({
    {.id = "math_bitShiftLeft_int_int",
     .signature = "(int, int) -> int",
     .apply = shift<Direction::Left>},
    {.id = "math_bitShiftLeft_uint_int",
     .signature = "(uint, int) -> uint",
     .apply = shift<Direction::Left>},
});
constexpr auto kShiftRight = std::to_array<Overload>({
    {.id = "math_bitShiftRight_int_int",
     .signature = "(int, int) -> int",
     .apply = shift<Direction::Right>},
    {.id = "math_bitShiftRight_uint_int",
     .signature = "(uint, int) -> uint",
     .apply = shift<Direction::Right>},
});
constexpr auto kSqrt = std::to_array<Overload>({
    {.id = "math_sqrt_double", .signature = "(double) -> double", .apply = square_root},
    {.id = "math_sqrt_int", .signature = "(int) -> double", .apply = square_root},
    {.id = "math_sqrt_uint", .signature = "(uint) -> double", .apply = square_root},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "math.@min",
     .library = Library::Math,
     .overloads = kMin,
     .summary = "What the macro math.least(a, b, ...) calls: the least of several numbers.\n"
                "math.least(3, -2.0, 1u) == -2.0"},
    {.name = "math.@max",
     .library = Library::Math,
     .overloads = kMax,
     .summary = "What the macro math.greatest(a, b, ...) calls: the greatest of several numbers.\n"
                "math.greatest([1, 5, 3]) == 5"},
    {.name = "math.ceil",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kCeil,
     .summary = "The nearest whole number above.\nmath.ceil(1.2) == 2.0"},
    {.name = "math.floor",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kFloor,
     .summary = "The nearest whole number below.\nmath.floor(1.8) == 1.0"},
    {.name = "math.round",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kRound,
     .summary = "The nearest whole number; halves go away from zero.\nmath.round(-1.5) == -2.0"},
    {.name = "math.trunc",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kTrunc,
     .summary = "The whole part of a number.\nmath.trunc(-1.8) == -1.0"},
    {.name = "math.isInf",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kIsInf,
     .summary = "Whether a number is infinite.\nmath.isInf(1.0 / 0.0)"},
    {.name = "math.isNaN",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kIsNan,
     .summary = "Whether a number is not a number.\nmath.isNaN(0.0 / 0.0)"},
    {.name = "math.isFinite",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kIsFinite,
     .summary = "Whether a number is neither infinite nor NaN.\nmath.isFinite(1.2)"},
    {.name = "math.abs",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kAbs,
     .summary = "A number without its sign; the smallest int has no such value.\n"
                "math.abs(-1) == 1"},
    {.name = "math.sign",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kSign,
     .summary = "-1, 0 or 1 in the type of the number.\nmath.sign(-42) == -1"},
    {.name = "math.bitAnd",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kAnd,
     .summary = "The bits that both numbers have.\nmath.bitAnd(3u, 2u) == 2u"},
    {.name = "math.bitOr",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kOr,
     .summary = "The bits that either number has.\nmath.bitOr(1, 2) == 3"},
    {.name = "math.bitXor",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kXor,
     .summary = "The bits that exactly one of the numbers has.\nmath.bitXor(3, 5) == 6"},
    {.name = "math.bitNot",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kNot,
     .summary = "Every bit turned over.\nmath.bitNot(1) == -2"},
    {.name = "math.bitShiftLeft",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kShiftLeft,
     .summary = "The bits moved up; 0 after 64 places.\nmath.bitShiftLeft(1, 2) == 4"},
    {.name = "math.bitShiftRight",
     .library = Library::Math,
     .library_version = 1,
     .overloads = kShiftRight,
     .summary = "The bits moved down, filled up with zeros.\nmath.bitShiftRight(1024, 2) == 256"},
    {.name = "math.sqrt",
     .library = Library::Math,
     .library_version = 2,
     .overloads = kSqrt,
     .summary = "The square root; NaN of a negative number.\nmath.sqrt(81) == 9.0"},
});

}  // namespace

std::span<const Function> math_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
