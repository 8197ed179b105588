#include "tree_walker.hpp"

#include <string>
#include <vector>

#include "cel/functions/standard.hpp"

namespace tally::cel {
namespace {

constexpr int kDepthMax = 1500;

// Whether a value may stand where a signature names `type`.
bool fits(std::string_view type, const Value& value) {
  if (type.starts_with("wrapper(")) {
    return value.is(ValueKind::Null) || fits(type.substr(8, type.size() - 9), value);
  }
  const std::string_view name = type.substr(0, type.find('('));
  if (name == "dyn" || name == "any" || (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z')) {
    return true;
  }
  const std::string_view actual = type_name(value);
  return name == actual || (actual == "google.protobuf.Timestamp" && name == "timestamp") ||
         (actual == "google.protobuf.Duration" && name == "duration");
}

bool fits_all(std::string_view signature, std::span<const Value> args) {
  std::size_t count = 0;
  int depth = 0;
  std::string type;
  for (const char c : signature.substr(1)) {
    if (depth == 0 && (c == ',' || c == ')')) {
      if (!type.empty() && (count >= args.size() || !fits(type, args[count++]))) {
        return false;
      }
      type.clear();
      if (c == ')') {
        return count == args.size();
      }
    } else if (c != ' ') {
      depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
      type += c;
    }
  }
  return false;
}

class Walker {
 public:
  Walker(const CheckedAst& checked, const Environment& environment, Arena& arena,
         std::span<const Value> variables, std::uint64_t steps)
      : checked_(checked),
        ast_(checked.ast),
        spec_(environment.options().profile.dialect == Dialect::Spec),
        arena_(arena),
        variables_(variables),
        steps_(steps) {}

  Value eval(ExprId id) {
    if (steps_ == 0 || depth_ > kDepthMax) {
      exhausted_ = true;
    }
    if (exhausted_) {
      return make_error(arena_, ErrorCode::CostLimit, "too many steps");
    }
    --steps_;
    ++depth_;
    const Value value = eval_inner(id);
    --depth_;
    return value;
  }

  [[nodiscard]] bool gave_up() const { return exhausted_ || unknown_kind_; }

 private:
  struct Local {
    std::string_view name;
    Value value;
  };

  [[nodiscard]] BadPresence bad() const { return spec_ ? BadPresence::Error : BadPresence::Absent; }

  Value eval_inner(ExprId id) {
    const Expr& e = ast_[id];
    const Reference& r = checked_.references[id];
    const bool is_name = e.kind == ExprKind::Ident || e.kind == ExprKind::Select;
    if (is_name && (r.kind == ReferenceKind::TypeName || r.kind == ReferenceKind::EnumConstant)) {
      return r.constant;
    }
    if (r.kind == ReferenceKind::Variable) {
      return r.variable < variables_.size()
                 ? variables_[r.variable]
                 : make_error(arena_, ErrorCode::NoSuchAttribute, "no such attribute(s)");
    }
    switch (e.kind) {
      case ExprKind::Literal:
        return e.value;
      case ExprKind::Ident:
        for (auto at = locals_.rbegin(); at != locals_.rend(); ++at) {
          if (at->name == e.name) {
            return at->value;
          }
        }
        return make_error(arena_, ErrorCode::NoSuchAttribute, "no such attribute(s)");
      case ExprKind::Select: {
        const Value from = eval(ast_.child(e, 0));
        return e.test_only ? has_field(arena_, from, e.name, bad())
                           : index_value(arena_, from, Value::string(e.name), bad());
      }
      case ExprKind::Call:
        return call(id);
      case ExprKind::List:
        return list(e);
      case ExprKind::Map:
        return map(e);
      case ExprKind::Struct:
        unknown_kind_ = true;
        return make_error(arena_, ErrorCode::Custom, "structs are not walked");
      case ExprKind::Comprehension:
        return comprehension(e);
    }
    return Value::null();
  }

  static Value merge(const Value& left, const Value& right) {
    for (const Value& value : {left, right}) {
      if (value.is(ValueKind::Unknown)) {
        return value;
      }
    }
    return left.is_error()                                ? left
           : right.is_error() && left.is(ValueKind::Bool) ? right
                                                          : no_such_overload();
  }

  Value logic(const Expr& e, bool decisive) {
    const auto decides = [&](const Value& v) { return decisive ? v.is_true() : v.is_false(); };
    const Value left = eval(ast_.child(e, 0));
    if (decides(left)) {
      return left;
    }
    const Value right = eval(ast_.child(e, 1));
    if (decides(right)) {
      return right;
    }
    return left.is(ValueKind::Bool) && right.is(ValueKind::Bool) ? left : merge(left, right);
  }

  Value call(ExprId id) {
    const Expr& e = ast_[id];
    const auto child = [&](std::size_t i) { return ast_.child(e, i); };
    if (e.name == "_&&_") {
      return logic(e, false);
    }
    if (e.name == "_||_") {
      return logic(e, true);
    }
    if (e.name == "_?_:_") {
      const Value condition = eval(child(0));
      if (condition.is(ValueKind::Bool)) {
        return eval(child(condition.as_bool() ? 1 : 2));
      }
      return condition.is_outcome() ? condition : no_such_overload();
    }
    if (e.name == "@not_strictly_false") {
      return Value::boolean(!eval(child(0)).is_false());
    }
    if (e.member && (e.name == "or" || e.name == "orValue") && e.child_count == 2) {
      const Value left = eval(child(0));
      if (!left.is(ValueKind::Optional)) {
        return left;
      }
      if (left.held() == nullptr) {
        return eval(child(1));
      }
      return e.name == "or" ? left : *left.held();
    }
    if (e.name == "cel.@block") {
      return block(e);
    }
    std::vector<Value> args;
    for (std::size_t i = 0; i < e.child_count; ++i) {
      args.push_back(eval(child(i)));
      if (args.back().is_outcome()) {
        return args.back();
      }
    }
    if (e.name == "_==_") {
      return Value::boolean(equal(arena_, args[0], args[1]));
    }
    if (e.name == "_!=_") {
      return Value::boolean(!equal(arena_, args[0], args[1]));
    }
    if (e.name == "_[_]") {
      return index_value(arena_, args[0], args[1], bad());
    }
    if (e.name == "_[?_]" || e.name == "_?._") {
      return optional_index_value(arena_, args[0], args[1], bad());
    }
    const Reference& r = checked_.references[id];
    for (std::uint32_t i = 0; r.kind == ReferenceKind::Function && i < r.overload_count; ++i) {
      const Overload* overload = checked_.overloads[r.first_overload + i].overload;
      if (overload != nullptr && overload->apply != nullptr &&
          fits_all(overload->signature, args)) {
        EvalContext context{.arena = arena_};
        const Apply variant = spec_ ? spec_variant(overload->id) : nullptr;
        return variant != nullptr ? variant(context, args) : overload->apply(context, args);
      }
    }
    return no_such_overload();
  }

  Value block(const Expr& e) {
    const Expr& bindings = ast_[ast_.child(e, 0)];
    const std::size_t outer = locals_.size();
    for (std::size_t i = 0; i < bindings.child_count; ++i) {
      const Value value = eval(ast_.child(bindings, i));
      locals_.push_back({arena_.copy("@index" + std::to_string(i)), value});
    }
    const Value result = eval(ast_.child(e, 1));
    locals_.resize(outer);
    return result;
  }

  // An optional element: what it holds; false when there is nothing or it is no optional.
  static bool unwrap(Value& value, bool& failed) {
    failed = !value.is(ValueKind::Optional);
    if (failed || value.held() == nullptr) {
      return false;
    }
    value = *value.held();
    return true;
  }

  Value list(const Expr& e) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < e.child_count; ++i) {
      Value item = eval(ast_.child(e, i));
      if (item.is_outcome()) {
        return item;
      }
      if (bool failed = false;
          e.has_optional && ast_.optional_flags[e.first_flag + i] && !unwrap(item, failed)) {
        if (failed) {
          return make_error(arena_, ErrorCode::InvalidArgument, "no optional");
        }
        continue;
      }
      items.push_back(item);
    }
    return Value::list(arena_.copy(std::span<const Value>(items)));
  }

