// cel-go checker/checker.go v0.31, function by function: check_ident is checkIdent and so on. The
// tree is rewritten as there: a qualified name that is a variable becomes one identifier, a call of
// a function with a namespace loses its receiver.
//
// Recursion follows the tree and is bounded by Depth.
#include "cel/checker.hpp"

#include <algorithm>

#include "cel/internal/environment_table.hpp"
#include "cel/internal/inference.hpp"
#include "cel/internal/issues.hpp"
#include "cel/internal/names.hpp"
#include "cel/internal/validation.hpp"

namespace tally::cel {

namespace {

constexpr std::uint32_t kDepthMax = 4000;
constexpr std::string_view kOptionalSelect = "_?._";
constexpr std::string_view kBlock = "cel.@block";

bool is_dyn(const Type* type) noexcept {
  return type->kind == TypeKind::Dyn || type->kind == TypeKind::Any;
}

// Names of the values of cel.@block.
std::string_view block_name(Arena& arena, std::size_t index) {
  return arena.copy("@index" + std::to_string(index));
}

class Checker {
 public:
  Checker(CheckedAst& out, const Environment& environment)
      : out_(out),
        ast_(out.ast),
        table_(environment.table()),
        pool_(*table_.pool),
        inference_(pool_),
        names_(table_) {
    out_.types.assign(ast_.exprs.size(), nullptr);
    out_.references.assign(ast_.exprs.size(), Reference{});
  }

  void run() {
    check(ast_.root);
    for (const Type*& type : out_.types) {
      if (type != nullptr && type->open) {
        type = inference_.substitute(type, true);
      }
    }
    if (inference_.too_complex()) {
      issues_.clear();
      report(kNoOffset, "the types of the expression are too complex to check");
    }
    if (issues_.empty()) {
      validate(out_, table_.traits, issues_);
    }
  }

  [[nodiscard]] std::vector<Issue>& issues() noexcept { return issues_; }

 private:
  // --- messages ---------------------------------------------------------------------------------

  void report(std::uint32_t offset, std::string message) {
    if (issues_.size() < kIssuesMax) {
      issues_.push_back({offset, std::move(message)});
    }
  }
  void report_at(ExprId id, std::string message) { report(ast_[id].offset, std::move(message)); }

  void undeclared(ExprId id, std::string_view name, const std::string& hint = {}) {
    report(ast_[id].offset, "undeclared reference to '" + std::string(name) + "' (in container '" +
                                table_.options.container + "')" + hint);
  }
  void type_mismatch(ExprId id, const Type* expected, const Type* actual) {
    report(ast_[id].offset,
           "expected type '" + to_string(*expected) + "' but found '" + to_string(*actual) + "'");
  }

  // --- the tables
  // ---------------------------------------------------------------------------------

  [[nodiscard]] const Type* type_of(ExprId id) const noexcept {
    return out_.types[id] == nullptr ? &kErrorType : out_.types[id];
  }
  void set_type(ExprId id, const Type* type) noexcept { out_.types[id] = type; }

  class [[nodiscard]] Depth {
   public:
    explicit Depth(std::uint32_t& depth) : depth_(depth) { ++depth_; }
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    std::uint32_t& depth_;
  };

  void check(ExprId id) {
    const Depth depth(depth_);
    if (depth_ > kDepthMax || inference_.too_complex()) {
      if (depth_ > kDepthMax && !too_deep_) {
        too_deep_ = true;
        report(kNoOffset, "the expression is nested too deeply to check");
      }
      set_type(id, &kErrorType);
      return;
    }
    switch (ast_[id].kind) {
      case ExprKind::Literal:
        return set_type(id, literal_type(ast_[id].value));
      case ExprKind::Ident:
        return check_ident(id);
      case ExprKind::Select:
        return check_select(id);
      case ExprKind::Call:
        return check_call(id);
      case ExprKind::List:
        return check_list(id);
      case ExprKind::Map:
        return check_map(id);
      case ExprKind::Struct:
        return check_struct(id);
      case ExprKind::Comprehension:
        return check_comprehension(id);
    }
  }

