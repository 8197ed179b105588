// The library kubernetes.lists (k8s.io/apiserver v0.36, pkg/cel/library/lists.go).
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

Value is_sorted(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  Value previous;
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (item.is_outcome()) {
      return item;
    }
    int order = 0;
    if (i > 0 && compare(previous, item, order) && order > 0) {
      return Value::boolean(false);
    }
    previous = item;
  }
  return Value::boolean(true);
}

// Adds `item` to `total`, as `+` does. Precondition: both are of kind kKind.
template <ValueKind kKind>
Value sum_of(EvalContext& context, const Value& total, const Value& item) {
  const auto overflow = [&context](std::string_view message) {
    return make_error(context.arena, ErrorCode::Overflow, message);
  };
  if constexpr (kKind == ValueKind::Uint) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(total.as_uint(), item.as_uint(), &sum)
               ? overflow("unsigned integer overflow")
               : Value::unsigned_integer(sum);
  } else if constexpr (kKind == ValueKind::Double) {
    return Value::real(total.as_double() + item.as_double());
  } else {
    std::int64_t sum = 0;
    const bool too_big = __builtin_add_overflow(total.as_int(), item.as_int(), &sum);
    if constexpr (kKind == ValueKind::Int) {
      return too_big ? overflow("integer overflow") : Value::integer(sum);
    } else {
      return too_big ? overflow("duration overflow") : Value::duration(sum);
    }
  }
}

template <ValueKind kKind>
constexpr Value zero() {
  return kKind == ValueKind::Int      ? Value::integer(0)
         : kKind == ValueKind::Uint   ? Value::unsigned_integer(0)
         : kKind == ValueKind::Double ? Value::real(0)
                                      : Value::duration(0);
}

template <ValueKind kKind>
Value sum(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  Value total = zero<kKind>();
  for (std::size_t i = 0; i < size && !total.is_error(); ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (item.is_outcome()) {
      return item;
    }
    if (!item.is(kKind)) {
      return no_such_overload();
    }
    total = sum_of<kKind>(context, total, item);
  }
  return total;
}

enum class Extreme : std::uint8_t { Least, Greatest };

template <Extreme kExtreme>
Value extreme(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  if (size == 0) {
    return invalid(context, {kExtreme == Extreme::Least ? "min" : "max", " called on empty list"});
  }
  Value best = list_at(context.arena, args[0], 0);
  for (std::size_t i = 1; i < size; ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (item.is_outcome()) {
      return item;
    }
    int order = 0;
    if (compare(best, item, order) && (kExtreme == Extreme::Least ? order > 0 : order < 0)) {
      best = item;
    }
  }
  return best;
}

Value index_of(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (!item.is_outcome() && equal(context.arena, item, args[1])) {
      return Value::integer(static_cast<std::int64_t>(i));
    }
  }
  return Value::integer(-1);
}

Value last_index_of(EvalContext& context, std::span<const Value> args) {
  for (std::size_t i = list_size(args[0]); i > 0; --i) {
    const Value item = list_at(context.arena, args[0], i - 1);
    if (!item.is_outcome() && equal(context.arena, item, args[1])) {
      return Value::integer(static_cast<std::int64_t>(i - 1));
    }
  }
  return Value::integer(-1);
}

constexpr Overload row(std::string_view id, std::string_view signature, Apply apply) {
  return {.id = id, .signature = signature, .apply = apply, .member = true};
}

