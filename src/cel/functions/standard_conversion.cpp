// Conversions between the types: cel-spec doc/langdef.md, "Type Conversion"; ranges, accepted texts
// and error texts as cel-go common/types (Go's strconv).
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.hpp"
#include "cel/functions/standard.hpp"
#include "cel/internal/text_size.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

Value conversion_error(Arena& arena, std::string_view from, std::string_view to) {
  return make_error(arena, ErrorCode::InvalidArgument,
                    {"type conversion error from '", from, "' to '", to, "'"});
}
Value int_overflow(Arena& arena) {
  return make_error(arena, ErrorCode::Overflow, "integer overflow");
}
Value uint_overflow(Arena& arena) {
  return make_error(arena, ErrorCode::Overflow, "unsigned integer overflow");
}

Value same(EvalContext&, Args args) { return args[0]; }

constexpr double kInt64Limit = 9223372036854775808.0;    // 2^63
constexpr double kUint64Limit = 18446744073709551616.0;  // 2^64

// --- to int

Value double_to_int(EvalContext& context, Args args) {
  const double d = args[0].as_double();
  return std::isfinite(d) && d > -kInt64Limit && d < kInt64Limit
             ? Value::integer(static_cast<std::int64_t>(d))
             : int_overflow(context.arena);
}
Value uint_to_int(EvalContext& context, Args args) {
  return args[0].as_uint() <= std::uint64_t{INT64_MAX}
             ? Value::integer(static_cast<std::int64_t>(args[0].as_uint()))
             : int_overflow(context.arena);
}
Value string_to_int(EvalContext& context, Args args) {
  std::string_view text = args[0].text();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty()
             ? Value::integer(out)
             : conversion_error(context.arena, "string", "int");
}
Value timestamp_to_int(EvalContext&, Args args) { return Value::integer(args[0].as_int()); }
Value duration_to_int(EvalContext&, Args args) { return Value::integer(args[0].as_int()); }

// --- to uint

Value double_to_uint(EvalContext& context, Args args) {
  const double d = args[0].as_double();
  return std::isfinite(d) && d >= 0 && d < kUint64Limit
             ? Value::unsigned_integer(static_cast<std::uint64_t>(d))
             : uint_overflow(context.arena);
}
Value int_to_uint(EvalContext& context, Args args) {
  return args[0].as_int() >= 0
             ? Value::unsigned_integer(static_cast<std::uint64_t>(args[0].as_int()))
             : uint_overflow(context.arena);
}
Value string_to_uint(EvalContext& context, Args args) {
  const std::string_view text = args[0].text();
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty()
             ? Value::unsigned_integer(out)
             : conversion_error(context.arena, "string", "uint");
}

// --- to double

Value int_to_double(EvalContext&, Args args) {
  return Value::real(static_cast<double>(args[0].as_int()));
}
Value uint_to_double(EvalContext&, Args args) {
  return Value::real(static_cast<double>(args[0].as_uint()));
}

// strconv.ParseFloat: decimal, hexadecimal with a binary exponent, inf, infinity and nan in any
// case. A number too big for a double is an error, one too small is zero.
bool parse_double(std::string_view text, double& out) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '-' || text.contains('(')) {
    return false;
  }
  auto format = std::chars_format::general;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    text.remove_prefix(2);
    if (text.find_first_of("pP") == std::string_view::npos) {
      return false;
    }
    format = std::chars_format::hex;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, format);
  if (end != text.data() + text.size()) {
    return false;
  }
  if (error == std::errc::result_out_of_range) {
    const auto exponent = text.find_first_of("eEpP");
    const bool tiny =
        exponent == std::string_view::npos ? text[0] == '0' : text.substr(exponent).contains('-');
    if (!tiny) {
      return false;
    }
    out = 0;
  } else if (error != std::errc{}) {
    return false;
  }
  out = negative ? -out : out;
  return true;
}

Value string_to_double(EvalContext& context, Args args) {
  double out = 0;
  return parse_double(args[0].text(), out) ? Value::real(out)
                                           : conversion_error(context.arena, "string", "double");
}

// --- to bool

// strconv.ParseBool
Value string_to_bool(EvalContext& context, Args args) {
  const std::string_view text = args[0].text();
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) {
      return Value::boolean(true);
    }
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) {
      return Value::boolean(false);
    }
  }
  return conversion_error(context.arena, "string", "bool");
}

// --- to string and bytes

Value bool_to_string(EvalContext&, Args args) {
  return Value::string(args[0].as_bool() ? "true" : "false");
}
Value number_to_string(EvalContext& context, Args args) {
  return Value::string(plain_text(context.arena, args[0]));
}
Value bytes_to_string(EvalContext& context, Args args) {
  if (find_invalid_utf8(args[0].text())) {
    return make_error(context.arena, ErrorCode::InvalidArgument,
                      "invalid UTF-8 in bytes, cannot convert to string");
  }
  return Value::string(args[0].text());
}
Value timestamp_to_string(EvalContext& context, Args args) {
  const scalar::TimeText text = scalar::timestamp_text({args[0].as_int(), args[0].nanoseconds()});
  return Value::string(context.arena.copy(text.text()));
}
Value duration_to_string(EvalContext& context, Args args) {
  return Value::string(context.arena.copy(scalar::duration_text(args[0].as_int()).text()));
}
Value string_to_bytes(EvalContext&, Args args) { return Value::bytes(args[0].text()); }

// --- to timestamp and duration

