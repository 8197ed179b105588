// Logic, equality, order, membership, indexing, size and types: cel-spec doc/langdef.md, "Logical
// Operators", "Equality", "Ordering", "Aggregate values".
#include <cmath>

#include "cel/functions/standard.hpp"
#include "cel/internal/text_size.hpp"
#include "cel/type.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

Value logical_not(EvalContext&, Args args) { return Value::boolean(!args[0].as_bool()); }

Value equals(EvalContext& context, Args args) {
  return Value::boolean(equal(context.arena, args[0], args[1]));
}
Value not_equals(EvalContext& context, Args args) {
  return Value::boolean(!equal(context.arena, args[0], args[1]));
}

template <class Test>
Value ordered(EvalContext& context, Args args, Test test) {
  int order = 0;
  if (!compare(args[0], args[1], order)) {
    return no_such_overload();
  }
  // cel-go orders NaN against nothing: "NaN values cannot be ordered".
  if (order == 2) {
    return make_error(context.arena, ErrorCode::InvalidArgument, "NaN values cannot be ordered");
  }
  return Value::boolean(test(order));
}

Value less(EvalContext& context, Args args) {
  return ordered(context, args, [](int order) { return order < 0; });
}
Value less_equals(EvalContext& context, Args args) {
  return ordered(context, args, [](int order) { return order <= 0; });
}
Value greater(EvalContext& context, Args args) {
  return ordered(context, args, [](int order) { return order > 0; });
}
Value greater_equals(EvalContext& context, Args args) {
  return ordered(context, args, [](int order) { return order >= 0; });
}

Value in(EvalContext& context, Args args) {
  return contains_value(context.arena, args[0], args[1]);
}
Value index(EvalContext& context, Args args) {
  return index_value(context.arena, args[0], args[1]);
}

Value size(EvalContext&, Args args) {
  return Value::integer(static_cast<std::int64_t>(size_of(args[0])));
}

// Types of values, as type(x) gives them; named by the value, because equality of types is by name.
Value type_of(EvalContext& context, Args args) {
  switch (args[0].kind()) {
    case ValueKind::Null:
      return Value::type(&kNull);
    case ValueKind::Bool:
      return Value::type(&kBool);
    case ValueKind::Int:
      return Value::type(&kInt);
    case ValueKind::Uint:
      return Value::type(&kUint);
    case ValueKind::Double:
      return Value::type(&kDouble);
    case ValueKind::String:
      return Value::type(&kString);
    case ValueKind::Bytes:
      return Value::type(&kBytes);
    case ValueKind::Timestamp:
      return Value::type(&kTimestamp);
    case ValueKind::Duration:
      return Value::type(&kDuration);
    case ValueKind::List:
      return Value::type(context.arena.create<Type>(
          Type{.kind = TypeKind::List, .arg_count = 1, .args = {&kDyn, nullptr}, .name = "list"}));
    case ValueKind::Map:
      if (const HostMap* host = args[0].host_map(); host != nullptr && host->type() != nullptr) {
        return Value::type(host->type());
      }
      return Value::type(context.arena.create<Type>(
          Type{.kind = TypeKind::Map, .arg_count = 2, .args = {&kDyn, &kDyn}, .name = "map"}));
    case ValueKind::Type:
      return Value::type(context.arena.create<Type>(
          Type{.kind = TypeKind::Type, .arg_count = 1, .args = {&kDyn, nullptr}, .name = "type"}));
    case ValueKind::Optional:
      return Value::type(context.arena.create<Type>(Type{.kind = TypeKind::Optional,
                                                         .arg_count = 1,
                                                         .args = {&kDyn, nullptr},
                                                         .name = "optional_type"}));
    case ValueKind::Opaque:
      return Value::type(context.arena.create<Type>(
          Type{.kind = TypeKind::Opaque, .name = args[0].as_opaque().kind->type_name}));
    case ValueKind::Error:
    case ValueKind::Unknown:
      break;
  }
  return args[0];
}

