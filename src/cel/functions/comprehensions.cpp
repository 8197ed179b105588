// What the macros of the two-variable comprehensions (ext/comprehensions.go of cel-go v0.31) call:
// transformMap() and transformMapEntry() build their map with cel.@mapInsert.
#include <array>

#include "cel/functions/all.hpp"
#include "cel/internal/library.hpp"

namespace tally::cel {

namespace {

Value already_there(EvalContext& context, const Value& key) {
  return make_error(context.arena, ErrorCode::DuplicateKey,
                    {"insert failed: key ", plain_text(context.arena, key), " already exists"});
}

void copy_entries(EvalContext& context, const Value& map, MapBuilder& into) {
  const std::size_t size = map_size(map);
  for (std::size_t i = 0; i < size; ++i) {
    into.add(map_key_at(context.arena, map, i), map_value_at(context.arena, map, i));
  }
}

Value insert_entry(EvalContext& context, std::span<const Value> args) {
  Value held;
  if (map_find(context.arena, args[0], args[1], held)) {
    return already_there(context, args[1]);
  }
  MapBuilder map(context.arena, map_size(args[0]) + 1);
  copy_entries(context, args[0], map);
  map.add(args[1], args[2]);
  return map.finish();
}

Value insert_map(EvalContext& context, std::span<const Value> args) {
  const std::size_t size = map_size(args[1]);
  for (std::size_t i = 0; i < size; ++i) {
    Value held;
    const Value key = map_key_at(context.arena, args[1], i);
    if (map_find(context.arena, args[0], key, held)) {
      return already_there(context, key);
    }
  }
  MapBuilder map(context.arena, map_size(args[0]) + size);
  copy_entries(context, args[0], map);
  copy_entries(context, args[1], map);
  return map.finish();
}

constexpr auto kInsert = std::to_array<Overload>({
    {.id = "@mapInsert_map_key_value",
     .signature = "(map(K, V), K, V) -> map(K, V)",
     .apply = insert_entry},
    {.id = "@mapInsert_map_map",
     .signature = "(map(K, V), map(K, V)) -> map(K, V)",
     .apply = insert_map},
});

constexpr auto kFunctions = std::to_array<Function>({
    {.name = "cel.@mapInsert",
     .library = Library::TwoVarComprehensions,
     .overloads = kInsert,
     .summary = "What the macros transformMap() and transformMapEntry() call: a map with more "
                "entries; a key must not be there yet.\n"
                "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}"},
});

}  // namespace

std::span<const Function> comprehension_functions() noexcept { return kFunctions; }

}  // namespace tally::cel
