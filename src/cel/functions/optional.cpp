// Optional values: cel-go cel/library.go, OptionalTypes. or() and orValue() evaluate their argument
// always; `.?` and `[?]` are operators of the evaluator.
#include "cel/functions/standard.hpp"

namespace tally::cel {
namespace {

using Args = std::span<const Value>;

Value of(EvalContext& context, Args args) { return make_optional(context.arena, args[0]); }

Value none(EvalContext&, Args) { return Value::optional(nullptr); }

// cel-go's traits.Zeroer.
bool is_zero(const Value& value) {
  switch (value.kind()) {
    case ValueKind::Null:
      return true;
    case ValueKind::Bool:
      return !value.as_bool();
    case ValueKind::Int:
    case ValueKind::Duration:
      return value.as_int() == 0;
    case ValueKind::Uint:
      return value.as_uint() == 0;
    case ValueKind::Double:
      return value.as_double() == 0;
    case ValueKind::String:
    case ValueKind::Bytes:
      return value.text().empty();
    case ValueKind::List:
      return list_size(value) == 0;
    case ValueKind::Map:
      return map_size(value) == 0;
    case ValueKind::Timestamp:  // Go's zero time is the year 1
      return value.as_int() == -62135596800 && value.nanoseconds() == 0;
    case ValueKind::Optional:
      return value.held() == nullptr || is_zero(*value.held());
    default:
      return false;
  }
}

Value of_non_zero(EvalContext& context, Args args) {
  return is_zero(args[0]) ? Value::optional(nullptr) : make_optional(context.arena, args[0]);
}

Value value(EvalContext& context, Args args) {
  return args[0].held() != nullptr
             ? *args[0].held()
             : make_error(context.arena, ErrorCode::InvalidArgument, "optional.none() dereference");
}

Value has_value(EvalContext&, Args args) { return Value::boolean(args[0].held() != nullptr); }

Value or_optional(EvalContext&, Args args) { return args[0].held() != nullptr ? args[0] : args[1]; }

Value or_value(EvalContext&, Args args) {
  return args[0].held() != nullptr ? *args[0].held() : args[1];
}

Value unwrap(EvalContext& context, Args args) {
  const std::size_t size = list_size(args[0]);
  auto* items = context.arena.allocate_array<Value>(size);
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (!item.is(ValueKind::Optional)) {
      return item.is_outcome()
                 ? item
                 : make_error(context.arena, ErrorCode::InvalidArgument,
                              {"value ", to_literal(context.arena, item), " is not optional"});
    }
    if (item.held() != nullptr) {
      items[count++] = *item.held();
    }
  }
  return Value::list({items, count});
}

Value first(EvalContext& context, Args args) {
  return list_size(args[0]) == 0 ? Value::optional(nullptr)
                                 : make_optional(context.arena, list_at(context.arena, args[0], 0));
}

Value last(EvalContext& context, Args args) {
  const std::size_t size = list_size(args[0]);
  return size == 0 ? Value::optional(nullptr)
                   : make_optional(context.arena, list_at(context.arena, args[0], size - 1));
}

constexpr Overload kOf[] = {
    {.id = "optional_of", .signature = "(V) -> optional_type(V)", .apply = of}};
constexpr Overload kOfNonZero[] = {{.id = "optional_ofNonZeroValue",
                                    .signature = "(V) -> optional_type(V)",
                                    .apply = of_non_zero}};
constexpr Overload kNone[] = {
    {.id = "optional_none", .signature = "() -> optional_type(V)", .apply = none}};
constexpr Overload kValue[] = {{.id = "optional_value",
                                .signature = "(optional_type(V)) -> V",
                                .apply = value,
                                .member = true}};
constexpr Overload kHasValue[] = {{.id = "optional_hasValue",
                                   .signature = "(optional_type(V)) -> bool",
                                   .apply = has_value,
                                   .member = true}};
constexpr Overload kOr[] = {
    {.id = "optional_or_optional",
     .signature = "(optional_type(V), optional_type(V)) -> optional_type(V)",
     .apply = or_optional,
     .member = true}};
constexpr Overload kOrValue[] = {{.id = "optional_orValue_value",
                                  .signature = "(optional_type(V), V) -> V",
                                  .apply = or_value,
                                  .member = true}};
constexpr Overload kSelect[] = {
    {.id = "select_optional_field", .signature = "(dyn, string) -> optional_type(V)"}};
constexpr Overload kOptionalIndex[] = {
    {.id = "list_optindex_optional_int", .signature = "(list(V), int) -> optional_type(V)"},
    {.id = "optional_list_optindex_optional_int",
     .signature = "(optional_type(list(V)), int) -> optional_type(V)"},
    {.id = "map_optindex_optional_value", .signature = "(map(K, V), K) -> optional_type(V)"},
    {.id = "optional_map_optindex_optional_value",
     .signature = "(optional_type(map(K, V)), K) -> optional_type(V)"},
};
constexpr Overload kIndex[] = {
    {.id = "optional_list_index_int",
     .signature = "(optional_type(list(V)), int) -> optional_type(V)"},
    {.id = "optional_map_index_value",
     .signature = "(optional_type(map(K, V)), K) -> optional_type(V)"},
};
constexpr Overload kUnwrap[] = {
    {.id = "optional_unwrap", .signature = "(list(optional_type(V))) -> list(V)", .apply = unwrap}};
constexpr Overload kUnwrapMember[] = {{.id = "optional_unwrapOpt",
                                       .signature = "(list(optional_type(V))) -> list(V)",
                                       .apply = unwrap,
                                       .member = true}};
constexpr Overload kFirst[] = {{.id = "list_first",
                                .signature = "(list(V)) -> optional_type(V)",
                                .apply = first,
                                .member = true}};
constexpr Overload kLast[] = {{.id = "list_last",
                               .signature = "(list(V)) -> optional_type(V)",
                               .apply = last,
                               .member = true}};

constexpr Function kFunctions[] = {
    {.name = "optional.of",
     .library = Library::Optional,
     .overloads = kOf,
     .summary = "An optional that holds the value."},
    {.name = "optional.ofNonZeroValue",
     .library = Library::Optional,
     .overloads = kOfNonZero,
     .summary = "An optional that holds the value unless it is null, false, 0 or empty."},
    {.name = "optional.none",
     .library = Library::Optional,
     .overloads = kNone,
     .summary = "An optional that holds nothing."},
    {.name = "value",
     .library = Library::Optional,
     .overloads = kValue,
     .summary = "What the optional holds; an error when it holds nothing."},
    {.name = "hasValue",
     .library = Library::Optional,
     .overloads = kHasValue,
     .summary = "Whether the optional holds a value."},
    {.name = "or",
     .library = Library::Optional,
     .overloads = kOr,
     .summary = "The optional if it holds a value, else the other one."},
    {.name = "orValue",
     .library = Library::Optional,
     .overloads = kOrValue,
     .summary = "What the optional holds, else the given value."},
    {.name = "_?._",
     .library = Library::Optional,
     .overloads = kSelect,
     .summary = "The field as an optional: nothing when there is none.\nobject.?spec"},
    {.name = "_[?_]",
     .library = Library::Optional,
     .overloads = kOptionalIndex,
     .summary = "The element or entry as an optional.\nlabels[?'tier']"},
    {.name = "_[_]",
     .library = Library::Optional,
     .overloads = kIndex,
     .summary = "The element or entry of an optional list or map, as an optional."},
    {.name = "optional.unwrap",
     .library = Library::Optional,
     .library_version = 2,
     .overloads = kUnwrap,
     .summary = "The values of the optionals of a list that hold one."},
    {.name = "unwrapOpt",
     .library = Library::Optional,
     .library_version = 2,
     .overloads = kUnwrapMember,
     .summary = "The values of the optionals of a list that hold one."},
    {.name = "first",
     .library = Library::Optional,
     .library_version = 2,
     .overloads = kFirst,
     .summary = "The first element of a list, as an optional."},
    {.name = "last",
     .library = Library::Optional,
     .library_version = 2,
     .overloads = kLast,
     .summary = "The last element of a list, as an optional."},
};

}  // namespace

std::span<const Function> optional_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
