#pragma once
// Puts nodes into an Ast. Parser and macros build through it; it keeps the limit on nodes.

#include <initializer_list>

#include "cel/ast.hpp"

namespace tally::cel {

// Where a node stands: `offset` is what messages point at, `end` is behind its text.
struct Place {
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
};

class AstBuilder {
 public:
  AstBuilder(Ast& ast, std::uint32_t nodes_max) : ast_(ast), nodes_max_(nodes_max) {}

  [[nodiscard]] Ast& ast() noexcept { return ast_; }
  [[nodiscard]] const Expr& operator[](ExprId id) const noexcept { return ast_.exprs[id]; }
  // There are more nodes than allowed: what is built from here on is worthless.
  [[nodiscard]] bool full() const noexcept { return full_; }

  ExprId literal(Place at, const Value& value) {
    const ExprId id = add(ExprKind::Literal, at);
    ast_.exprs[id].value = value;
    return id;
  }

  ExprId ident(Place at, std::string_view name) {
    const ExprId id = add(ExprKind::Ident, at);
    ast_.exprs[id].name = name;
    return id;
  }

  ExprId select(Place at, ExprId operand, std::string_view field) {
    const ExprId id = add(ExprKind::Select, at);
    ast_.exprs[id].name = field;
    children(id, {operand});
    return id;
  }

  ExprId call(Place at, std::string_view function, std::span<const ExprId> arguments) {
    const ExprId id = add(ExprKind::Call, at);
    ast_.exprs[id].name = function;
    children(id, arguments);
    return id;
  }
  ExprId call(Place at, std::string_view function, std::initializer_list<ExprId> arguments) {
    return call(at, function, std::span{arguments.begin(), arguments.size()});
  }

  ExprId member_call(Place at, std::string_view function, ExprId target,
                     std::span<const ExprId> arguments) {
    const ExprId id = add(ExprKind::Call, at);
    Expr& e = ast_.exprs[id];
    e.name = function;
    e.member = true;
    e.first_child = static_cast<std::uint32_t>(ast_.child_ids.size());
    e.child_count = static_cast<std::uint32_t>(arguments.size() + 1);
    ast_.child_ids.push_back(target);
    ast_.child_ids.insert(ast_.child_ids.end(), arguments.begin(), arguments.end());
    return id;
  }
  ExprId member_call(Place at, std::string_view function, ExprId target,
                     std::initializer_list<ExprId> arguments) {
    return member_call(at, function, target, std::span{arguments.begin(), arguments.size()});
  }

  // `optional`: one flag per element or entry, or empty when none is optional.
  ExprId list(Place at, std::span<const ExprId> elements,
              std::span<const std::uint8_t> optional = {}) {
    return aggregate(ExprKind::List, at, elements, optional);
  }
  ExprId list(Place at, std::initializer_list<ExprId> elements) {
    return list(at, std::span{elements.begin(), elements.size()});
  }
  ExprId map(Place at, std::span<const ExprId> keys_and_values,
             std::span<const std::uint8_t> optional = {}) {
    return aggregate(ExprKind::Map, at, keys_and_values, optional);
  }
  ExprId message(Place at, std::string_view type, std::span<const std::string_view> fields,
                 std::span<const ExprId> values, std::span<const std::uint8_t> optional) {
    const ExprId id = aggregate(ExprKind::Struct, at, values, optional);
    ast_.exprs[id].name = type;
    ast_.exprs[id].first_name = static_cast<std::uint32_t>(ast_.names.size());
    ast_.names.insert(ast_.names.end(), fields.begin(), fields.end());
    return id;
  }

  struct Fold {
    ExprId range;
    std::string_view iter_var;
    std::string_view iter_var2;  // may be empty
    std::string_view accu_var;
    ExprId init;
    ExprId condition;
    ExprId step;
    ExprId result;
  };
  ExprId comprehension(Place at, Macro macro, const Fold& fold) {
    const ExprId id = add(ExprKind::Comprehension, at);
    ast_.exprs[id].macro = macro;
    ast_.exprs[id].first_name = static_cast<std::uint32_t>(ast_.names.size());
    ast_.names.insert(ast_.names.end(), {fold.iter_var, fold.iter_var2, fold.accu_var});
    children(id, {fold.range, fold.init, fold.condition, fold.step, fold.result});
    return id;
  }

  // A copy of a whole subtree.
  ExprId copy(ExprId from);

  // The node becomes has() of its field.
  void make_presence_test(ExprId select, Place at) {
    Expr& e = ast_.exprs[select];
    e.test_only = true;
    e.macro = Macro::Has;
    e.offset = at.offset;
    e.end = at.end;
  }

 private:
  ExprId add(ExprKind kind, Place at) {
    if (ast_.exprs.size() >= nodes_max_) {
      full_ = true;
      Expr& last = ast_.exprs.back();
      last = {};
      last.kind = kind;
      return static_cast<ExprId>(ast_.exprs.size() - 1);
    }
    Expr& e = ast_.exprs.emplace_back();
    e.kind = kind;
    e.offset = at.offset;
    e.end = at.end;
    return static_cast<ExprId>(ast_.exprs.size() - 1);
  }

  void children(ExprId id, std::span<const ExprId> ids) {
    Expr& e = ast_.exprs[id];
    e.first_child = static_cast<std::uint32_t>(ast_.child_ids.size());
    e.child_count = static_cast<std::uint32_t>(ids.size());
    ast_.child_ids.insert(ast_.child_ids.end(), ids.begin(), ids.end());
  }
  void children(ExprId id, std::initializer_list<ExprId> ids) {
    children(id, std::span{ids.begin(), ids.size()});
  }

  ExprId aggregate(ExprKind kind, Place at, std::span<const ExprId> ids,
                   std::span<const std::uint8_t> optional) {
    const ExprId id = add(kind, at);
    children(id, ids);
    if (!optional.empty()) {
      ast_.exprs[id].has_optional = true;
      ast_.exprs[id].first_flag = static_cast<std::uint32_t>(ast_.optional_flags.size());
      ast_.optional_flags.insert(ast_.optional_flags.end(), optional.begin(), optional.end());
    }
    return id;
  }

  Ast& ast_;
  std::uint32_t nodes_max_;
  bool full_ = false;
};

}  // namespace tally::cel