  static const Type* literal_type(const Value& value) noexcept {
    switch (value.kind()) {
      case ValueKind::Null:
        return &kNull;
      case ValueKind::Bool:
        return &kBool;
      case ValueKind::Int:
        return &kInt;
      case ValueKind::Uint:
        return &kUint;
      case ValueKind::Double:
        return &kDouble;
      case ValueKind::String:
        return &kString;
      case ValueKind::Bytes:
        return &kBytes;
      default:
        return &kErrorType;
    }
  }

  // --- names
  // ---------------------------------------------------------------------------------------

  void check_ident(ExprId id) {
    const std::string_view name = ast_[id].name;
    if (const Names::Local* local = name.starts_with('.') ? nullptr : names_.find_local(name)) {
      out_.references[id].kind = ReferenceKind::Local;
      out_.references[id].name = local->name;
      return set_type(id, local->type);
    }
    const Names::Global found = names_.find_global(ast_.arena, name);
    if (found.reference.kind == ReferenceKind::None) {
      set_type(id, &kErrorType);
      return undeclared(id, name);
    }
    set_name(id, found);
  }

  void set_name(ExprId id, const Names::Global& found) {
    Expr& e = ast_.exprs[id];
    e.kind = ExprKind::Ident;
    e.name = found.reference.name;
    e.child_count = 0;
    out_.references[id] = found.reference;
    set_type(id, found.type);
  }

  void check_select(ExprId id) {
    const Expr& e = ast_[id];
    if (!e.test_only) {
      const std::string_view root = root_identifier(ast_, id);
      if (!root.empty() && names_.find_local(root) == nullptr && names_.may_qualify_name(root)) {
        const Names::Global found = names_.find_global(ast_.arena, names_.qualified(ast_, id));
        if (found.reference.kind != ReferenceKind::None) {
          return set_name(id, found);
        }
      }
    }
    const Type* type = field_type(id, ast_.child(e, 0), e.name, false);
    set_type(id, e.test_only ? &kBool : inference_.substitute(type, false));
  }

  // checkSelectField.
  const Type* field_type(ExprId id, ExprId operand, std::string_view field, bool optional) {
    check(operand);
    const Type* type = inference_.substitute(type_of(operand), false);
    const bool is_optional = type->kind == TypeKind::Optional;
    const Type* target = is_optional ? type->args[0] : type;
    const Type* result = &kDyn;
    switch (target->kind) {
      case TypeKind::Map:
        result = target->args[1];
        break;
      case TypeKind::Struct:
        result = lookup_field(ast_[id].offset, *target, field);
        break;
      case TypeKind::Param:
        static_cast<void>(inference_.assignable(&kDyn, target));
        break;
      case TypeKind::Dyn:
      case TypeKind::Any:
      case TypeKind::Error:
        break;
      default:
        report_at(id, "type '" + to_string(*target) + "' does not support field selection");
    }
    return is_optional || optional ? inference_.optional(result) : result;
  }

  const Type* lookup_field(std::uint32_t offset, const Type& of, std::string_view field) {
    const Type* type = nullptr;
    if (table_.options.types != nullptr) {
      type = table_.options.types->find_field(pool_, of, field);
    }
    if (type == nullptr) {
      report(offset, "undefined field '" + std::string(field) + "'");
      return &kErrorType;
    }
    return type;
  }

  // --- calls
  // ---------------------------------------------------------------------------------------

