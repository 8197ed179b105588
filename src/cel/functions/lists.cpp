// The lists library of cel-go (ext/lists.go of v0.31), versions 0 to 3. Version 3 differs from 2 in
// what calls cost.
#include <algorithm>
#include <array>

#include "cel/cost.hpp"
#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"
#include "cel/internal/value_set.hpp"

namespace tally::cel {

namespace {

constexpr std::int64_t kRangeMax = 1'000'000;
constexpr unsigned kDepthMax = 500;

Value slice(EvalContext& context, std::span<const Value> args) {
  const std::int64_t begin = args[1].as_int();
  const std::int64_t end = args[2].as_int();
  const auto size = static_cast<std::int64_t>(list_size(args[0]));
  const auto refuse = [&](std::initializer_list<std::string_view> why) {
    return invalid(context, {"cannot slice(", decimal(context.arena, begin), ", ",
                             decimal(context.arena, end), "), ", context.arena.concat(why)});
  };
  if (begin < 0 || end < 0) {
    return refuse({"negative indexes not supported"});
  }
  if (begin > end) {
    return refuse({"start index must be less than or equal to end index"});
  }
  if (size < end) {
    return refuse({"list is length ", decimal(context.arena, size)});
  }
  if (const std::span<const Value> plain = args[0].plain_items(); !plain.empty()) {
    return Value::list(
        plain.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)));
  }
  ListBuilder items(context.arena, static_cast<std::size_t>(end - begin));
  for (std::int64_t i = begin; i < end; ++i) {
    items.add(list_at(context.arena, args[0], static_cast<std::size_t>(i)));
  }
  return items.finish();
}

bool append_flat(EvalContext& context, const Value& list, std::uint64_t levels, unsigned depth,
                 ListBuilder& into) {
  if (depth > kDepthMax) {
    return false;
  }
  const std::size_t size = list_size(list);
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, list, i);
    if (!item.is(ValueKind::List) || levels == 0) {
      into.add(item);
    } else if (!append_flat(context, item, levels - 1, depth + 1, into)) {
      return false;
    }
  }
  return true;
}

Value flatten(EvalContext& context, std::span<const Value> args) {
  const std::int64_t levels = args.size() == 2 ? args[1].as_int() : 1;
  if (levels < 0) {
    return invalid(context, {"level must be non-negative"});
  }
  ListBuilder flat(context.arena);
  if (!append_flat(context, args[0], static_cast<std::uint64_t>(levels), 0, flat)) {
    return invalid(context, {"list is nested too deeply"});
  }
  return flat.finish();
}

bool is_comparable(const Value& value) {
  switch (value.kind()) {
    case ValueKind::Bool:
    case ValueKind::Int:
    case ValueKind::Uint:
    case ValueKind::Double:
    case ValueKind::String:
    case ValueKind::Bytes:
    case ValueKind::Timestamp:
    case ValueKind::Duration:
      return true;
    default:
      return false;
  }
}

struct Keyed {
  Value key;
  std::size_t index = 0;
};

// Upstream's sort is not stable; ours keeps the order of equal keys. NaN, which upstream leaves
// where it happens to be, stands at the end.
bool before(const Keyed& a, const Keyed& b) {
  int order = 0;
  if (compare(a.key, b.key, order)) {
    return order != 0 ? order < 0 : a.index < b.index;
  }
  const auto is_nan = [](const Value& value) { return value.as_double() != value.as_double(); };
  if (is_nan(a.key) != is_nan(b.key)) {
    return is_nan(b.key);
  }
  return a.index < b.index;
}

Value sorted_by(EvalContext& context, const Value& list, const Value& keys) {
  const std::size_t size = list_size(list);
  if (size != list_size(keys)) {
    return invalid(
        context,
        {"@sortByAssociatedKeys() expected a list of the same size as the associated "
         "keys list, but got ",
         decimal(context.arena, std::uint64_t{size}), " and ",
         decimal(context.arena, std::uint64_t{list_size(keys)}), " elements respectively"});
  }
  if (size == 0) {
    return list;
  }
  Keyed* const order = context.arena.allocate_array<Keyed>(size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value key = list_at(context.arena, keys, i);
    if (key.is_outcome()) {
      return key;
    }
    order[i] = {.key = key, .index = i};
    if (i == 0 && !is_comparable(key)) {
      return invalid(context, {"list elements must be comparable"});
    }
    if (key.kind() != order[0].key.kind()) {
      return invalid(context, {"list elements must have the same type"});
    }
  }
  std::sort(order, order + size, before);
  ListBuilder sorted(context.arena, size);
  for (std::size_t i = 0; i < size; ++i) {
    sorted.add(list_at(context.arena, list, order[i].index));
  }
  return sorted.finish();
}