Value to_dyn(EvalContext&, Args args) { return args[0]; }

constexpr Overload kConditional[] = {
    {.id = "conditional", .signature = "(bool, A, A) -> A"},
};
constexpr Overload kAnd[] = {{.id = "logical_and", .signature = "(bool, bool) -> bool"}};
constexpr Overload kOr[] = {{.id = "logical_or", .signature = "(bool, bool) -> bool"}};
constexpr Overload kNot[] = {
    {.id = "logical_not", .signature = "(bool) -> bool", .apply = logical_not}};
constexpr Overload kNotStrictlyFalse[] = {
    {.id = "not_strictly_false", .signature = "(bool) -> bool"}};
constexpr Overload kEquals[] = {
    {.id = "equals", .signature = "(A, A) -> bool", .apply = equals, .cost = CostRule::Equality}};
constexpr Overload kNotEquals[] = {{.id = "not_equals",
                                    .signature = "(A, A) -> bool",
                                    .apply = not_equals,
                                    .cost = CostRule::Equality}};
constexpr Overload kLess[] = {
    {.id = "less_bool", .signature = "(bool, bool) -> bool", .apply = less},
    {.id = "less_int64", .signature = "(int, int) -> bool", .apply = less},
    {.id = "less_int64_double", .signature = "(int, double) -> bool", .apply = less},
    {.id = "less_int64_uint64", .signature = "(int, uint) -> bool", .apply = less},
    {.id = "less_uint64", .signature = "(uint, uint) -> bool", .apply = less},
    {.id = "less_uint64_double", .signature = "(uint, double) -> bool", .apply = less},
    {.id = "less_uint64_int64", .signature = "(uint, int) -> bool", .apply = less},
    {.id = "less_double", .signature = "(double, double) -> bool", .apply = less},
    {.id = "less_double_int64", .signature = "(double, int) -> bool", .apply = less},
    {.id = "less_double_uint64", .signature = "(double, uint) -> bool", .apply = less},
    {.id = "less_string", .signature = "(string, string) -> bool", .apply = less},
    {.id = "less_bytes", .signature = "(bytes, bytes) -> bool", .apply = less},
    {.id = "less_timestamp", .signature = "(timestamp, timestamp) -> bool", .apply = less},
    {.id = "less_duration", .signature = "(duration, duration) -> bool", .apply = less},
};
constexpr Overload kLessEquals[] = {
    {.id = "less_equals_bool", .signature = "(bool, bool) -> bool", .apply = less_equals},
    {.id = "less_equals_int64", .signature = "(int, int) -> bool", .apply = less_equals},
    {.id = "less_equals_int64_double", .signature = "(int, double) -> bool", .apply = less_equals},
    {.id = "less_equals_int64_uint64", .signature = "(int, uint) -> bool", .apply = less_equals},
    {.id = "less_equals_uint64", .signature = "(uint, uint) -> bool", .apply = less_equals},
    {.id = "less_equals_uint64_double",
     .signature = "(uint, double) -> bool",
     .apply = less_equals},
    {.id = "less_equals_uint64_int64", .signature = "(uint, int) -> bool", .apply = less_equals},
    {.id = "less_equals_double", .signature = "(double, double) -> bool", .apply = less_equals},
    {.id = "less_equals_double_int64", .signature = "(double, int) -> bool", .apply = less_equals},
    {.id = "less_equals_double_uint64",
     .signature = "(double, uint) -> bool",
     .apply = less_equals},
    {.id = "less_equals_string", .signature = "(string, string) -> bool", .apply = less_equals},
    {.id = "less_equals_bytes", .signature = "(bytes, bytes) -> bool", .apply = less_equals},
    {.id = "less_equals_timestamp",
     .signature = "(timestamp, timestamp) -> bool",
     .apply = less_equals},
    {.id = "less_equals_duration",
     .signature = "(duration, duration) -> bool",
     .apply = less_equals},
};
constexpr Overload kGreater[] = {
    {.id = "greater_bool", .signature = "(bool, bool) -> bool", .apply = greater},
    {.id = "greater_int64", .signature = "(int, int) -> bool", .apply = greater},
    {.id = "greater_int64_double", .signature = "(int, double) -> bool", .apply = greater},
    {.id = "greater_int64_uint64", .signature = "(int, uint) -> bool", .apply = greater},
    {.id = "greater_uint64", .signature = "(uint, uint) -> bool", .apply = greater},
    {.id = "greater_uint64_double", .signature = "(uint, double) -> bool", .apply = greater},
    {.id = "greater_uint64_int64", .signature = "(uint, int) -> bool", .apply = greater},
    {.id = "greater_double", .signature = "(double, double) -> bool", .apply = greater},
    {.id = "greater_double_int64", .signature = "(double, int) -> bool", .apply = greater},
    {.id = "greater_double_uint64", .signature = "(double, uint) -> bool", .apply = greater},
    {.id = "greater_string", .signature = "(string, string) -> bool", .apply = greater},
    {.id = "greater_bytes", .signature = "(bytes, bytes) -> bool", .apply = greater},
    {.id = "greater_timestamp", .signature = "(timestamp, timestamp) -> bool", .apply = greater},
    {.id = "greater_duration", .signature = "(duration, duration) -> bool", .apply = greater},
};
constexpr Overload kGreaterEquals[] = {
    {.id = "greater_equals_bool", .signature = "(bool, bool) -> bool", .apply = greater_equals},
    {.id = "greater_equals_int64", .signature = "(int, int) -> bool", .apply = greater_equals},
    {.id = "greater_equals_int64_double",
     .signature = "(int, double) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_int64_uint64",
     .signature = "(int, uint) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_uint64", .signature = "(uint, uint) -> bool", .apply = greater_equals},
    {.id = "greater_equals_uint64_double",
     .signature = "(uint, double) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_uint64_int64",
     .signature = "(uint, int) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_double",
     .signature = "(double, double) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_double_int64",
     .signature = "(double, int) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_double_uint64",
     .signature = "(double, uint) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_string",
     .signature = "(string, string) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_bytes", .signature = "(bytes, bytes) -> bool", .apply = greater_equals},
    {.id = "greater_equals_timestamp",
     .signature = "(timestamp, timestamp) -> bool",
     .apply = greater_equals},
    {.id = "greater_equals_duration",
     .signature = "(duration, duration) -> bool",
     .apply = greater_equals},
};