  void check_call(ExprId id) {
    const Expr& e = ast_[id];
    if (e.name == kOptionalSelect && !e.member && e.child_count == 2) {
      return check_optional_select(id);
    }
    if (e.name == kBlock && !e.member && e.child_count == 2 &&
        ast_[ast_.child(e, 0)].kind == ExprKind::List) {
      return check_block(id);
    }
    for (std::uint32_t i = e.member ? 1 : 0; i < e.child_count; ++i) {
      check(ast_.child(ast_[id], i));
    }
    if (!e.member) {
      return check_global_call(id);
    }
    check_member_call(id);
  }

  void check_global_call(ExprId id) {
    const std::string_view name = ast_[id].name;
    const TypedFunction* function = names_.find_function(name);
    if (function == nullptr) {
      set_type(id, &kErrorType);
      return undeclared(
          id, name,
          provided_elsewhere(table_.options.profile, name, name, ast_[id].child_count, false));
    }
    set_function_name(id, *function);
    resolve_overload(id, *function);
  }

  void set_function_name(ExprId id, const TypedFunction& function) {
    if (ast_[id].name != function.name) {
      ast_.exprs[id].name = ast_.arena.copy(function.name);
    }
  }

  // Either a function of a receiver, or a function with a namespace.
  void check_member_call(ExprId id) {
    const ExprId target = ast_.child(ast_[id], 0);
    const std::string_view root = root_identifier(ast_, target);
    if (!root.empty() && names_.may_qualify_function(root)) {
      if (const TypedFunction* function = names_.find_function(qualified_call(id, target))) {
        Expr& e = ast_.exprs[id];
        e.member = false;
        ++e.first_child;
        --e.child_count;
        set_function_name(id, *function);
        return resolve_overload(id, *function);
      }
    }
    check(target);
    const std::string_view name = ast_[id].name;
    const TypedFunction* function = names_.find_function(name);
    if (function == nullptr) {
      set_type(id, &kErrorType);
      const std::string qualified = root.empty() ? std::string(name) : qualified_call(id, target);
      return undeclared(id, name,
                        provided_elsewhere(table_.options.profile, name, qualified,
                                           ast_[id].child_count - 1, true));
    }
    if (table_.traits.or_value_on_plain && name == "orValue" && ast_[id].child_count == 2) {
      // Kyverno pkg/cel/compiler/env.go: a function of (dyn, dyn), so that a plain value goes too.
      set_type(id, &kDyn);
      return set_function(id, function->overloads, [](const TypedOverload&) { return true; });
    }
    resolve_overload(id, *function);
  }

  std::string qualified_call(ExprId id, ExprId target) {
    std::string name(names_.qualified(ast_, target));
    name += '.';
    name += ast_[id].name;
    return name;
  }

  void check_optional_select(ExprId id) {
    const ExprId operand = ast_.child(ast_[id], 0);
    const Expr& field = ast_[ast_.child(ast_[id], 1)];
    set_type(ast_.child(ast_[id], 1), &kString);
    const Type* type = field_type(id, operand, field.value.text(), true);
    set_type(id, inference_.substitute(type, false));
    if (const TypedFunction* function = names_.find_function(kOptionalSelect)) {
      set_function(id, function->overloads, [](const TypedOverload&) { return true; });
    }
  }

  // cel.@block([v0, v1 ...], e): v1 sees @index0, e sees them all; the values are dyn (cel-go's
  // conformance environment declares them so).
  void check_block(ExprId id) {
    const ExprId list = ast_.child(ast_[id], 0);
    const std::size_t outside = names_.locals.size();
    const std::size_t count = ast_[list].child_count;
    for (std::size_t i = 0; i < count; ++i) {
      check(ast_.child(ast_[list], i));
      names_.locals.push_back({block_name(ast_.arena, i), &kDyn});
    }
    set_type(list, &kListDyn);
    check(ast_.child(ast_[id], 1));
    names_.locals.resize(outside);
    set_type(id, type_of(ast_.child(ast_[id], 1)));
    if (const TypedFunction* function = names_.find_function(kBlock)) {
      set_function(id, function->overloads, [](const TypedOverload&) { return true; });
    }
  }

