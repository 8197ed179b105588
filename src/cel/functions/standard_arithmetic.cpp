// The arithmetic of cel-spec doc/langdef.md, "Arithmetic": int and uint are checked for overflow,
// double follows IEEE 754. Texts of errors: cel-go common/types/err.go.
#include "cel/functions/standard.hpp"
#include "cel/internal/library.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

Value int_overflow(Arena& arena) {
  return make_error(arena, ErrorCode::Overflow, "integer overflow");
}
Value uint_overflow(Arena& arena) {
  return make_error(arena, ErrorCode::Overflow, "unsigned integer overflow");
}

Value add_int(EvalContext& context, Args args) {
  std::int64_t out = 0;
  return __builtin_add_overflow(args[0].as_int(), args[1].as_int(), &out)
             ? int_overflow(context.arena)
             : Value::integer(out);
}
Value subtract_int(EvalContext& context, Args args) {
  std::int64_t out = 0;
  return __builtin_sub_overflow(args[0].as_int(), args[1].as_int(), &out)
             ? int_overflow(context.arena)
             : Value::integer(out);
}
Value multiply_int(EvalContext& context, Args args) {
  std::int64_t out = 0;
  return __builtin_mul_overflow(args[0].as_int(), args[1].as_int(), &out)
             ? int_overflow(context.arena)
             : Value::integer(out);
}
Value divide_int(EvalContext& context, Args args) {
  if (args[1].as_int() == 0) {
    return make_error(context.arena, ErrorCode::DivideByZero, "division by zero");
  }
  if (args[0].as_int() == INT64_MIN && args[1].as_int() == -1) {
    return int_overflow(context.arena);
  }
  return Value::integer(args[0].as_int() / args[1].as_int());
}
Value modulo_int(EvalContext& context, Args args) {
  if (args[1].as_int() == 0) {
    return make_error(context.arena, ErrorCode::ModulusByZero, "modulus by zero");
  }
  if (args[0].as_int() == INT64_MIN && args[1].as_int() == -1) {
    return int_overflow(context.arena);
  }
  return Value::integer(args[0].as_int() % args[1].as_int());
}
Value negate_int(EvalContext& context, Args args) {
  return args[0].as_int() == INT64_MIN ? int_overflow(context.arena)
                                       : Value::integer(-args[0].as_int());
}

Value add_uint(EvalContext& context, Args args) {
  std::uint64_t out = 0;
  return __builtin_add_overflow(args[0].as_uint(), args[1].as_uint(), &out)
             ? uint_overflow(context.arena)
             : Value::unsigned_integer(out);
}
Value subtract_uint(EvalContext& context, Args args) {
  std::uint64_t out = 0;
  return __builtin_sub_overflow(args[0].as_uint(), args[1].as_uint(), &out)
             ? uint_overflow(context.arena)
             : Value::unsigned_integer(out);
}
Value multiply_uint(EvalContext& context, Args args) {
  std::uint64_t out = 0;
  return __builtin_mul_overflow(args[0].as_uint(), args[1].as_uint(), &out)
             ? uint_overflow(context.arena)
             : Value::unsigned_integer(out);
}
Value divide_uint(EvalContext& context, Args args) {
  return args[1].as_uint() == 0
             ? make_error(context.arena, ErrorCode::DivideByZero, "division by zero")
             : Value::unsigned_integer(args[0].as_uint() / args[1].as_uint());
}
Value modulo_uint(EvalContext& context, Args args) {
  return args[1].as_uint() == 0
             ? make_error(context.arena, ErrorCode::ModulusByZero, "modulus by zero")
             : Value::unsigned_integer(args[0].as_uint() % args[1].as_uint());
}