Value sort(EvalContext& context, std::span<const Value> args) {
  return sorted_by(context, args[0], args[0]);
}

Value sort_by_keys(EvalContext& context, std::span<const Value> args) {
  return sorted_by(context, args[0], args[1]);
}

Value range(EvalContext& context, std::span<const Value> args) {
  const std::int64_t size = args[0].as_int();
  if (size < 0) {
    return invalid(context,
                   {"lists.range: size must be non-negative, got ", decimal(context.arena, size)});
  }
  if (size > kRangeMax) {
    return invalid(context, {"lists.range: size ", decimal(context.arena, size),
                             " exceeds maximum allowed (", decimal(context.arena, kRangeMax), ")"});
  }
  ListBuilder numbers(context.arena, static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) {
    numbers.add(Value::integer(i));
  }
  return numbers.finish();
}

Value reverse(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  ListBuilder reversed(context.arena, size);
  for (std::size_t i = size; i > 0; --i) {
    reversed.add(list_at(context.arena, args[0], i - 1));
  }
  return reversed.finish();
}

Value distinct(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  if (size == 0) {
    return args[0];
  }
  DistinctValues values(context.arena, size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value item = list_at(context.arena, args[0], i);
    if (item.is_outcome()) {
      return item;
    }
    values.add(item);
  }
  return values.finish();
}

// ext/lists.go, trackAllocatingListCall: the call, the list, and the work.
constexpr std::uint64_t kListCall = 11;

std::uint64_t charge_result(EvalContext& /*context*/, std::span<const Value> /*args*/,
                            const Value& result) {
  return kListCall + actual_size(result);
}

// trackListFlattenLegacy, which belongs to version 3.
std::uint64_t charge_flatten(EvalContext& /*context*/, std::span<const Value> args,
                             const Value& /*result*/) {
  const std::uint64_t size = actual_size(args[0]);
  if (args.size() == 1 || args[1].as_int() < 0) {
    return kListCall + size;
  }
  const auto levels = static_cast<std::uint64_t>(args[1].as_int());
  return size != 0 && levels > (UINT64_MAX - kListCall) / size ? UINT64_MAX
                                                               : kListCall + size * levels;
}

// trackListSelfCompare: every element with every other, texts dearer.
std::uint64_t self_compare(EvalContext& context, const Value& list) {
  const std::uint64_t size = actual_size(list);
  if (size == 0) {
    return kListCall;
  }
  const Value first = list_at(context.arena, list, 0);
  const bool is_text = first.is(ValueKind::String) || first.is(ValueKind::Bytes);
  return kListCall +
         static_cast<std::uint64_t>(static_cast<double>(size * size) * (is_text ? 2.1 : 2.0));
}

std::uint64_t charge_self(EvalContext& context, std::span<const Value> args,
                          const Value& /*result*/) {
  return self_compare(context, args[0]);
}

std::uint64_t charge_keys(EvalContext& context, std::span<const Value> args,
                          const Value& /*result*/) {
  return self_compare(context, args[1]);
}

constexpr auto kSlice = std::to_array<Overload>({
    {.id = "list_slice",
     .signature = "(list(T), int, int) -> list(T)",
     .apply = slice,
     .member = true,
     .charge = charge_result},
});
constexpr auto kFlatten = std::to_array<Overload>({
    {.id = "list_flatten",
     .signature = "(list(list(T))) -> list(T)",
     .apply = flatten,
     .member = true,
     .charge = charge_flatten},
    {.id = "list_flatten_int",
     .signature = "(list(dyn), int) -> list(dyn)",
     .apply = flatten,
     .member = true,
     .charge = charge_flatten},
});