  template <class Accept>
  void set_function(ExprId id, const std::vector<TypedOverload>& overloads, Accept accept) {
    Reference& reference = out_.references[id];
    reference.kind = ReferenceKind::Function;
    reference.name = ast_[id].name;
    reference.first_overload = static_cast<std::uint32_t>(out_.overloads.size());
    for (const TypedOverload& overload : overloads) {
      if (accept(overload)) {
        out_.overloads.push_back(overload.row);
      }
    }
    reference.overload_count =
        static_cast<std::uint32_t>(out_.overloads.size()) - reference.first_overload;
  }

  // The children of a call stand in the order of the signature: the receiver first.
  void resolve_overload(ExprId id, const TypedFunction& function) {
    const Expr& e = ast_[id];
    const std::size_t base = arg_types_.size();
    for (const ExprId child : ast_.children(e)) {
      arg_types_.push_back(type_of(child));
    }
    const Type* result = nullptr;
    if (!e.member && (e.name == "_&&_" || e.name == "_||_")) {
      result = check_logical(id, function);
    } else {
      result = match_overloads(id, function, std::span{arg_types_}.subspan(base));
      if (result == nullptr) {
        no_matching_overload(id, function, std::span{arg_types_}.subspan(base));
        result = &kErrorType;
      }
    }
    arg_types_.resize(base);
    set_type(id, result);
  }

  const Type* check_logical(ExprId id, const TypedFunction& function) {
    bool wrong = false;
    for (const ExprId child : ast_.children(ast_[id])) {
      if (!inference_.assignable(type_of(child), &kBool)) {
        type_mismatch(child, &kBool, type_of(child));
        wrong = true;
      }
    }
    if (wrong) {
      return &kErrorType;
    }
    set_function(id, function.overloads, [](const TypedOverload&) { return true; });
    return &kBool;
  }

  // The type of the call; null: no overload matches.
  const Type* match_overloads(ExprId id, const TypedFunction& function,
                              std::span<const Type* const> args) {
    const Type* result = nullptr;
    const auto first = static_cast<std::uint32_t>(out_.overloads.size());
    for (const TypedOverload& overload : function.overloads) {
      if (overload.member != ast_[id].member ||
          (!overload.open && overload.args.size() != args.size())) {
        continue;
      }
      const Type* overload_result = overload.result;
      if (overload.open) {
        inference_.begin_signature();
        instantiated_.clear();
        for (const Type* arg : overload.args) {
          instantiated_.push_back(inference_.instantiate(arg));
        }
        overload_result = inference_.instantiate(overload.result);
      }
      if (!inference_.assignable(args, overload.open
                                           ? std::span<const Type* const>(instantiated_)
                                           : std::span<const Type* const>(overload.args))) {
        continue;
      }
      out_.overloads.push_back(overload.row);
      overload_result = inference_.substitute(overload_result, false);
      if (result == nullptr) {
        result = overload_result;
      } else if (!is_dyn(result) && !same_type(overload_result, result)) {
        result = &kDyn;
      }
    }
    if (result != nullptr) {
      Reference& reference = out_.references[id];
      reference.kind = ReferenceKind::Function;
      reference.name = ast_[id].name;
      reference.first_overload = first;
      reference.overload_count = static_cast<std::uint32_t>(out_.overloads.size()) - first;
    }
    return result;
  }

  void no_matching_overload(ExprId id, const TypedFunction& function,
                            std::span<const Type* const> args) {
    std::string applied;
    const bool member = ast_[id].member;
    for (std::size_t i = 0; i < args.size(); ++i) {
      const std::string type = to_string(*inference_.substitute(args[i], true));
      if (member && i == 0) {
        applied += type + ".(";
      } else {
        applied += i == (member ? 1U : 0U) ? "" : ", ";
        applied += type;
      }
    }
    report_at(id, "found no matching overload for '" + std::string(function.name) +
                      "' applied to '" + (member ? "" : "(") + applied + ")'");
  }