Value add_double(EvalContext&, Args args) {
  return Value::real(args[0].as_double() + args[1].as_double());
}
Value subtract_double(EvalContext&, Args args) {
  return Value::real(args[0].as_double() - args[1].as_double());
}
Value multiply_double(EvalContext&, Args args) {
  return Value::real(args[0].as_double() * args[1].as_double());
}
Value divide_double(EvalContext&, Args args) {
  const double divisor = args[1].as_double();
#if defined(__clang__)
  // IEEE 754 defines division by zero; the sanitizer's opinion is about C++.
  volatile double exact = divisor;
  return Value::real(args[0].as_double() / exact);
#else
  return Value::real(args[0].as_double() / divisor);
#endif
}
Value negate_double(EvalContext&, Args args) { return Value::real(-args[0].as_double()); }

Value too_long(Arena& arena) {
  return make_error(arena, ErrorCode::Overflow, "string exceeds the limit of 64 MiB");
}

Value add_string(EvalContext& context, Args args) {
  if (args[0].text().size() + args[1].text().size() > kTextBytesMax) {
    return too_long(context.arena);
  }
  return Value::string(context.arena.concat({args[0].text(), args[1].text()}));
}
Value add_bytes(EvalContext& context, Args args) {
  if (args[0].text().size() + args[1].text().size() > kTextBytesMax) {
    return too_long(context.arena);
  }
  return Value::bytes(context.arena.concat({args[0].text(), args[1].text()}));
}

Value add_list(EvalContext& context, Args args) {
  const std::size_t left = list_size(args[0]);
  const std::size_t right = list_size(args[1]);
  if (right == 0) {
    return args[0];
  }
  if (left == 0) {
    return args[1];
  }
  if (left + right > kTextBytesMax / sizeof(Value)) {
    return make_error(context.arena, ErrorCode::Overflow, "list exceeds the limit of 64 MiB");
  }
  auto* items = context.arena.allocate_array<Value>(left + right);
  for (std::size_t i = 0; i < left; ++i) {
    items[i] = list_at(context.arena, args[0], i);
  }
  for (std::size_t i = 0; i < right; ++i) {
    items[left + i] = list_at(context.arena, args[1], i);
  }
  return Value::list({items, left + right});
}

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// cel-go common/types/overflow.go, addTimeDurationChecked.
Value shift_timestamp(Arena& arena, const Value& time, std::int64_t nanoseconds) {
  std::int64_t seconds = time.as_int() + nanoseconds / kNanosecondsPerSecond;
  std::int64_t rest = time.nanoseconds() + nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {
    rest += kNanosecondsPerSecond;
    --seconds;
  } else if (rest >= kNanosecondsPerSecond) {
    rest -= kNanosecondsPerSecond;
    ++seconds;
  }
  if (seconds < scalar::kTimestampSecondsMin || seconds > scalar::kTimestampSecondsMax) {
    return make_error(arena, ErrorCode::Overflow, "timestamp overflow");
  }
  return Value::timestamp(seconds, static_cast<std::uint32_t>(rest));
}

Value add_duration_duration(EvalContext& context, Args args) {
  std::int64_t out = 0;
  return __builtin_add_overflow(args[0].as_int(), args[1].as_int(), &out)
             ? int_overflow(context.arena)
             : Value::duration(out);
}
Value add_duration_timestamp(EvalContext& context, Args args) {
  return shift_timestamp(context.arena, args[1], args[0].as_int());
}
Value add_timestamp_duration(EvalContext& context, Args args) {
  return shift_timestamp(context.arena, args[0], args[1].as_int());
}
Value subtract_duration_duration(EvalContext& context, Args args) {
  std::int64_t out = 0;
  return __builtin_sub_overflow(args[0].as_int(), args[1].as_int(), &out)
             ? int_overflow(context.arena)
             : Value::duration(out);
}
Value subtract_timestamp_duration(EvalContext& context, Args args) {
  return args[1].as_int() == INT64_MIN ? int_overflow(context.arena)
                                       : shift_timestamp(context.arena, args[0], -args[1].as_int());
}
Value subtract_timestamp_timestamp(EvalContext& context, Args args) {
  const std::int64_t seconds = args[0].as_int() - args[1].as_int();
  const std::int64_t rest =
      std::int64_t{args[0].nanoseconds()} - std::int64_t{args[1].nanoseconds()};
  std::int64_t out = 0;
  if (__builtin_mul_overflow(seconds, kNanosecondsPerSecond, &out) ||
      __builtin_add_overflow(out, rest, &out)) {
    return int_overflow(context.arena);
  }
  return Value::duration(out);
}