constexpr Overload kIn[] = {
    {.id = "in_list",
     .signature = "(A, list(A)) -> bool",
     .apply = in,
     .cost = CostRule::ListMembership},
    {.id = "in_map", .signature = "(A, map(A, B)) -> bool", .apply = in},
};
constexpr Overload kIndex[] = {
    {.id = "index_list", .signature = "(list(A), int) -> A", .apply = index},
    {.id = "index_map", .signature = "(map(A, B), A) -> B", .apply = index},
};
constexpr Overload kSize[] = {
    {.id = "size_bytes", .signature = "(bytes) -> int", .apply = size},
    {.id = "bytes_size", .signature = "(bytes) -> int", .apply = size, .member = true},
    {.id = "size_list", .signature = "(list(A)) -> int", .apply = size},
    {.id = "list_size", .signature = "(list(A)) -> int", .apply = size, .member = true},
    {.id = "size_map", .signature = "(map(A, B)) -> int", .apply = size},
    {.id = "map_size", .signature = "(map(A, B)) -> int", .apply = size, .member = true},
    {.id = "size_string", .signature = "(string) -> int", .apply = size},
    {.id = "string_size", .signature = "(string) -> int", .apply = size, .member = true},
};
constexpr Overload kType[] = {{.id = "type", .signature = "(A) -> type(A)", .apply = type_of}};
constexpr Overload kToDyn[] = {{.id = "to_dyn", .signature = "(A) -> dyn", .apply = to_dyn}};