constexpr Overload sort_of(std::string_view id, std::string_view signature) {
  return {.id = id, .signature = signature, .apply = sort, .member = true, .charge = charge_self};
}
constexpr auto kSort = std::to_array<Overload>({
    sort_of("list_int_sort", "(list(int)) -> list(int)"),
    sort_of("list_uint_sort", "(list(uint)) -> list(uint)"),
    sort_of("list_double_sort", "(list(double)) -> list(double)"),
    sort_of("list_bool_sort", "(list(bool)) -> list(bool)"),
    sort_of("list_google.protobuf.Duration_sort", "(list(duration)) -> list(duration)"),
    sort_of("list_google.protobuf.Timestamp_sort", "(list(timestamp)) -> list(timestamp)"),
    sort_of("list_string_sort", "(list(string)) -> list(string)"),
    sort_of("list_bytes_sort", "(list(bytes)) -> list(bytes)"),
});

constexpr Overload sort_by(std::string_view id, std::string_view signature) {
  return {.id = id,
          .signature = signature,
          .apply = sort_by_keys,
          .member = true,
          .charge = charge_keys};
}
constexpr auto kSortByKeys = std::to_array<Overload>({
    sort_by("list_int_sortByAssociatedKeys", "(list(T), list(int)) -> list(T)"),
    sort_by("list_uint_sortByAssociatedKeys", "(list(T), list(uint)) -> list(T)"),
    sort_by("list_double_sortByAssociatedKeys", "(list(T), list(double)) -> list(T)"),
    sort_by("list_bool_sortByAssociatedKeys", "(list(T), list(bool)) -> list(T)"),
    sort_by("list_google.protobuf.Duration_sortByAssociatedKeys",
            "(list(T), list(duration)) -> list(T)"),
    sort_by("list_google.protobuf.Timestamp_sortByAssociatedKeys",
            "(list(T), list(timestamp)) -> list(T)"),
    sort_by("list_string_sortByAssociatedKeys", "(list(T), list(string)) -> list(T)"),
    sort_by("list_bytes_sortByAssociatedKeys", "(list(T), list(bytes)) -> list(T)"),
});
constexpr auto kRange = std::to_array<Overload>({
    {.id = "lists_range",
     .signature = "(int) -> list(int)",
     .apply = range,
     .charge = charge_result},
});
constexpr auto kReverse = std::to_array<Overload>({
    {.id = "list_reverse",
     .signature = "(list(T)) -> list(T)",
     .apply = reverse,
     .member = true,
     .charge = charge_result},
});
constexpr auto kDistinct = std::to_array<Overload>({
    {.id = "list_distinct",
     .signature = "(list(T)) -> list(T)",
     .apply = distinct,
     .member = true,
     .charge = charge_self},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "slice",
     .library = Library::Lists,
     .overloads = kSlice,
     .summary = "The elements from one position up to and without another.\n"
                "[1, 2, 3, 4].slice(1, 3) == [2, 3]"},
    {.name = "flatten",
     .library = Library::Lists,
     .library_version = 1,
     .overloads = kFlatten,
     .summary = "Replaces lists inside a list by their elements, one level or as many as said.\n"
                "[1, [2, 3]].flatten() == [1, 2, 3]"},
    {.name = "sort",
     .library = Library::Lists,
     .library_version = 2,
     .overloads = kSort,
     .summary = "The elements in ascending order; they must be of one type that has an order.\n"
                "[3, 2, 1].sort() == [1, 2, 3]"},
    {.name = "@sortByAssociatedKeys",
     .library = Library::Lists,
     .library_version = 2,
     .overloads = kSortByKeys,
     .summary = "What the macro sortBy() calls: the elements in the order of other values.\n"
                "['aa', 'b'].sortBy(e, e.size()) == ['b', 'aa']"},
    {.name = "lists.range",
     .library = Library::Lists,
     .library_version = 2,
     .overloads = kRange,
     .summary = "The numbers from 0 up to and without the given one.\n"
                "lists.range(3) == [0, 1, 2]"},
    {.name = "reverse",
     .library = Library::Lists,
     .library_version = 2,
     .overloads = kReverse,
     .summary = "The elements in reverse order.\n[1, 2, 3].reverse() == [3, 2, 1]"},
    {.name = "distinct",
     .library = Library::Lists,
     .library_version = 2,
     .overloads = kDistinct,
     .summary = "Every element once, in the order of its first occurrence.\n"
                "[1, 2, 2, 1].distinct() == [1, 2]"},
});

}  // namespace

std::span<const Function> list_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
