#include "cel/internal/names.hpp"

namespace tally::cel {

std::string_view root_identifier(const Ast& ast, ExprId id) noexcept {
  for (;;) {
    const Expr& e = ast[id];
    if (e.kind == ExprKind::Ident) {
      return e.name;
    }
    if (e.kind != ExprKind::Select || e.test_only) {
      return {};
    }
    id = ast.child(e, 0);
  }
}

template <class Look>
bool Names::candidates(std::string_view name, Look look) {
  const std::string_view container = table_.options.container;
  if (name.starts_with('.')) {
    return look(name.substr(1));
  }
  for (std::size_t size = container.size(); size != 0 && size != std::string_view::npos;
       size = container.rfind('.', size - 1)) {
    candidate_.assign(container.substr(0, size));
    candidate_ += '.';
    candidate_ += name;
    if (look(std::string_view(candidate_))) {
      return true;
    }
    if (container.substr(0, size).find('.') == std::string_view::npos) {
      break;
    }
  }
  return look(name);
}

bool Names::global(Arena& arena, std::string_view full, Global& out) {
  if (const auto found = table_.variables.find(full); found != table_.variables.end()) {
    const Variable& variable = table_.options.variables[found->second];
    out.reference.kind = ReferenceKind::Variable;
    out.reference.variable = found->second;
    out.reference.name = variable.name;
    out.type = variable.type;
    return true;
  }
  return global_type(arena, full, out);
}

bool Names::global_type(Arena& arena, std::string_view full, Global& out) {
  if (const auto found = table_.types.find(full); found != table_.types.end()) {
    const NamedType& named = found->second;
    out.reference.name = found->first;
    if (named.constant) {
      out.reference.kind = ReferenceKind::EnumConstant;
      out.reference.constant = Value::integer(*named.constant);
      out.type = named.type;
    } else {
      out.reference.kind = ReferenceKind::TypeName;
      out.reference.constant = Value::type(named.value);
      out.type = table_.pool->type_of(named.type);
    }
    return true;
  }
  if (table_.options.types != nullptr) {
    if (const Type* type = table_.options.types->find_type(*table_.pool, full)) {
      out.reference.kind = ReferenceKind::TypeName;
      out.reference.name = arena.copy(full);
      out.reference.constant = Value::type(type);
      out.type = table_.pool->type_of(type);
      return true;
    }
  }
  return false;
}

Names::Global Names::find_global(Arena& arena, std::string_view name) {
  Global out;
  candidates(name, [&](std::string_view full) { return global(arena, full, out); });
  return out;
}

Names::Global Names::find_message_type(Arena& arena, std::string_view name) {
  Global out;
  candidates(name, [&](std::string_view full) {
    Global found;
    if (!global_type(arena, full, found) || found.reference.kind != ReferenceKind::TypeName) {
      return false;
    }
    out = found;
    out.type = found.type->args[0];
    return true;
  });
  return out;
}

const TypedFunction* Names::find_function(std::string_view name) {
  const TypedFunction* out = nullptr;
  candidates(name, [&](std::string_view full) {
    const auto found = table_.functions.find(full);
    out = found == table_.functions.end() ? nullptr : &found->second;
    return out != nullptr;
  });
  return out;
}

std::string_view Names::qualified(const Ast& ast, ExprId id) {
  segments_.clear();
  for (;;) {
    const Expr& e = ast[id];
    segments_.push_back(e.name);
    if (e.kind == ExprKind::Ident) {
      break;
    }
    if (e.kind != ExprKind::Select || e.test_only) {
      return {};
    }
    id = ast.child(e, 0);
  }
  qualified_.clear();
  for (auto it = segments_.rbegin(); it != segments_.rend(); ++it) {
    if (it != segments_.rbegin()) {
      qualified_ += '.';
    }
    qualified_ += *it;
  }
  return qualified_;
}

bool Names::may_qualify_name(std::string_view first) const {
  return !table_.options.container.empty() || table_.options.types != nullptr ||
         first.starts_with('.') || table_.name_namespaces.contains(first);
}

bool Names::may_qualify_function(std::string_view first) const {
  return !table_.options.container.empty() || first.starts_with('.') ||
         table_.function_namespaces.contains(first);
}

}  // namespace tally::cel