constexpr Function kFunctions[] = {
    {.name = "_?_:_",
     .overloads = kConditional,
     .summary = "The second or the third operand, as the first is true or false; the other is not "
                "evaluated."},
    {.name = "_&&_",
     .overloads = kAnd,
     .summary = "Both are true; false if one is, even when the other is an error."},
    {.name = "_||_",
     .overloads = kOr,
     .summary = "One of them is true, even when the other is an error."},
    {.name = "!_", .overloads = kNot, .summary = "True becomes false, false becomes true."},
    {.name = "@not_strictly_false",
     .overloads = kNotStrictlyFalse,
     .summary = "True for everything but false, errors too: the condition of all() and exists()."},
    {.name = "_==_", .overloads = kEquals, .summary = "Equality; numbers compare across types."},
    {.name = "_!=_", .overloads = kNotEquals, .summary = "The negation of equality."},
    {.name = "_<_", .overloads = kLess, .summary = "Order: the first comes before the second."},
    {.name = "_<=_", .overloads = kLessEquals, .summary = "Order: before, or equal."},
    {.name = "_>_", .overloads = kGreater, .summary = "Order: the first comes after the second."},
    {.name = "_>=_", .overloads = kGreaterEquals, .summary = "Order: after, or equal."},
    {.name = "@in",
     .overloads = kIn,
     .summary = "Whether a list has an equal element, or a map has the key."},
    {.name = "_[_]",
     .overloads = kIndex,
     .summary = "An element of a list by position from 0, or the value of a map under a key."},
    {.name = "size",
     .overloads = kSize,
     .summary = "Code points of a string, bytes, elements of a list or entries of a map."},
    {.name = "type", .overloads = kType, .summary = "The type of a value."},
    {.name = "dyn",
     .overloads = kToDyn,
     .summary = "The value itself, of which the checker then assumes nothing."},
};

// --- indexing

// cel-go common/types/list.go, IndexOrError. False: `failed` says why.
bool list_position(Arena& arena, const Value& key, std::int64_t& out, Value& failed) {
  switch (key.kind()) {
    case ValueKind::Int:
      out = key.as_int();
      return true;
    case ValueKind::Uint:
      if (key.as_uint() <= std::uint64_t{INT64_MAX}) {
        out = static_cast<std::int64_t>(key.as_uint());
        return true;
      }
      break;
    case ValueKind::Double: {
      const double d = key.as_double();
      if (std::trunc(d) == d && d > -9.0e18 && d < 9.0e18) {
        out = static_cast<std::int64_t>(d);
        return true;
      }
      break;
    }
    default:
      failed = make_error(arena, ErrorCode::InvalidArgument,
                          {"unsupported index type '", type_name(key), "' in list"});
      return false;
  }
  failed = make_error(arena, ErrorCode::InvalidArgument,
                      {"unsupported index value ", plain_text(arena, key), " in list"});
  return false;
}

enum class Found : std::uint8_t { Yes, No, Failed };

Found look_up(Arena& arena, const Value& container, const Value& key, Value& out) {
  if (container.is(ValueKind::Map)) {
    if (!map_find(arena, container, key, out)) {
      return Found::No;
    }
    return out.is_error() ? Found::Failed : Found::Yes;
  }
  if (container.is(ValueKind::List)) {
    std::int64_t at = 0;
    if (!list_position(arena, key, at, out)) {
      return Found::Failed;
    }
    if (at < 0 || static_cast<std::uint64_t>(at) >= list_size(container)) {
      return Found::No;
    }
    out = list_at(arena, container, static_cast<std::size_t>(at));
    return out.is_error() ? Found::Failed : Found::Yes;
  }
  return Found::No;
}