  // --- literals of lists, maps and messages
  // ----------------------------------------------------------

  [[nodiscard]] bool is_optional_at(const Expr& e, std::size_t i) const {
    return e.has_optional && ast_.optional_flags[e.first_flag + i];
  }

  // What the element marked by `?` contributes.
  const Type* optional_element(ExprId id, const Type* type) {
    if (type->kind == TypeKind::Optional) {
      return type->args[0];
    }
    if (!is_dyn(type)) {
      type_mismatch(id, inference_.optional(type), type);
    }
    return type;
  }

  const Type* join(const Type* previous, const Type* current) {
    if (previous == nullptr) {
      return current;
    }
    if (inference_.assignable(previous, current)) {
      if (table_.traits.null_joins_nullable && current->kind == TypeKind::Null) {
        return previous;
      }
      return most_general(previous, current);
    }
    return &kDyn;
  }

  void check_list(ExprId id) {
    const Type* element = nullptr;
    for (std::uint32_t i = 0; i < ast_[id].child_count; ++i) {
      const ExprId child = ast_.child(ast_[id], i);
      check(child);
      const Type* type = type_of(child);
      if (is_optional_at(ast_[id], i)) {
        type = optional_element(child, type);
      }
      element = join(element, type);
    }
    set_type(id, inference_.list(element == nullptr ? pool_.fresh() : element));
  }

  void check_map(ExprId id) {
    const Type* key_type = nullptr;
    const Type* value_type = nullptr;
    for (std::uint32_t i = 0; i + 1 < ast_[id].child_count; i += 2) {
      const ExprId key = ast_.child(ast_[id], i);
      const ExprId value = ast_.child(ast_[id], i + 1);
      check(key);
      key_type = join(key_type, type_of(key));
      check(value);
      const Type* type = type_of(value);
      if (is_optional_at(ast_[id], i / 2)) {
        type = optional_element(value, type);
      }
      value_type = join(value_type, type);
    }
    if (key_type == nullptr) {
      key_type = pool_.fresh();
      value_type = pool_.fresh();
    }
    set_type(id, inference_.map(key_type, value_type));
  }

  void check_struct(ExprId id) {
    const Names::Global found = names_.find_message_type(ast_.arena, ast_[id].name);
    if (found.reference.kind == ReferenceKind::None) {
      set_type(id, &kErrorType);
      return undeclared(id, ast_[id].name);
    }
    const std::string_view name = found.reference.name;
    ast_.exprs[id].name = name;
    out_.references[id] = found.reference;
    const Type* type = found.type;
    const bool well_known = well_known_field(pool_, name, "value") != nullptr ||
                            well_known_type(pool_, name) != nullptr;
    if (!well_known && type->kind != TypeKind::Struct) {
      report_at(id, "'" + std::string(type->name) + "' is not a message type");
      type = &kErrorType;
    }
    set_type(id, type);
    for (std::uint32_t i = 0; i < ast_[id].child_count; ++i) {
      check_field(id, i, *type);
    }
  }

  void check_field(ExprId id, std::uint32_t i, const Type& message) {
    const ExprId value = ast_.child(ast_[id], i);
    const std::string_view field = ast_.names[ast_[id].first_name + i];
    check(value);
    const std::uint32_t offset = colon_behind(field);
    const Type* expected = &kErrorType;
    if (message.kind == TypeKind::Struct) {
      expected = lookup_field(offset, message, field);
    } else if (message.kind == TypeKind::Error) {
      report(offset, "unexpected failed resolution of '" + std::string(ast_[id].name) + "'");
    } else if (const Type* known = well_known_field(pool_, ast_[id].name, field)) {
      expected = known;
    } else {
      report(offset, "undefined field '" + std::string(field) + "'");
    }
    const Type* type = type_of(value);
    if (is_optional_at(ast_[id], i)) {
      type = optional_element(value, type);
    }
    if (!inference_.assignable(expected, type)) {
      report(offset, "expected type of field '" + std::string(field) + "' is '" +
                         to_string(*expected) + "' but provided type is '" + to_string(*type) +
                         "'");
    }
  }