constexpr auto kIsSorted = std::to_array<Overload>({
    row("list_int_is_sorted_bool", "(list(int)) -> bool", is_sorted),
    row("list_uint_is_sorted_bool", "(list(uint)) -> bool", is_sorted),
    row("list_double_is_sorted_bool", "(list(double)) -> bool", is_sorted),
    row("list_bool_is_sorted_bool", "(list(bool)) -> bool", is_sorted),
    row("list_duration_is_sorted_bool", "(list(duration)) -> bool", is_sorted),
    row("list_timestamp_is_sorted_bool", "(list(timestamp)) -> bool", is_sorted),
    row("list_string_is_sorted_bool", "(list(string)) -> bool", is_sorted),
    row("list_bytes_is_sorted_bool", "(list(bytes)) -> bool", is_sorted),
});
constexpr auto kSum = std::to_array<Overload>({
    row("list_int_sum_int", "(list(int)) -> int", sum<ValueKind::Int>),
    row("list_uint_sum_uint", "(list(uint)) -> uint", sum<ValueKind::Uint>),
    row("list_double_sum_double", "(list(double)) -> double", sum<ValueKind::Double>),
    row("list_duration_sum_duration", "(list(duration)) -> duration", sum<ValueKind::Duration>),
});
constexpr auto kMax = std::to_array<Overload>({
    row("list_int_max_int", "(list(int)) -> int", extreme<Extreme::Greatest>),
    row("list_uint_max_uint", "(list(uint)) -> uint", extreme<Extreme::Greatest>),
    row("list_double_max_double", "(list(double)) -> double", extreme<Extreme::Greatest>),
    row("list_bool_max_bool", "(list(bool)) -> bool", extreme<Extreme::Greatest>),
    row("list_duration_max_duration", "(list(duration)) -> duration", extreme<Extreme::Greatest>),
    row("list_timestamp_max_timestamp", "(list(timestamp)) -> timestamp",
        extreme<Extreme::Greatest>),
    row("list_string_max_string", "(list(string)) -> string", extreme<Extreme::Greatest>),
    row("list_bytes_max_bytes", "(list(bytes)) -> bytes", extreme<Extreme::Greatest>),
});
constexpr auto kMin = std::to_array<Overload>({
    row("list_int_min_int", "(list(int)) -> int", extreme<Extreme::Least>),
    row("list_uint_min_uint", "(list(uint)) -> uint", extreme<Extreme::Least>),
    row("list_double_min_double", "(list(double)) -> double", extreme<Extreme::Least>),
    row("list_bool_min_bool", "(list(bool)) -> bool", extreme<Extreme::Least>),
    row("list_duration_min_duration", "(list(duration)) -> duration", extreme<Extreme::Least>),
    row("list_timestamp_min_timestamp", "(list(timestamp)) -> timestamp", extreme<Extreme::Least>),
    row("list_string_min_string", "(list(string)) -> string", extreme<Extreme::Least>),
    row("list_bytes_min_bytes", "(list(bytes)) -> bytes", extreme<Extreme::Least>),
});
constexpr auto kIndexOf = std::to_array<Overload>({
    row("list_a_index_of_int", "(list(A), A) -> int", index_of),
});
constexpr auto kLastIndexOf = std::to_array<Overload>({
    row("list_a_last_index_of_int", "(list(A), A) -> int", last_index_of),
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "isSorted",
     .library = Library::KubernetesLists,
     .overloads = kIsSorted,
     .summary = "Whether no element is greater than the next one.\n[1, 2, 2].isSorted()"},
    {.name = "sum",
     .library = Library::KubernetesLists,
     .overloads = kSum,
     .summary = "The sum of numbers or durations; 0 of none.\n[1, 3].sum() == 4"},
    {.name = "max",
     .library = Library::KubernetesLists,
     .overloads = kMax,
     .summary = "The greatest element; an error if there is none.\n[1, 3].max() == 3"},
    {.name = "min",
     .library = Library::KubernetesLists,
     .overloads = kMin,
     .summary = "The least element; an error if there is none.\n[1, 3].min() == 1"},
    {.name = "indexOf",
     .library = Library::KubernetesLists,
     .overloads = kIndexOf,
     .summary = "The position of the first element that equals a value; -1 if there is none.\n"
                "[1, 2, 2].indexOf(2) == 1"},
    {.name = "lastIndexOf",
     .library = Library::KubernetesLists,
     .overloads = kLastIndexOf,
     .summary = "The position of the last element that equals a value; -1 if there is none.\n"
                "[1, 2, 2].lastIndexOf(2) == 2"},
});

}  // namespace

std::span<const Function> kubernetes_list_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
