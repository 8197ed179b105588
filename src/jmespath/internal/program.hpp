#pragma once
// The flat form of an expression: instructions in one vector, operands by index, everything that
// evaluation needs already looked up. An instruction evaluates its operands by recursion; chains
// of fields and indices, which most expressions are, are one instruction without any.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/symbol.hpp"
#include "jmespath/expression.hpp"
#include "jmespath/internal/ast.hpp"

namespace tally::jmespath {

struct Function;

enum class Op : std::uint8_t {
  Current,           //
  Path,              // steps [first, first + count) of the current node
  PathFrom,          // the same of the value of a
  Literal,           // literals[a]
  Slice,             // of the value of a: slices[b]
  Projection,        // source a, right side b
  FilterProjection,  // source a, right side b, condition c
  ValueProjection,   // source a, right side b
  Flatten,           // source a
  Compare,           // a with b
  Or,                // a, b
  And,               // a, b
  Not,               // a
  Pipe,              // a, b
  Sub,               // b of the value of a
  List,              // operands [first, first + count)
  Hash,              // the same; keys at keys[a] and on
  Call,              // the same; functions[a]
  UnknownCall,       // the same; the name is keys[a]
  ExpressionRef,     // a
  Arithmetic,        // a, b; or of a alone (count 1)
  Variable,          // keys[a]
  Root,              //
  Let,               // operands [first, first + count) as keys[a] and on, in b
  Broken,            //
};

struct Instruction {
  Op op = Op::Broken;
  Comparison comparison = Comparison::Equal;
  Arithmetic arithmetic = Arithmetic::Add;
  std::uint32_t offset = 0;  // in the text
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// A field, or an index where the name is empty and `is_index`.
struct Step {
  std::string_view name;
  const document::Name* interned = nullptr;
  std::int64_t index = 0;
  std::uint32_t offset = 0;
  bool is_index = false;
};

struct Program {
  std::string text;
  Dialect dialect = Dialect::Kyverno;
  Limits limits;
  std::vector<Instruction> code;
  std::vector<std::uint32_t> operands;
  std::vector<Step> steps;
  std::vector<std::string_view> keys;
  std::vector<document::Node> literals;
  std::vector<SliceParts> slices;
  std::vector<const Function*> functions;
  std::uint32_t root = 0;
  std::vector<std::string> root_fields;
  bool reads_everything = false;
  Arena arena;          // of the texts
  Arena literal_arena;  // of the literals
};

// Fills in everything but text, dialect and limits, which are read.
void compile(Ast ast, Program& program);

// root_fields and reads_everything.
void find_root_fields(const Ast& ast, Program& program);

}  // namespace tally::jmespath
