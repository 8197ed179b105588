// Messages of google.protobuf that CEL knows as values of its own: wrappers are their value,
// Struct is a map, ListValue a list, Timestamp and Duration what they are called (cel-spec
// doc/langdef.md, "Dynamic Values").
#include <cmath>
#include <limits>

#include "cel/internal/code.hpp"
#include "scalar/time_text.hpp"

namespace tally::cel {
namespace {

struct Fields {
  std::span<const std::string_view> names;
  std::span<const Value> values;

  // Null when the field is not set.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (std::size_t i = names.size(); i-- > 0;) {
      if (names[i] == name) {
        return &values[i];
      }
    }
    return nullptr;
  }
};

Value bad_field(Arena& arena, std::string_view type, const Value& value) {
  return make_error(arena, ErrorCode::InvalidArgument,
                    {"unsupported field type for ", type, ": ", type_name(value)});
}

Value range_error(Arena& arena, std::string_view type) {
  return make_error(arena, ErrorCode::Overflow, {"range error converting to ", type});
}

struct BoxedScalar {
  std::string_view name;
  ValueKind kind;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

constexpr BoxedScalar kBoxedScalars[] = {
    {"google.protobuf.BoolValue", ValueKind::Bool},
    {"google.protobuf.BytesValue", ValueKind::Bytes},
    {"google.protobuf.DoubleValue", ValueKind::Double},
    {"google.protobuf.FloatValue", ValueKind::Double},
    {"google.protobuf.Int32Value", ValueKind::Int, INT32_MIN, INT32_MAX},
    {"google.protobuf.Int64Value", ValueKind::Int, INT64_MIN, INT64_MAX},
    {"google.protobuf.StringValue", ValueKind::String},
    {"google.protobuf.UInt32Value", ValueKind::Uint, 0, UINT32_MAX},
    {"google.protobuf.UInt64Value", ValueKind::Uint, 0, INT64_MAX},
};

Value wrapped(Arena& arena, const BoxedScalar& boxed, const Value* value) {
  if (value == nullptr) {
    switch (boxed.kind) {
      case ValueKind::Bool:
        return Value::boolean(false);
      case ValueKind::Bytes:
        return Value::bytes({});
      case ValueKind::Double:
        return Value::real(0);
      case ValueKind::Int:
        return Value::integer(0);
      case ValueKind::String:
        return Value::string({});
      default:
        return Value::unsigned_integer(0);
    }
  }
  if (!value->is(boxed.kind)) {
    return bad_field(arena, boxed.name, *value);
  }
  if (boxed.kind == ValueKind::Int &&
      (value->as_int() < boxed.min || value->as_int() > boxed.max)) {
    return range_error(arena, boxed.name);
  }
  if (boxed.kind == ValueKind::Uint && boxed.max == UINT32_MAX && value->as_uint() > UINT32_MAX) {
    return range_error(arena, boxed.name);
  }
  if (boxed.name == "google.protobuf.FloatValue") {
    const double d = value->as_double();
    if (std::isfinite(d) && std::fabs(d) > double{std::numeric_limits<float>::max()}) {
      return Value::real(d < 0 ? -std::numeric_limits<double>::infinity()
                               : std::numeric_limits<double>::infinity());
    }
    return Value::real(double{static_cast<float>(d)});
  }
  return *value;
}

bool integer_field(const Fields& fields, std::string_view name, std::int64_t& out) {
  const Value* value = fields.find(name);
  if (value == nullptr) {
    out = 0;
    return true;
  }
  if (!value->is(ValueKind::Int)) {
    return false;
  }
  out = value->as_int();
  return true;
}

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

Value timestamp(Arena& arena, const Fields& fields) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (!integer_field(fields, "seconds", seconds) || !integer_field(fields, "nanos", nanoseconds)) {
    return no_such_overload();
  }
  if (seconds < scalar::kTimestampSecondsMin || seconds > scalar::kTimestampSecondsMax ||
      nanoseconds < 0 || nanoseconds >= kNanosecondsPerSecond) {
    return make_error(arena, ErrorCode::Overflow, "timestamp overflow");
  }
  return Value::timestamp(seconds, static_cast<std::uint32_t>(nanoseconds));
}

Value duration(Arena& arena, const Fields& fields) {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (!integer_field(fields, "seconds", seconds) || !integer_field(fields, "nanos", nanoseconds)) {
    return no_such_overload();
  }
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, kNanosecondsPerSecond, &total) ||
      __builtin_add_overflow(total, nanoseconds, &total)) {
    return make_error(arena, ErrorCode::Overflow, "duration overflow");
  }
  return Value::duration(total);
}

// google.protobuf.Value: JSON, whose numbers are doubles.
Value json_value(Arena& arena, const Fields& fields) {
  if (fields.names.empty()) {
    return Value::null();
  }
  const std::string_view name = fields.names.back();
  const Value& value = fields.values.back();
  const auto expect = [&](ValueKind kind) {
    return value.is(kind) ? value : bad_field(arena, "google.protobuf.Value", value);
  };
  if (name == "null_value") {
    return Value::null();
  }
  if (name == "bool_value") {
    return expect(ValueKind::Bool);
  }
  if (name == "string_value") {
    return expect(ValueKind::String);
  }
  if (name == "number_value") {
    return expect(ValueKind::Double);
  }
  if (name == "struct_value") {
    return expect(ValueKind::Map);
  }
  if (name == "list_value") {
    return expect(ValueKind::List);
  }
  return make_error(arena, ErrorCode::NoSuchField, {"no such field '", name, "'"});
}

// google.protobuf.Struct: a map whose keys are strings.
Value json_struct(Arena& arena, const Fields& fields) {
  const Value* value = fields.find("fields");
  if (value == nullptr) {
    return MapBuilder(arena, 0).finish();
  }
  if (!value->is(ValueKind::Map)) {
    return bad_field(arena, "google.protobuf.Struct", *value);
  }
  const std::size_t size = map_size(*value);
  for (std::size_t i = 0; i < size; ++i) {
    if (const Value key = map_key_at(arena, *value, i); !key.is(ValueKind::String)) {
      return make_error(arena, ErrorCode::InvalidArgument,
                        {"bad key type: ", type_name(key), ", expected string"});
    }
  }
  return *value;
}

}  // namespace

Value make_struct(Arena& arena, std::string_view type, std::span<const std::string_view> fields,
                  std::span<const Value> values) {
  const Fields given{fields, values};
  for (const BoxedScalar& boxed : kBoxedScalars) {
    if (boxed.name == type) {
      return wrapped(arena, boxed, given.find("value"));
    }
  }
  if (type == "google.protobuf.Timestamp") {
    return timestamp(arena, given);
  }
  if (type == "google.protobuf.Duration") {
    return duration(arena, given);
  }
  if (type == "google.protobuf.Value") {
    return json_value(arena, given);
  }
  if (type == "google.protobuf.Struct") {
    return json_struct(arena, given);
  }
  if (type == "google.protobuf.ListValue") {
    const Value* value = given.find("values");
    if (value == nullptr) {
      return Value::list(std::span<const Value>{});
    }
    return value->is(ValueKind::List) ? *value : bad_field(arena, type, *value);
  }
  return make_error(arena, ErrorCode::InvalidArgument, {"unknown type: ", type});
}

}  // namespace tally::cel