constexpr Overload kAdd[] = {
    {.id = "add_bytes", .signature = "(bytes, bytes) -> bytes", .apply = add_bytes},
    {.id = "add_double", .signature = "(double, double) -> double", .apply = add_double},
    {.id = "add_duration_duration",
     .signature = "(duration, duration) -> duration",
     .apply = add_duration_duration},
    {.id = "add_duration_timestamp",
     .signature = "(duration, timestamp) -> timestamp",
     .apply = add_duration_timestamp},
    {.id = "add_timestamp_duration",
     .signature = "(timestamp, duration) -> timestamp",
     .apply = add_timestamp_duration},
    {.id = "add_int64", .signature = "(int, int) -> int", .apply = add_int},
    {.id = "add_list", .signature = "(list(A), list(A)) -> list(A)", .apply = add_list},
    {.id = "add_string", .signature = "(string, string) -> string", .apply = add_string},
    {.id = "add_uint64", .signature = "(uint, uint) -> uint", .apply = add_uint},
};
constexpr Overload kDivide[] = {
    {.id = "divide_double", .signature = "(double, double) -> double", .apply = divide_double},
    {.id = "divide_int64", .signature = "(int, int) -> int", .apply = divide_int},
    {.id = "divide_uint64", .signature = "(uint, uint) -> uint", .apply = divide_uint},
};
constexpr Overload kModulo[] = {
    {.id = "modulo_int64", .signature = "(int, int) -> int", .apply = modulo_int},
    {.id = "modulo_uint64", .signature = "(uint, uint) -> uint", .apply = modulo_uint},
};
constexpr Overload kMultiply[] = {
    {.id = "multiply_double", .signature = "(double, double) -> double", .apply = multiply_double},
    {.id = "multiply_int64", .signature = "(int, int) -> int", .apply = multiply_int},
    {.id = "multiply_uint64", .signature = "(uint, uint) -> uint", .apply = multiply_uint},
};
constexpr Overload kNegate[] = {
    {.id = "negate_double", .signature = "(double) -> double", .apply = negate_double},
    {.id = "negate_int64", .signature = "(int) -> int", .apply = negate_int},
};
constexpr Overload kSubtract[] = {
    {.id = "subtract_double", .signature = "(double, double) -> double", .apply = subtract_double},
    {.id = "subtract_duration_duration",
     .signature = "(duration, duration) -> duration",
     .apply = subtract_duration_duration},
    {.id = "subtract_int64", .signature = "(int, int) -> int", .apply = subtract_int},
    {.id = "subtract_timestamp_duration",
     .signature = "(timestamp, duration) -> timestamp",
     .apply = subtract_timestamp_duration},
    {.id = "subtract_timestamp_timestamp",
     .signature = "(timestamp, timestamp) -> duration",
     .apply = subtract_timestamp_timestamp},
    {.id = "subtract_uint64", .signature = "(uint, uint) -> uint", .apply = subtract_uint},
};

constexpr Function kFunctions[] = {
    {.name = "_+_",
     .overloads = kAdd,
     .summary = "Sum of numbers, times and durations; concatenation of strings, bytes and lists."},
    {.name = "_/_",
     .overloads = kDivide,
     .summary = "Quotient; of int and uint rounded towards zero, an error when dividing by zero."},
    {.name = "_%_", .overloads = kModulo, .summary = "Remainder, with the sign of the dividend."},
    {.name = "_*_", .overloads = kMultiply, .summary = "Product; an error on overflow."},
    {.name = "-_", .overloads = kNegate, .summary = "The number with the opposite sign."},
    {.name = "_-_",
     .overloads = kSubtract,
     .summary = "Difference of numbers, times and durations."},
};

}  // namespace

std::span<const Function> standard_arithmetic_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
