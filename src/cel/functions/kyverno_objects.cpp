// Kyverno's libraries `user`, `transform` and `math` (github.com/kyverno/sdk, extensions/cel/libs).
#include <array>
#include <cmath>

#include "cel/functions/all.hpp"
#include "cel/internal/value_set.hpp"

namespace tally::cel {

namespace {

// Upstream gives a struct user.ServiceAccount with the fields Name and Namespace; here it is a map.
Value parse_service_account(EvalContext& context, std::span<const Value> args) {
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  std::string_view name_space;
  std::string_view name;
  if (const std::string_view user = args[0].text(); user.starts_with(kPrefix)) {
    const std::string_view rest = user.substr(kPrefix.size());
    if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
      name_space = rest.substr(0, colon);
      name = rest.substr(colon + 1);
    }
  }
  MapBuilder account(context.arena, 2);
  account.add(Value::string("Name"), Value::string(name));
  account.add(Value::string("Namespace"), Value::string(name_space));
  return account.finish();
}

// listObjToMap(keys, values, keyField, valueField)
Value list_to_map(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = list_size(args[0]);
  if (size != list_size(args[1])) {
    return invalid(context, {"listObjToMap must take lists of equal length. list1: ",
                             decimal(context.arena, std::uint64_t{size}), ", list2: ",
                             decimal(context.arena, std::uint64_t{list_size(args[1])})});
  }
  auto* const keys = context.arena.allocate_array<Value>(size);
  auto* const values = context.arena.allocate_array<Value>(size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value key_object = list_at(context.arena, args[0], i);
    const Value value_object = list_at(context.arena, args[1], i);
    if (key_object.is_outcome() || value_object.is_outcome()) {
      return key_object.is_outcome() ? key_object : value_object;
    }
    Value key;
    if (!key_object.is(ValueKind::Map) || !map_find(context.arena, key_object, args[2], key) ||
        !key.is(ValueKind::String)) {
      return invalid(context, {"the passed key name cannot be handled as a string in the key "
                               "object list"});
    }
    if (!value_object.is(ValueKind::Map)) {
      return invalid(context, {"object cannot be handled as a map string to any in the value "
                               "object list"});
    }
    Value value;
    (void)map_find(context.arena, value_object, args[3], value);
    keys[i] = key;
    values[i] = value;
  }
  // The last one of several equal keys counts.
  DistinctValues seen(context.arena, size);
  MapBuilder map(context.arena, size);
  for (std::size_t i = size; i > 0; --i) {
    if (seen.add(keys[i - 1])) {
      map.add(keys[i - 1], values[i - 1]);
    }
  }
  return map.finish();
}

Value round_to(EvalContext& /*context*/, std::span<const Value> args) {
  const double shift = std::pow(10.0, static_cast<double>(args[1].as_int()));
  return Value::real(std::round(args[0].as_double() * shift) / shift);
}

constexpr auto kParse = std::to_array<Overload>({
    {.id = "parse_service_account_string_prefixed",
     .signature = "(string) -> dyn",
     .apply = parse_service_account},
});
constexpr auto kPlainParse = std::to_array<Overload>({
    {.id = "parse_service_account_string_non_prefixed",
     .signature = "(string) -> dyn",
     .apply = parse_service_account},
});
constexpr auto kListToMap = std::to_array<Overload>({
    {.id = "list_of_object_to_map_prefixed",
     .signature = "(list(dyn), list(dyn), string, string) -> map(dyn, dyn)",
     .apply = list_to_map},
});
constexpr auto kPlainListToMap = std::to_array<Overload>({
    {.id = "list_of_object_to_map_non_prefixed",
     .signature = "(list(dyn), list(dyn), string, string) -> map(dyn, dyn)",
     .apply = list_to_map},
});
constexpr auto kRound = std::to_array<Overload>({
    {.id = "math_round_float_int", .signature = "(double, int) -> double", .apply = round_to},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "user.parseServiceAccount",
     .library = Library::KyvernoUser,
     .overloads = kParse,
     .summary = "Namespace and name of the user name of a service account; empty for others.\n"
                "user.parseServiceAccount('system:serviceaccount:a:b').Name == 'b'"},
    {.name = "parseServiceAccount",
     .library = Library::KyvernoUser,
     .overloads = kPlainParse,
     .summary = "The older name of user.parseServiceAccount().\n"
                "parseServiceAccount('system:serviceaccount:a:b').Namespace == 'a'"},
    {.name = "transform.listObjToMap",
     .library = Library::KyvernoTransform,
     .overloads = kListToMap,
     .summary = "A map of one field of the objects of a list to a field of those of another.\n"
                "transform.listObjToMap([{'k': 'a'}], [{'v': 1}], 'k', 'v') == {'a': 1}"},
    {.name = "listObjToMap",
     .library = Library::KyvernoTransform,
     .overloads = kPlainListToMap,
     .summary = "The older name of transform.listObjToMap().\n"
                "listObjToMap([{'k': 'a'}], [{'v': 1}], 'k', 'v') == {'a': 1}"},
    {.name = "math.round",
     .library = Library::KyvernoMath,
     .overloads = kRound,
     .summary = "A number rounded to some decimal places.\nmath.round(3.14159, 2) == 3.14"},
});

}  // namespace

std::span<const Function> kyverno_object_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
