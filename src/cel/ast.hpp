#pragma once
// The syntax tree of an expression: flat, children by index, so that a tree of any depth is freed
// without recursion and ids serve as keys of side tables (types, overloads, costs).
//
// Macros are expanded while parsing; a Comprehension remembers which macro made it.

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "cel/value.hpp"

namespace tally::cel {

using ExprId = std::uint32_t;
inline constexpr ExprId kNoExpr = 0xFFFFFFFF;

enum class ExprKind : std::uint8_t {
  Literal,
  Ident,
  Select,
  Call,
  List,
  Map,
  Struct,
  Comprehension
};

enum class Macro : std::uint8_t {
  None,
  Has,
  All,
  Exists,
  ExistsOne,
  Map,
  Filter,
  MapFilter,
  TransformList,
  TransformMap,
  TransformMapEntry,
  Bind,
  OptMap,
  OptFlatMap,
  SortBy,
  Other
};

// What the slots mean:
//   Literal        value
//   Ident          name (a leading dot is kept)
//   Select         name = field; children[0] = operand; test_only: from has(); optional: from .?
//   Call           name = function; member: children[0] is the receiver; children: arguments
//                  (`a.?b` is the call "_?._" and `a[?b]` "_[?_]", as in cel-go)
//   List           children: elements; optional bit per element
//   Map            children: key, value, key, value ...; optional bit per entry
//   Struct         name = type; children: values; field_names, optional bit per entry
//   Comprehension  variables = {iter_var, iter_var2 or empty, accu_var}; children = {range, init,
//   condition, step, result}
struct Expr {
  ExprKind kind = ExprKind::Literal;
  Macro macro = Macro::None;
  bool test_only = false;
  bool member = false;
  std::uint32_t offset =
      0;  // byte offset in the source where cel-go would report it (of the operator of a call)
  std::uint32_t end = 0;  // one past the last byte of the text it was made from
  std::string_view name;
  Value value;
  std::uint32_t first_child = 0;
  std::uint32_t child_count = 0;
  std::uint32_t first_name = 0;  // Struct, Comprehension: into Ast::names
  std::uint32_t first_flag = 0;  // List, Map, Struct: into Ast::optional_flags, if has_optional
  bool has_optional = false;
};

class Ast {
 public:
  Ast() = default;
  Ast(Ast&&) noexcept = default;
  Ast& operator=(Ast&&) noexcept = default;

  std::string_view source;  // in `arena`; names and literals point into it
  ExprId root = kNoExpr;
  std::vector<Expr> exprs;
  std::vector<ExprId> child_ids;
  std::vector<std::string_view> names;
  std::vector<bool> optional_flags;
  Arena arena;  // the source, and texts that differ from it (unescaped literals, generated names)

  [[nodiscard]] const Expr& operator[](ExprId id) const noexcept { return exprs[id]; }
  [[nodiscard]] std::span<const ExprId> children(const Expr& e) const noexcept {
    return std::span{child_ids}.subspan(e.first_child, e.child_count);
  }
  [[nodiscard]] ExprId child(const Expr& e, std::size_t i) const noexcept {
    return child_ids[e.first_child + i];
  }
};

// One thing that is wrong with an expression. Texts are cel-go's, because the API server hands them
// out.
inline constexpr std::uint32_t kNoOffset = 0xFFFFFFFF;  // of the whole expression ("-1:0")
struct Issue {
  std::uint32_t offset = 0;
  std::string message;
};

// "ERROR: <input>:1:5: message\n | the line\n | ....^", one per issue, as cel-go prints them;
// column counts code points.
[[nodiscard]] std::string to_string(std::span<const Issue> issues, std::string_view source,
                                    std::string_view description);

}  // namespace tally::cel