  // Where messages about a field point at. Field names are views of the source.
  [[nodiscard]] std::uint32_t colon_behind(std::string_view field) const noexcept {
    const auto at = static_cast<std::size_t>(field.data() - ast_.source.data()) + field.size();
    const std::size_t colon = ast_.source.find(':', at);
    return static_cast<std::uint32_t>(colon == std::string_view::npos ? at : colon);
  }

  // --- comprehensions
  // --------------------------------------------------------------------------------

  void check_comprehension(ExprId id) {
    const Expr e = ast_[id];
    const ExprId range = ast_.child(e, 0);
    const ExprId init = ast_.child(e, 1);
    const std::string_view iter_var = ast_.names[e.first_name];
    const std::string_view iter_var2 = ast_.names[e.first_name + 1];
    check(range);
    check(init);
    const Type* range_type = inference_.substitute(type_of(range), false);
    const Type* accu_type = type_of(init);

    const std::size_t outside = names_.locals.size();
    names_.locals.push_back({ast_.names[e.first_name + 2], accu_type});
    const std::size_t fold = names_.locals.size();
    push_iteration_variables(range, *range_type, iter_var, iter_var2);

    const ExprId condition = ast_.child(e, 2);
    const ExprId step = ast_.child(e, 3);
    const ExprId result = ast_.child(e, 4);
    check(condition);
    assert_type(condition, &kBool);
    check(step);
    assert_type(step, accu_type);
    names_.locals.resize(fold);
    check(result);
    names_.locals.resize(outside);
    set_type(id, inference_.substitute(type_of(result), false));
  }

  void push_iteration_variables(ExprId range, const Type& type, std::string_view first,
                                std::string_view second) {
    const bool two = !second.empty();
    const Type* first_type = &kErrorType;
    const Type* second_type = &kErrorType;
    switch (type.kind) {
      case TypeKind::List:
        first_type = two ? &kInt : type.args[0];
        second_type = type.args[0];
        break;
      case TypeKind::Map:
        first_type = type.args[0];
        second_type = type.args[1];
        break;
      case TypeKind::Dyn:
      case TypeKind::Error:
      case TypeKind::Param:
        static_cast<void>(inference_.assignable(&kDyn, &type));
        first_type = &kDyn;
        second_type = &kDyn;
        break;
      default:
        report_at(range,
                  "expression of type '" + to_string(type) +
                      "' cannot be range of a comprehension (must be list, map, or dynamic)");
    }
    names_.locals.push_back({first, first_type});
    if (two) {
      names_.locals.push_back({second, second_type});
    }
  }

  void assert_type(ExprId id, const Type* type) {
    if (!inference_.assignable(type, type_of(id))) {
      type_mismatch(id, type, type_of(id));
    }
  }

  CheckedAst& out_;
  Ast& ast_;
  const Environment::Table& table_;
  TypePool& pool_;
  Inference inference_;
  Names names_;
  std::vector<Issue> issues_;
  std::vector<const Type*> arg_types_;
  std::vector<const Type*> instantiated_;
  std::uint32_t depth_ = 0;
  bool too_deep_ = false;
};

}  // namespace

std::expected<CheckedAst, std::vector<Issue>> check(Ast ast, const Environment& environment) {
  CheckedAst out;
  out.ast = std::move(ast);
  Checker checker(out, environment);
  checker.run();
  if (!checker.issues().empty()) {
    sort_issues(checker.issues());
    return std::unexpected(std::move(checker.issues()));
  }
  return out;
}

}  // namespace tally::cel
