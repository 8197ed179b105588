// Names without types (cel-go interpreter/planner.go plans unchecked trees like this): what a name
// can mean is decided, whether a call fits is left to the evaluation.
#include "cel/checker.hpp"
#include "cel/internal/environment_table.hpp"
#include "cel/internal/names.hpp"

namespace tally::cel {

namespace {

constexpr std::uint32_t kDepthMax = 4000;

class Resolver {
 public:
  Resolver(CheckedAst& out, const Environment& environment)
      : out_(out), ast_(out.ast), names_(environment.table()) {
    out_.types.assign(ast_.exprs.size(), &kDyn);
    out_.references.assign(ast_.exprs.size(), Reference{});
  }

  // False: nested too deeply.
  [[nodiscard]] bool resolve(ExprId id) {
    if (++depth_ > kDepthMax) {
      return false;
    }
    const bool done = resolve_node(id);
    --depth_;
    return done;
  }

 private:
  bool resolve_children(ExprId id, std::uint32_t first = 0) {
    for (std::uint32_t i = first; i < ast_[id].child_count; ++i) {
      if (!resolve(ast_.child(ast_[id], i))) {
        return false;
      }
    }
    return true;
  }

  bool resolve_node(ExprId id) {
    switch (ast_[id].kind) {
      case ExprKind::Literal:
        return true;
      case ExprKind::Ident:
        resolve_ident(id);
        return true;
      case ExprKind::Select:
        return resolve_qualified(id) || resolve_children(id);
      case ExprKind::Call:
        return resolve_call(id);
      case ExprKind::List:
      case ExprKind::Map:
        return resolve_children(id);
      case ExprKind::Struct: {
        const Names::Global found = names_.find_message_type(ast_.arena, ast_[id].name);
        if (found.reference.kind != ReferenceKind::None) {
          out_.references[id] = found.reference;
          ast_.exprs[id].name = found.reference.name;
        }
        return resolve_children(id);
      }
      case ExprKind::Comprehension:
        return resolve_comprehension(id);
    }
    return true;
  }

  void resolve_ident(ExprId id) {
    const std::string_view name = ast_[id].name;
    if (const Names::Local* local = name.starts_with('.') ? nullptr : names_.find_local(name)) {
      out_.references[id].kind = ReferenceKind::Local;
      out_.references[id].name = local->name;
      return;
    }
    set_name(id, names_.find_global(ast_.arena, name));
  }

  bool set_name(ExprId id, const Names::Global& found) {
    if (found.reference.kind == ReferenceKind::None) {
      return false;
    }
    Expr& e = ast_.exprs[id];
    e.kind = ExprKind::Ident;
    e.name = found.reference.name;
    e.child_count = 0;
    out_.references[id] = found.reference;
    return true;
  }

  bool resolve_qualified(ExprId id) {
    const std::string_view root = root_identifier(ast_, id);
    return !ast_[id].test_only && !root.empty() && names_.find_local(root) == nullptr &&
           names_.may_qualify_name(root) &&
           set_name(id, names_.find_global(ast_.arena, names_.qualified(ast_, id)));
  }

  bool resolve_call(ExprId id) {
    if (ast_[id].name == "cel.@block" && ast_[id].child_count == 2) {
      return resolve_block(id);
    }
    if (!ast_[id].member) {
      set_function(id, names_.find_function(ast_[id].name));
      return resolve_children(id);
    }
    const ExprId target = ast_.child(ast_[id], 0);
    const std::string_view root = root_identifier(ast_, target);
    if (!root.empty() && names_.may_qualify_function(root)) {
      std::string name(names_.qualified(ast_, target));
      name += '.';
      name += ast_[id].name;
      if (const TypedFunction* function = names_.find_function(name)) {
        Expr& e = ast_.exprs[id];
        e.member = false;
        ++e.first_child;
        --e.child_count;
        set_function(id, function);
        return resolve_children(id);
      }
    }
    set_function(id, names_.find_function(ast_[id].name));
    return resolve_children(id);
  }

  bool resolve_block(ExprId id) {
    const ExprId list = ast_.child(ast_[id], 0);
    const std::size_t outside = names_.locals.size();
    for (std::uint32_t i = 0; i < ast_[list].child_count; ++i) {
      if (!resolve(ast_.child(ast_[list], i))) {
        return false;
      }
      names_.locals.push_back({ast_.arena.copy("@index" + std::to_string(i)), &kDyn});
    }
    const bool done = resolve(ast_.child(ast_[id], 1));
    names_.locals.resize(outside);
    set_function(id, names_.find_function(ast_[id].name));
    return done;
  }

  // Every overload with so many arguments in this style remains.
  void set_function(ExprId id, const TypedFunction* function) {
    if (function == nullptr) {
      return;
    }
    Expr& e = ast_.exprs[id];
    if (e.name != function->name) {
      e.name = ast_.arena.copy(function->name);
    }
    Reference& reference = out_.references[id];
    reference.kind = ReferenceKind::Function;
    reference.name = e.name;
    reference.first_overload = static_cast<std::uint32_t>(out_.overloads.size());
    for (const TypedOverload& overload : function->overloads) {
      if (overload.member == e.member && overload.args.size() == e.child_count) {
        out_.overloads.push_back(overload.row);
      }
    }
    reference.overload_count =
        static_cast<std::uint32_t>(out_.overloads.size()) - reference.first_overload;
  }

  bool resolve_comprehension(ExprId id) {
    const Expr e = ast_[id];
    if (!resolve(ast_.child(e, 0)) || !resolve(ast_.child(e, 1))) {
      return false;
    }
    const std::size_t outside = names_.locals.size();
    names_.locals.push_back({ast_.names[e.first_name + 2], &kDyn});
    names_.locals.push_back({ast_.names[e.first_name], &kDyn});
    if (!ast_.names[e.first_name + 1].empty()) {
      names_.locals.push_back({ast_.names[e.first_name + 1], &kDyn});
    }
    bool done = resolve(ast_.child(e, 2)) && resolve(ast_.child(e, 3));
    names_.locals.resize(outside + 1);
    done = done && resolve(ast_.child(e, 4));
    names_.locals.resize(outside);
    return done;
  }

  CheckedAst& out_;
  Ast& ast_;
  Names names_;
  std::uint32_t depth_ = 0;
};

}  // namespace

std::expected<CheckedAst, std::vector<Issue>> resolve_unchecked(Ast ast,
                                                                const Environment& environment) {
  CheckedAst out;
  out.ast = std::move(ast);
  if (!Resolver(out, environment).resolve(out.ast.root)) {
    return std::unexpected(
        std::vector<Issue>{{kNoOffset, "the expression is nested too deeply to check"}});
  }
  return out;
}

}  // namespace tally::cel