Value string_to_timestamp(EvalContext& context, Args args) {
  const auto parsed = scalar::parse_timestamp(args[0].text());
  return parsed ? Value::timestamp(parsed->seconds, parsed->nanoseconds)
                : conversion_error(context.arena, "string", "google.protobuf.Timestamp");
}
Value int_to_timestamp(EvalContext& context, Args args) {
  const std::int64_t seconds = args[0].as_int();
  return seconds >= scalar::kTimestampSecondsMin && seconds <= scalar::kTimestampSecondsMax
             ? Value::timestamp(seconds, 0)
             : make_error(context.arena, ErrorCode::Overflow, "timestamp overflow");
}
Value string_to_duration(EvalContext& context, Args args) {
  const auto parsed = scalar::parse_duration(args[0].text());
  return parsed ? Value::duration(*parsed)
                : conversion_error(context.arena, "string", "google.protobuf.Duration");
}

constexpr Overload kBoolOverloads[] = {
    {.id = "bool_to_bool", .signature = "(bool) -> bool", .apply = same},
    {.id = "string_to_bool", .signature = "(string) -> bool", .apply = string_to_bool},
};
constexpr Overload kBytesOverloads[] = {
    {.id = "bytes_to_bytes", .signature = "(bytes) -> bytes", .apply = same},
    {.id = "string_to_bytes",
     .signature = "(string) -> bytes",
     .apply = string_to_bytes,
     .cost = CostRule::TraverseFirst},
};
constexpr Overload kDoubleOverloads[] = {
    {.id = "double_to_double", .signature = "(double) -> double", .apply = same},
    {.id = "int64_to_double", .signature = "(int) -> double", .apply = int_to_double},
    {.id = "string_to_double", .signature = "(string) -> double", .apply = string_to_double},
    {.id = "uint64_to_double", .signature = "(uint) -> double", .apply = uint_to_double},
};
constexpr Overload kDurationOverloads[] = {
    {.id = "duration_to_duration", .signature = "(duration) -> duration", .apply = same},
    {.id = "string_to_duration", .signature = "(string) -> duration", .apply = string_to_duration},
};
constexpr Overload kIntOverloads[] = {
    {.id = "int64_to_int64", .signature = "(int) -> int", .apply = same},
    {.id = "double_to_int64", .signature = "(double) -> int", .apply = double_to_int},
    {.id = "duration_to_int64", .signature = "(duration) -> int", .apply = duration_to_int},
    {.id = "string_to_int64", .signature = "(string) -> int", .apply = string_to_int},
    {.id = "timestamp_to_int64", .signature = "(timestamp) -> int", .apply = timestamp_to_int},
    {.id = "uint64_to_int64", .signature = "(uint) -> int", .apply = uint_to_int},
};
constexpr Overload kStringOverloads[] = {
    {.id = "string_to_string", .signature = "(string) -> string", .apply = same},
    {.id = "bool_to_string", .signature = "(bool) -> string", .apply = bool_to_string},
    {.id = "bytes_to_string",
     .signature = "(bytes) -> string",
     .apply = bytes_to_string,
     .cost = CostRule::TraverseFirst},
    {.id = "double_to_string", .signature = "(double) -> string", .apply = number_to_string},
    {.id = "duration_to_string", .signature = "(duration) -> string", .apply = duration_to_string},
    {.id = "int64_to_string", .signature = "(int) -> string", .apply = number_to_string},
    {.id = "timestamp_to_string",
     .signature = "(timestamp) -> string",
     .apply = timestamp_to_string},
    {.id = "uint64_to_string", .signature = "(uint) -> string", .apply = number_to_string},
};
constexpr Overload kTimestampOverloads[] = {
    {.id = "timestamp_to_timestamp", .signature = "(timestamp) -> timestamp", .apply = same},
    {.id = "int64_to_timestamp", .signature = "(int) -> timestamp", .apply = int_to_timestamp},
    {.id = "string_to_timestamp",
     .signature = "(string) -> timestamp",
     .apply = string_to_timestamp},
};
constexpr Overload kUintOverloads[] = {
    {.id = "uint64_to_uint64", .signature = "(uint) -> uint", .apply = same},
    {.id = "double_to_uint64", .signature = "(double) -> uint", .apply = double_to_uint},
    {.id = "int64_to_uint64", .signature = "(int) -> uint", .apply = int_to_uint},
    {.id = "string_to_uint64", .signature = "(string) -> uint", .apply = string_to_uint},
};

constexpr Function kFunctions[] = {
    {.name = "bool", .overloads = kBoolOverloads, .summary = "Converts a text to a bool."},
    {.name = "bytes", .overloads = kBytesOverloads, .summary = "The UTF-8 bytes of a string."},
    {.name = "double",
     .overloads = kDoubleOverloads,
     .summary = "Converts a number or a text to the nearest double."},
    {.name = "duration",
     .overloads = kDurationOverloads,
     .summary = "A duration from a text such as \"1h30m\" or \"1.5s\"."},
    {.name = "int",
     .overloads = kIntOverloads,
     .summary = "Converts to int; fractions are cut off, out of range is an error."},
    {.name = "string",
     .overloads = kStringOverloads,
     .summary = "The value as text; bytes must be UTF-8."},
    {.name = "timestamp",
     .overloads = kTimestampOverloads,
     .summary = "A timestamp from an RFC 3339 text or from seconds since 1970."},
    {.name = "uint",
     .overloads = kUintOverloads,
     .summary = "Converts to uint; fractions are cut off, out of range is an error."},
};

}  // namespace

std::span<const Function> standard_conversion_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