  Value map(const Expr& e) {
    MapBuilder builder(arena_, e.child_count / 2);
    for (std::size_t i = 0; i + 1 < e.child_count; i += 2) {
      const Value key = eval(ast_.child(e, i));
      Value value = eval(ast_.child(e, i + 1));
      if (key.is_outcome()) {
        return key;
      }
      if (value.is_outcome()) {
        return value;
      }
      if (bool failed = false;
          e.has_optional && ast_.optional_flags[e.first_flag + i / 2] && !unwrap(value, failed)) {
        if (failed) {
          return make_error(arena_, ErrorCode::InvalidArgument, "no optional");
        }
        continue;
      }
      builder.add(key, value);
    }
    return builder.finish();
  }

  Value comprehension(const Expr& e) {
    const Value range = eval(ast_.child(e, 0));
    const bool is_map = range.is(ValueKind::Map);
    if (!is_map && !range.is(ValueKind::List)) {
      return range.is_outcome() ? range : no_such_overload();
    }
    const std::string_view iter2 = ast_.names[e.first_name + 1];
    const std::size_t outer = locals_.size();
    const Value init = eval(ast_.child(e, 1));
    locals_.push_back({ast_.names[e.first_name + 2], init});
    const std::size_t size = is_map ? map_size(range) : list_size(range);
    for (std::size_t i = 0; i < size && !exhausted_; ++i) {
      const Value first = is_map          ? map_key_at(arena_, range, i)
                          : iter2.empty() ? list_at(arena_, range, i)
                                          : Value::integer(static_cast<std::int64_t>(i));
      locals_.push_back({ast_.names[e.first_name], first});
      if (!iter2.empty()) {
        locals_.push_back(
            {iter2, is_map ? map_value_at(arena_, range, i) : list_at(arena_, range, i)});
      }
      const bool more = !eval(ast_.child(e, 2)).is_false();
      const Value step = more ? eval(ast_.child(e, 3)) : Value::null();
      locals_.resize(outer + 1);
      if (!more) {
        break;
      }
      locals_[outer].value = step;
    }
    const Value result = eval(ast_.child(e, 4));
    locals_.resize(outer);
    return result;
  }

  const CheckedAst& checked_;
  const Ast& ast_;
  bool spec_;
  Arena& arena_;
  std::span<const Value> variables_;
  std::uint64_t steps_;
  std::vector<Local> locals_;
  int depth_ = 0;
  bool exhausted_ = false;
  bool unknown_kind_ = false;
};

}  // namespace

Value walk(const CheckedAst& checked, const Environment& environment, Arena& arena,
           std::span<const Value> variables, std::uint64_t steps_max) {
  Walker walker(checked, environment, arena, variables, steps_max);
  const Value value = walker.eval(checked.ast.root);
  return walker.gave_up() ? make_error(arena, ErrorCode::CostLimit, "not walked") : value;
}

}  // namespace tally::cel