bool is_bad(const Value& container, BadPresence bad) noexcept {
  return bad == BadPresence::Error && !container.is(ValueKind::Map) &&
         !container.is(ValueKind::List);
}

Value no_such_key(Arena& arena, const Value& key) {
  return make_error(arena, ErrorCode::NoSuchKey, {"no such key: ", plain_text(arena, key)});
}

}  // namespace

std::span<const Function> standard_logic_functions() noexcept { return kFunctions; }

Value index_value(Arena& arena, const Value& container, const Value& key, BadPresence bad) {
  if (container.is_outcome()) {
    return container;
  }
  if (key.is_outcome()) {
    return key;
  }
  if (container.is(ValueKind::Optional)) {
    return optional_index_value(arena, container, key, bad);
  }
  Value out;
  switch (look_up(arena, container, key, out)) {
    case Found::Yes:
    case Found::Failed:
      return out;
    case Found::No:
      break;
  }
  if (container.is(ValueKind::List)) {
    return make_error(arena, ErrorCode::IndexOutOfRange,
                      {"index out of bounds: ", plain_text(arena, key)});
  }
  if (const HostMap* host = container.host_map(); host != nullptr && host->type() != nullptr) {
    return make_error(arena, ErrorCode::NoSuchField,
                      {"no such field '", plain_text(arena, key), "'"});
  }
  return no_such_key(arena, key);
}

Value optional_index_value(Arena& arena, const Value& container, const Value& key,
                           BadPresence bad) {
  if (container.is_outcome()) {
    return container;
  }
  if (key.is_outcome()) {
    return key;
  }
  const Value* in_container = &container;
  if (container.is(ValueKind::Optional)) {
    if (container.held() == nullptr) {
      return container;
    }
    in_container = container.held();
  }
  if (is_bad(*in_container, bad)) {
    return no_such_key(arena, key);
  }
  Value out;
  switch (look_up(arena, *in_container, key, out)) {
    case Found::Yes:
      return make_optional(arena, out);
    case Found::No:
      return Value::optional(nullptr);
    case Found::Failed:
      return out;
  }
  return Value::optional(nullptr);
}

Value has_field(Arena& arena, const Value& container, std::string_view field, BadPresence bad) {
  if (container.is_outcome()) {
    return container;
  }
  if (container.is(ValueKind::Optional)) {
    return container.held() == nullptr ? Value::boolean(false)
                                       : has_field(arena, *container.held(), field, bad);
  }
  if (is_bad(container, bad)) {
    return no_such_key(arena, Value::string(field));
  }
  if (const HostMap* host = container.host_map()) {
    if (host->type() == nullptr) {
      // Whether a field is there may be as unknown as its value.
      Value found;
      if (host->find(arena, Value::string(field), found) && found.is(ValueKind::Unknown)) {
        return found;
      }
    }
    return Value::boolean(host->has(arena, field));
  }
  Value out;
  switch (look_up(arena, container, Value::string(field), out)) {
    case Found::Yes:
      return Value::boolean(true);
    case Found::No:
      return Value::boolean(false);
    case Found::Failed:
      return out;
  }
  return Value::boolean(false);
}

Value contains_value(Arena& arena, const Value& item, const Value& container) {
  if (container.is(ValueKind::Map)) {
    Value found;
    const bool there = map_find(arena, container, item, found);
    return there && found.is(ValueKind::Unknown) ? found : Value::boolean(there);
  }
  if (!container.is(ValueKind::List)) {
    return no_such_overload();
  }
  const std::size_t count = list_size(container);
  for (std::size_t i = 0; i < count; ++i) {
    const Value element = list_at(arena, container, i);
    if (element.is_outcome()) {
      return element;
    }
    if (equal(arena, element, item)) {
      return Value::boolean(true);
    }
  }
  return Value::boolean(false);
}

}  // namespace tally::cel
