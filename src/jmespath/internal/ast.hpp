#pragma once
// The tree of an expression: nodes in one vector, children by index. Parser and compiler share it;
// it does not outlive compilation (the tree walker of the tests keeps one).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"

namespace tally::jmespath {

enum class AstKind : std::uint8_t {
  Comparator,        // 2 children
  CurrentNode,       // `@`, and what stands implicitly at the left of `[0]` and `*`
  ExpressionRef,     // 1 child
  Function,          // text: name; children: arguments
  Field,             // text
  FilterProjection,  // source, right side, condition
  Flatten,           // 1 child
  Index,             // number
  IndexExpression,   // source, Index or Slice
  Literal,           // literal; text, when it was written as a raw string
  MultiSelectHash,   // KeyValuePairs
  KeyValuePair,      // text: key; 1 child
  MultiSelectList,   // children
  Or,                // 2 children
  And,               // 2 children
  Not,               // 1 child
  Pipe,              // 2 children
  Projection,        // source, right side
  Subexpression,     // left, right
  Slice,             // slice
  ValueProjection,   // source, right side
  Arithmetic,        // arithmetic; 1 or 2 children
  Variable,          // text: name
  Root,              // null
  Let,               // Bindings, then the expression
  Binding,           // text: name; 1 child
  Broken,            // what upstream's parser leaves of a bracket that it cannot read
};

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

enum class Arithmetic : std::uint8_t { Add, Subtract, Multiply, Divide, Modulo, IntegerDivide };

using SliceParts = std::array<std::optional<std::int64_t>, 3>;

struct AstNode {
  AstKind kind = AstKind::Broken;
  Comparison comparison = Comparison::Equal;
  Arithmetic arithmetic = Arithmetic::Add;
  bool is_named = false;     // whether the node would name a function when `(` follows
  std::uint32_t offset = 0;  // in the text
  std::uint32_t depth = 1;   // of the tree below, this node included
  std::int64_t number = 0;
  std::string text;
  SliceParts slice;
  document::Node literal;
  std::vector<std::uint32_t> children;
};

struct Ast {
  std::vector<AstNode> nodes;
  std::uint32_t root = 0;
  Arena arena;  // of the literals

  [[nodiscard]] const AstNode& operator[](std::uint32_t index) const { return nodes[index]; }
};

}  // namespace tally::jmespath
