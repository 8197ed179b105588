#pragma once
// The flat form of an expression: instructions of a stack machine, and the tables that they index.
//
// Costs that do not depend on values stand in the instructions; `cost` is charged before the
// instruction runs. Jumps name the instruction to go on with. The values of variables of
// comprehensions are locals; every comprehension has its own, so that nothing is saved or restored.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "cel/cost.hpp"
#include "cel/function.hpp"
#include "cel/functions/standard.hpp"
#include "cel/program.hpp"
#include "cel/value.hpp"
#include "document/symbol.hpp"

namespace re2 {
class RE2;
}

namespace tally::cel {

enum class Op : std::uint8_t {
  Const,         // push constants[a]
  Variable,      // push variables[a]
  Local,         // push locals[a]
  LazyLocal,     // push locals[a]; if it is not computed yet, first run the code at b
  LazyReset,     // locals[a] is not computed yet
  LazyReturn,    // the code of a lazy local ends
  VariablePath,  // push variables[a].x.y.z, paths[b]
  LocalPath,     // push locals[a].x.y.z, paths[b]
  VariableHas,   // push has(variables[a].x.y.z), paths[b]
  LocalHas,      // push has(locals[a].x.y.z), paths[b]
  Select,        // top.names[a]
  Has,           // has(top.names[a])
  Index,         // pop key, top[key]
  OptionalSelect,
  OptionalIndex,
  JumpIfOutcome,   // when top is an error or unknown: go to a
  AndTest,         // when top is false: go to a
  AndMerge,        // pop b, pop a, push a && b
  OrTest,          // when top is true: go to a
  OrMerge,         // pop b, pop a, push a || b
  Branch,          // pop condition: true: go on; false: go to a; else push what it is, go to b
  Jump,            // go to a
  Land,            // where branches join
  OptionalOr,      // when top is no empty optional: go to a; else pop
  OptionalOrElse,  // the same, and top becomes what the optional holds
  NotStrictlyFalse,
  Not,
  Equal,
  NotEqual,
  EqualConst,     // top == constants[a]
  NotEqualConst,  // top != constants[a]
  In,
  InSet,         // top in sets[a]
  MatchesConst,  // top.matches(regexes[a])
  Call,          // calls[a]
  MakeList,      // of a elements
  MakeOptionalList,
  MakeMap,  // of a entries
  MakeOptionalMap,
  MakeStruct,      // structs[a]
  IterBegin,       // pop range, start iterations[a]; when it is none push an error and go to b
  IterNext,        // loops[a]: next element into locals, or go to b
  IterNextAll,     // the same, and go to b when the accumulator is false (`all`)
  IterNextExists,  // the same, and go to b when the accumulator is true (`exists`)
  AllMerge,        // pop v; accumulator locals[a] = accumulator && v; go to b
  ExistsMerge,     // pop v; accumulator locals[a] = accumulator || v; go to b
  JumpUnless,      // pop v; false: go to a
  StoreLocal,      // pop into locals[a]
  StoreStep,       // pop into locals[a]; go to b
  Append,          // pop v; locals[a] += [v]; go to b
  InsertEntry,     // pop value, pop key; locals[a] gets the entry; go to b
  InsertEntries,   // pop map; locals[a] gets its entries; go to b
  FilterBranch,    // pop condition: true: go on; false: go to b; else locals[a] = it, go to b
  Return
};

struct Instruction {
  Op op = Op::Return;
  std::uint8_t flags = 0;
  std::uint16_t cost = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t offset = 0;  // in the source, for errors
};
static_assert(sizeof(Instruction) == 16);

// A run of field names.
struct Path {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct Loop {
  std::uint32_t iteration = 0;
  std::uint32_t local = 0;
  std::uint32_t local2 = 0xFFFFFFFF;
  std::uint32_t accumulator = 0;
};

// What an argument of an overload may be: a bit per ValueKind, and the type when it is opaque.
struct ArgPattern {
  std::uint32_t kinds = 0;
  std::string_view opaque;
};

struct Target {
  Apply apply = nullptr;
  Charge charge = nullptr;  // instead of CallSite::cost, where it is the only target
  std::uint32_t first_pattern = 0;
};

struct CallSite {
  std::string_view function;
  std::uint32_t first_target = 0;
  std::uint32_t target_count = 0;
  std::uint32_t arg_count = 0;
  CallCostRule cost;
};

struct StructSite {
  std::string_view type;
  const Type* host_type = nullptr;  // a struct type of the environment's TypeProvider
  std::uint32_t first_field = 0;    // into names
  std::uint32_t field_count = 0;
  std::uint32_t first_flag = 0;
  bool has_optional = false;
};

// The elements of a constant list, for `in`.
struct ConstantSet {
  std::vector<Value> items;
  Value hashed;  // a map with the items as keys when there are many
};

struct Mark {
  std::uint32_t at = 0;  // after this instruction the value of the expression is on top
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
};

struct Program::Code {
  Code();
  ~Code();
  Code(Code&&) = delete;
  Code& operator=(Code&&) = delete;

  std::vector<Instruction> instructions;
  std::vector<Value> constants;
  std::vector<document::Name> names;
  std::vector<Path> paths;
  std::vector<Loop> loops;
  std::vector<CallSite> calls;
  std::vector<Target> targets;
  std::vector<ArgPattern> patterns;
  std::vector<StructSite> structs;
  std::vector<bool> flags;
  std::vector<ConstantSet> sets;
  std::vector<std::unique_ptr<const re2::RE2>> regexes;
  std::vector<Mark> marks;  // ascending
  std::vector<std::string> variable_names;
  std::vector<std::uint32_t> variables_used;
  std::uint32_t stack_max = 0;
  std::uint32_t local_count = 0;
  std::uint32_t iteration_count = 0;
  BadPresence bad_presence = BadPresence::Absent;
  const Type* result_type = nullptr;  // of the environment's pool
  std::string_view source;
  Arena arena;
};

// The pattern of one type of a signature, e.g. "list(A)", "kubernetes.Quantity".
[[nodiscard]] ArgPattern arg_pattern(std::string_view type, Arena& arena);
// The argument types of a signature, in order: "(list(A), int) -> A" gives "list(A)" and "int".
[[nodiscard]] std::vector<std::string_view> argument_types(std::string_view signature);

[[nodiscard]] inline bool matches(const ArgPattern& pattern, const Value& value) noexcept {
  if ((pattern.kinds >> static_cast<unsigned>(value.kind()) & 1U) == 0) {
    return false;
  }
  // A named type: an opaque value of that name, or a struct of the host; never a plain map.
  return pattern.opaque.empty() || type_name(value) == pattern.opaque;
}

// A message of a well-known type from its fields (cel-spec, "Dynamic Values", "Wrapper types"): an
// Error for everything else.
[[nodiscard]] Value make_struct(Arena& arena, std::string_view type,
                                std::span<const std::string_view> fields,
                                std::span<const Value> values);
// A value of a struct type that a host declares: a typed map. `fields` and `values` must live as
// long as the result.
[[nodiscard]] Value make_host_struct(Arena& arena, const Type& type,
                                     std::span<const std::string_view> fields,
                                     std::span<const Value> values);

}  // namespace tally::cel
