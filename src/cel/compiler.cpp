// Checked syntax tree to instructions. What a host counts as cost is decided here as far as values
// do not matter, after the plan that cel-go makes of an expression (interpreter/planner.go):
//
// - A name with the selections and indexes behind it is one attribute: 1, and 1 for each of them.
//   A selection from any other expression makes it an attribute, too. An attribute that is a branch
//   of `?:` is resolved without being counted itself; has() is counted in the profile `spec` only.
// - Constants, lists and maps of constants, and conversions of constants cost nothing; `in` over a
//   constant list neither (OptOptimize).
// - `&&`, `||`, `?:` and comprehensions cost what their parts cost.
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cel/internal/code.hpp"
#include "cel/internal/regex.hpp"
#include "cel/parser.hpp"
#include "cel/program.hpp"
#include "cel/type.hpp"

namespace tally::cel {

Program::Code::Code() = default;
Program::Code::~Code() = default;

Program::Program() = default;
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::Program(std::unique_ptr<const Code> code) : code_(std::move(code)) {}

const Type& Program::result_type() const noexcept { return *code_->result_type; }
std::string_view Program::source() const noexcept { return code_->source; }
std::span<const std::uint32_t> Program::variables_used() const noexcept {
  return code_->variables_used;
}

namespace {

constexpr std::uint32_t kDepthMax = 3000;
constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;

// Whether an attribute is counted itself: not as a branch of `?:`, not as an index.
enum class Counted : std::uint8_t { Yes, No };

struct Scope {
  std::string_view name;
  std::uint32_t slot = 0;
  std::uint32_t lazy_code = kNoSlot;  // where the code is that computes it on first use
  std::uint32_t lazy_stack = 0;
};

class Compiler {
 public:
  Compiler(const CheckedAst& checked, const Environment& environment, const CompileOptions& options)
      : checked_(checked),
        ast_(checked.ast),
        options_(options),
        spec_(environment.options().profile.dialect == Dialect::Spec),
        code_(std::make_unique<Program::Code>()) {
    code_->bad_presence = spec_ ? BadPresence::Error : BadPresence::Absent;
    for (const Variable& variable : environment.options().variables) {
      code_->variable_names.push_back(variable.name);
    }
  }

  std::expected<Program, std::vector<Issue>> run() {
    code_->source = code_->arena.copy(ast_.source);
    code_->result_type = &checked_.type();
    compile(ast_.root, Counted::Yes);
    emit({.op = Op::Return});
    if (too_deep_) {
      return std::unexpected(std::vector<Issue>{{0, "expression is nested too deeply"}});
    }
    std::ranges::sort(code_->variables_used);
    code_->stack_max += 4;
    return Program(std::move(code_));
  }

 private:
  // --- instructions

  std::uint32_t here() const { return static_cast<std::uint32_t>(code_->instructions.size()); }

  std::uint32_t emit(const Instruction& instruction) {
    code_->instructions.push_back(instruction);
    return here() - 1;
  }

  void pushed(std::uint32_t count = 1) {
    stack_ += count;
    code_->stack_max = std::max(code_->stack_max, stack_);
  }
  void popped(std::uint32_t count = 1) { stack_ -= count; }

  void push(const Instruction& instruction) {
    emit(instruction);
    pushed();
  }

  void mark(const Expr& e) { code_->marks.push_back({here() - 1, e.offset, e.end}); }

  std::uint32_t constant(const Value& value) {
    code_->constants.push_back(keep(value));
    return static_cast<std::uint32_t>(code_->constants.size() - 1);
  }

  // A copy that does not point into the syntax tree.
  Value keep(const Value& value) {
    switch (value.kind()) {
      case ValueKind::String:
        return Value::string(code_->arena.copy(value.text()));
      case ValueKind::Bytes:
        return Value::bytes(code_->arena.copy(value.text()));
      default:
        return value;
    }
  }

  std::uint32_t name(std::string_view text) {
    const auto [at, added] = names_.try_emplace(text, code_->names.size());
    if (added) {
      code_->names.emplace_back(code_->arena.copy(text));
    }
    return static_cast<std::uint32_t>(at->second);
  }

  // --- what is known while compiling

  const Reference& reference(ExprId id) const { return checked_.references[id]; }

  // The only overload that is left, or null.
  const Overload* single(ExprId id) const {
    const Reference& r = reference(id);
    return r.kind == ReferenceKind::Function && r.overload_count == 1
               ? checked_.overloads[r.first_overload].overload
               : nullptr;
  }

  static bool is_conversion(std::string_view function) {
    constexpr std::string_view kConversions[] = {"bool", "bytes",  "double",    "duration", "dyn",
                                                 "int",  "string", "timestamp", "type",     "uint"};
    return std::ranges::find(kConversions, function) != std::end(kConversions);
  }

  // A value that is known now and costs nothing to have.
  bool fold(ExprId id, Value& out, std::uint32_t depth = 0) {
    const Expr& e = ast_[id];
    if (depth > kDepthMax) {
      return false;
    }
    switch (e.kind) {
      case ExprKind::Literal:
        out = keep(e.value);
        return true;
      case ExprKind::Ident:
      case ExprKind::Select: {
        const Reference& r = reference(id);
        if (r.kind == ReferenceKind::EnumConstant || r.kind == ReferenceKind::TypeName) {
          out = r.constant;
          return !out.is(ValueKind::Null);
        }
        return false;
      }
      case ExprKind::List: {
        if (e.has_optional || (!options_.fold_constants && e.child_count != 0)) {
          return false;
        }
        auto* items = code_->arena.allocate_array<Value>(e.child_count);
        for (std::size_t i = 0; i < e.child_count; ++i) {
          if (!fold(ast_.child(e, i), items[i], depth + 1)) {
            return false;
          }
        }
        out = Value::list({items, e.child_count});
        return true;
      }
      case ExprKind::Map: {
        if (e.has_optional || (!options_.fold_constants && e.child_count != 0)) {
          return false;
        }
        MapBuilder map(code_->arena, e.child_count / 2);
        for (std::size_t i = 0; i + 1 < e.child_count; i += 2) {
          Value key;
          Value value;
          if (!fold(ast_.child(e, i), key, depth + 1) ||
              !fold(ast_.child(e, i + 1), value, depth + 1)) {
            return false;
          }
          map.add(key, value);
        }
        out = map.finish();
        return !out.is_error();
      }
      case ExprKind::Call: {
        if (!options_.fold_constants || e.member || e.child_count != 1 || !is_conversion(e.name)) {
          return false;
        }
        Value argument;
        const Reference& r = reference(id);
        if (r.kind != ReferenceKind::Function || !fold(ast_.child(e, 0), argument, depth + 1)) {
          return false;
        }
        for (std::uint32_t i = 0; i < r.overload_count; ++i) {
          const Overload* overload = checked_.overloads[r.first_overload + i].overload;
          if (overload == nullptr || overload->apply == nullptr) {
            continue;
          }
          const auto types = argument_types(overload->signature);
          if (types.size() == 1 && matches(arg_pattern(types[0], code_->arena), argument)) {
            EvalContext context{.arena = code_->arena};
            out = overload->apply(context, {&argument, 1});
            return !out.is_outcome();
          }
        }
        return false;
      }
      default:
        return false;
    }
  }

  // --- expressions

  void compile(ExprId id, Counted counted) {
    if (++depth_ > kDepthMax) {
      too_deep_ = true;
      --depth_;
      pushed();
      return;
    }
    compile_inner(id, counted);
    mark(ast_[id]);
    --depth_;
  }

  void compile_inner(ExprId id, Counted counted) {
    const Expr& e = ast_[id];
    Value known;
    if (fold(id, known)) {
      push({.op = Op::Const, .a = constant(known), .offset = e.offset});
      return;
    }
    switch (e.kind) {
      case ExprKind::Literal:
        return;
      case ExprKind::Ident:
      case ExprKind::Select:
        attribute(id, counted);
        return;
      case ExprKind::Call:
        call(id, counted);
        return;
      case ExprKind::List:
        list(e);
        return;
      case ExprKind::Map:
        map(e);
        return;
      case ExprKind::Struct:
        structure(id);
        return;
      case ExprKind::Comprehension:
        comprehension(e);
        return;
    }
  }

  const Scope* find_scope(std::string_view wanted) const {
    for (auto at = scopes_.rbegin(); at != scopes_.rend(); ++at) {
      if (at->name == wanted) {
        return &*at;
      }
    }
    return nullptr;
  }

  // --- attributes

  static bool is_index(const Expr& e) {
    return e.kind == ExprKind::Call && e.child_count == 2 &&
           (e.name == "_[_]" || e.name == "_[?_]" || e.name == "_?._");
  }

  bool is_selection(ExprId id) const {
    const Expr& e = ast_[id];
    return (e.kind == ExprKind::Select && reference(id).kind == ReferenceKind::None) || is_index(e);
  }

  struct Base {
    bool is_variable = false;
    bool is_local = false;
    std::uint32_t slot = 0;
  };

  // What a name stands for, when that can be a path's begin.
  bool base_of(ExprId id, Base& out) {
    const Expr& e = ast_[id];
    if (e.kind != ExprKind::Ident && e.kind != ExprKind::Select) {
      return false;
    }
    const Reference& r = reference(id);
    if (r.kind == ReferenceKind::Variable) {
      use_variable(r.variable);
      out = {.is_variable = true, .is_local = false, .slot = r.variable};
      return true;
    }
    if (e.kind == ExprKind::Ident) {
      if (const Scope* scope = find_scope(e.name); scope != nullptr) {
        out = {.is_variable = false, .is_local = scope->lazy_code == kNoSlot, .slot = scope->slot};
        return out.is_local;
      }
    }
    return false;
  }

  void use_variable(std::uint32_t variable) {
    if (std::ranges::find(code_->variables_used, variable) == code_->variables_used.end()) {
      code_->variables_used.push_back(variable);
    }
  }

  void base(ExprId id, Counted counted) {
    const Expr& e = ast_[id];
    const auto cost = static_cast<std::uint16_t>(counted == Counted::Yes ? 1 : 0);
    Base found;
    if (base_of(id, found)) {
      push({.op = found.is_variable ? Op::Variable : Op::Local,
            .cost = cost,
            .a = found.slot,
            .offset = e.offset});
      return;
    }
    if (const Scope* scope = find_scope(e.name); e.kind == ExprKind::Ident && scope != nullptr) {
      stack_ += scope->lazy_stack;
      pushed();
      stack_ -= scope->lazy_stack;
      emit({.op = Op::LazyLocal,
            .cost = cost,
            .a = scope->slot,
            .b = scope->lazy_code,
            .offset = e.offset});
      return;
    }
    const Value missing =
        make_error(code_->arena, ErrorCode::NoSuchAttribute, {"no such attribute(s): ", e.name});
    push({.op = Op::Const, .cost = cost, .a = constant(missing), .offset = e.offset});
  }

  // A chain of selections and indexes, and what it begins with.
  void attribute(ExprId id, Counted counted) {
    std::vector<ExprId> chain;
    ExprId root = id;
    while (is_selection(root)) {
      chain.push_back(root);
      root = ast_.child(ast_[root], 0);
    }
    std::ranges::reverse(chain);
    // has() is not counted itself: cel-go's evalTestOnly, with PresenceTestHasCost(false).
    const bool free_presence =
        counted == Counted::Yes && !chain.empty() && ast_[chain.back()].test_only && !spec_;
    if (free_presence) {
      counted = Counted::No;
    }
    std::size_t next = 0;
    Base found;
    if (base_of(root, found)) {
      next = path(found, root, chain, counted);
    }
    if (next == 0) {
      const Expr& r = ast_[root];
      if (r.kind == ExprKind::Ident || r.kind == ExprKind::Select) {
        Value known;
        if (fold(root, known)) {
          push({.op = Op::Const,
                .cost = static_cast<std::uint16_t>(counted == Counted::Yes ? 1 : 0),
                .a = constant(known),
                .offset = r.offset});
        } else {
          base(root, counted);
        }
      } else {
        // Any other expression becomes an attribute by being selected from; `?:` is one.
        compile(root, Counted::No);
        const bool conditional_root = r.kind == ExprKind::Call && r.name == "_?_:_";
        if (counted == Counted::Yes && !conditional_root) {
          emit({.op = Op::Land, .cost = 1});
        }
        // has() takes back the 1 of an attribute; of `?:` it was never asked for.
        free_selection_ = free_presence && conditional_root;
      }
    }
    for (; next < chain.size(); ++next) {
      selection(chain[next]);
    }
  }

  // Fuses a name and the plain selections behind it; returns how many it took.
  std::size_t path(const Base& found, ExprId root, std::span<const ExprId> chain, Counted counted) {
    std::size_t count = 0;
    while (count < chain.size() && ast_[chain[count]].kind == ExprKind::Select) {
      ++count;
    }
    if (count == 0) {
      return 0;
    }
    const bool test = ast_[chain[count - 1]].test_only;
    // Names of a path lie side by side: they are not shared with other uses.
    code_->paths.push_back(
        {static_cast<std::uint32_t>(code_->names.size()), static_cast<std::uint32_t>(count)});
    for (std::size_t i = 0; i < count; ++i) {
      code_->names.emplace_back(code_->arena.copy(ast_[chain[i]].name));
    }
    Op op = found.is_variable ? Op::VariablePath : Op::LocalPath;
    if (test) {
      op = found.is_variable ? Op::VariableHas : Op::LocalHas;
    }
    push({.op = op,
          .cost = static_cast<std::uint16_t>(count + (counted == Counted::Yes ? 1 : 0)),
          .a = found.slot,
          .b = static_cast<std::uint32_t>(code_->paths.size() - 1),
          .offset = ast_[root].offset});
    if (count < chain.size()) {
      mark(ast_[chain[count - 1]]);
    }
    return count;
  }

  void selection(ExprId id) {
    const Expr& e = ast_[id];
    if (e.kind == ExprKind::Select) {
      const bool free_selection = e.test_only && std::exchange(free_selection_, false);
      emit({.op = e.test_only ? Op::Has : Op::Select,
            .cost = static_cast<std::uint16_t>(free_selection ? 0 : 1),
            .a = name(e.name),
            .offset = e.offset});
      mark(e);
      return;
    }
    if (e.name == "_?._") {
      const Expr& field = ast_[ast_.child(e, 1)];
      if (field.kind == ExprKind::Literal && field.value.is(ValueKind::String)) {
        emit({.op = Op::OptionalSelect, .a = name(field.value.text()), .offset = e.offset});
        mark(e);
        return;
      }
    }
    const ExprId key = ast_.child(e, 1);
    Value known;
    const bool constant_key = fold(key, known);
    std::uint32_t skip = kNoSlot;
    if (!constant_key) {
      skip = emit({.op = Op::JumpIfOutcome});
    }
    compile(key, Counted::No);
    if (e.name == "_[_]") {
      emit({.op = Op::Index, .cost = 1, .offset = e.offset});
    } else {
      emit({.op = Op::OptionalIndex, .offset = e.offset});
    }
    popped();
    if (skip != kNoSlot) {
      code_->instructions[skip].a = here();
    }
    mark(e);
  }

  // --- calls

  void call(ExprId id, Counted counted) {
    const Expr& e = ast_[id];
    const auto child = [&](std::size_t i) { return ast_.child(e, i); };
    if (is_index(e)) {
      attribute(id, counted);
    } else if (e.name == "_&&_" && e.child_count == 2) {
      logic(e, Op::AndTest, Op::AndMerge);
    } else if (e.name == "_||_" && e.child_count == 2) {
      logic(e, Op::OrTest, Op::OrMerge);
    } else if (e.name == "_?_:_" && e.child_count == 3) {
      conditional(e);
    } else if (e.name == "!_" && e.child_count == 1) {
      compile(child(0), Counted::Yes);
      emit({.op = Op::Not, .cost = 1, .offset = e.offset});
    } else if ((e.name == "@not_strictly_false" || e.name == "__not_strictly_false__") &&
               e.child_count == 1) {
      compile(child(0), Counted::Yes);
      emit({.op = Op::NotStrictlyFalse, .cost = 1, .offset = e.offset});
    } else if ((e.name == "_==_" || e.name == "_!=_") && e.child_count == 2) {
      equality(e);
    } else if ((e.name == "@in" || e.name == "_in_" || e.name == "in") && e.child_count == 2) {
      membership(id);
    } else if (e.member && (e.name == "or" || e.name == "orValue") && e.child_count == 2) {
      optional_or(e);
    } else if (e.name == "cel.@block" && e.child_count == 2) {
      block(e);
    } else {
      ordinary_call(id);
    }
  }

  void logic(const Expr& e, Op test, Op merge) {
    compile(ast_.child(e, 0), Counted::Yes);
    const std::uint32_t jump = emit({.op = test, .offset = e.offset});
    compile(ast_.child(e, 1), Counted::Yes);
    emit({.op = merge, .offset = e.offset});
    popped();
    code_->instructions[jump].a = here();
  }

  void conditional(const Expr& e) {
    compile(ast_.child(e, 0), Counted::Yes);
    const std::uint32_t branch = emit({.op = Op::Branch, .offset = e.offset});
    popped();
    compile(ast_.child(e, 1), Counted::No);
    const std::uint32_t jump = emit({.op = Op::Jump});
    popped();
    code_->instructions[branch].a = here();
    compile(ast_.child(e, 2), Counted::No);
    code_->instructions[jump].a = here();
    code_->instructions[branch].b = here();
    emit({.op = Op::Land});
  }

  // x.or(y), x.orValue(y): cel-go cel/library.go, evalOptionalOr.
  void optional_or(const Expr& e) {
    compile(ast_.child(e, 0), Counted::Yes);
    const std::uint32_t jump =
        emit({.op = e.name == "or" ? Op::OptionalOr : Op::OptionalOrElse, .offset = e.offset});
    popped();
    compile(ast_.child(e, 1), Counted::Yes);
    code_->instructions[jump].a = here();
    emit({.op = Op::Land});
  }

  void equality(const Expr& e) {
    const bool same = e.name == "_==_";
    Value known;
    // A constant on the left is compared from the right: equality is symmetric.
    const std::size_t other = fold(ast_.child(e, 0), known) ? 1 : 0;
    if (other == 1 || fold(ast_.child(e, 1), known)) {
      compile(ast_.child(e, other), Counted::Yes);
      emit({.op = same ? Op::EqualConst : Op::NotEqualConst,
            .a = constant(known),
            .offset = e.offset});
      return;
    }
    compile(ast_.child(e, 0), Counted::Yes);
    compile(ast_.child(e, 1), Counted::Yes);
    emit({.op = same ? Op::Equal : Op::NotEqual, .offset = e.offset});
    popped();
  }

  void membership(ExprId id) {
    const Expr& e = ast_[id];
    const Overload* overload = single(id);
    const bool in_list = overload != nullptr && overload->id == "in_list";
    Value known;
    if (in_list && options_.fold_constants && fold(ast_.child(e, 1), known) &&
        known.is(ValueKind::List) && make_set(known)) {
      if (list_size(known) == 0) {  // the item is not even evaluated
        push({.op = Op::Const, .a = constant(Value::boolean(false)), .offset = e.offset});
        return;
      }
      compile(ast_.child(e, 0), Counted::Yes);
      emit({.op = Op::InSet,
            .a = static_cast<std::uint32_t>(code_->sets.size() - 1),
            .offset = e.offset});
      return;
    }
    compile(ast_.child(e, 0), Counted::Yes);
    compile(ast_.child(e, 1), Counted::Yes);
    emit({.op = Op::In, .flags = in_list ? std::uint8_t{1} : std::uint8_t{0}, .offset = e.offset});
    popped();
  }

  // cel-go interpreter/decorators.go, maybeOptimizeSetMembership: lists of scalars.
  bool make_set(const Value& list) {
    ConstantSet set;
    bool hashable = true;
    for (const Value& item : list.plain_items()) {
      if (item.kind() < ValueKind::Bool || item.kind() > ValueKind::String) {
        return false;
      }
      hashable = hashable && !item.is(ValueKind::Double);
      if (std::ranges::none_of(
              set.items, [&](const Value& known) { return equal(code_->arena, known, item); })) {
        set.items.push_back(item);
      }
    }
    if (hashable && set.items.size() > kMapLinearMax) {
      MapBuilder map(code_->arena, set.items.size());
      for (const Value& item : set.items) {
        map.add(item, Value::boolean(true));
      }
      set.hashed = map.finish();
    }
    code_->sets.push_back(std::move(set));
    return true;
  }

  void ordinary_call(ExprId id) {
    const Expr& e = ast_[id];
    const Overload* only = single(id);
    Value pattern;
    if (only != nullptr && e.name == "matches" && e.child_count == 2 &&
        fold(ast_.child(e, 1), pattern) && pattern.is(ValueKind::String)) {
      auto compiled = compile_regex(pattern.text());
      if (compiled->ok()) {
        compile(ast_.child(e, 0), Counted::Yes);
        code_->regexes.push_back(std::move(compiled));
        // The size of the pattern is part of the cost.
        emit({.op = Op::MatchesConst,
              .flags = only->id == "matches_string" ? std::uint8_t{1} : std::uint8_t{0},
              .a = static_cast<std::uint32_t>(code_->regexes.size() - 1),
              .b = constant(pattern),
              .offset = e.offset});
        return;
      }
    }
    for (std::size_t i = 0; i < e.child_count; ++i) {
      compile(ast_.child(e, i), Counted::Yes);
    }
    push({.op = Op::Call, .a = call_site(id), .offset = e.offset});
    popped(e.child_count);
  }

  std::uint32_t call_site(ExprId id) {
    const Expr& e = ast_[id];
    const Reference& r = reference(id);
    CallSite site{.function = code_->arena.copy(r.name.empty() ? e.name : r.name),
                  .first_target = static_cast<std::uint32_t>(code_->targets.size()),
                  .arg_count = e.child_count,
                  .cost = {}};
    std::string_view overload_id;
    if (r.kind == ReferenceKind::Function) {
      for (std::uint32_t i = 0; i < r.overload_count; ++i) {
        const ResolvedOverload& resolved = checked_.overloads[r.first_overload + i];
        if (resolved.overload == nullptr || resolved.overload->apply == nullptr) {
          continue;
        }
        if (r.overload_count == 1) {
          overload_id = resolved.overload->id;
        }
        const auto types = argument_types(resolved.overload->signature);
        if (types.size() != e.child_count) {
          continue;
        }
        Apply apply = resolved.overload->apply;
        if (const Apply variant = spec_ ? spec_variant(resolved.overload->id) : nullptr) {
          apply = variant;
        }
        code_->targets.push_back(
            {.apply = apply,
             .charge = resolved.overload->charge,
             .first_pattern = static_cast<std::uint32_t>(code_->patterns.size())});
        for (const std::string_view type : types) {
          code_->patterns.push_back(arg_pattern(type, code_->arena));
        }
      }
    }
    site.target_count = static_cast<std::uint32_t>(code_->targets.size()) - site.first_target;
    site.cost = call_cost_rule(site.function, overload_id);
    code_->calls.push_back(site);
    return static_cast<std::uint32_t>(code_->calls.size() - 1);
  }

  // --- aggregates

  std::uint32_t optional_flags(const Expr& e, std::size_t count) {
    const auto first = static_cast<std::uint32_t>(code_->flags.size());
    for (std::size_t i = 0; i < count; ++i) {
      code_->flags.push_back(e.has_optional && ast_.optional_flags[e.first_flag + i]);
    }
    return first;
  }

  void list(const Expr& e) {
    for (std::size_t i = 0; i < e.child_count; ++i) {
      compile(ast_.child(e, i), Counted::Yes);
    }
    push({.op = e.has_optional ? Op::MakeOptionalList : Op::MakeList,
          .cost = kListCreateCost,
          .a = e.child_count,
          .b = e.has_optional ? optional_flags(e, e.child_count) : 0,
          .offset = e.offset});
    popped(e.child_count);
  }

  void map(const Expr& e) {
    for (std::size_t i = 0; i < e.child_count; ++i) {
      compile(ast_.child(e, i), Counted::Yes);
    }
    push({.op = e.has_optional ? Op::MakeOptionalMap : Op::MakeMap,
          .cost = kMapCreateCost,
          .a = e.child_count / 2,
          .b = e.has_optional ? optional_flags(e, e.child_count / 2) : 0,
          .offset = e.offset});
    popped(e.child_count);
  }

  void structure(ExprId id) {
    const Expr& e = ast_[id];
    const Reference& r = reference(id);
    for (std::size_t i = 0; i < e.child_count; ++i) {
      compile(ast_.child(e, i), Counted::Yes);
    }
    const Type* type = r.kind == ReferenceKind::TypeName && r.constant.is(ValueKind::Type)
                           ? r.constant.as_type()
                           : nullptr;
    StructSite site{.type = code_->arena.copy(r.name.empty() ? e.name : r.name),
                    .host_type = type != nullptr && type->kind == TypeKind::Struct ? type : nullptr,
                    .first_field = static_cast<std::uint32_t>(code_->names.size()),
                    .field_count = e.child_count,
                    .first_flag = optional_flags(e, e.child_count),
                    .has_optional = e.has_optional};
    for (std::size_t i = 0; i < e.child_count; ++i) {
      code_->names.emplace_back(code_->arena.copy(ast_.names[e.first_name + i]));
    }
    code_->structs.push_back(site);
    push({.op = Op::MakeStruct,
          .cost = kStructCreateCost,
          .a = static_cast<std::uint32_t>(code_->structs.size() - 1),
          .offset = e.offset});
    popped(e.child_count);
  }

  // --- comprehensions

  std::uint32_t new_local() { return code_->local_count++; }

  // A local that is computed when it is first read: cel.bind() and cel.@block.
  Scope lazy_local(std::string_view local_name, ExprId value) {
    const std::uint32_t slot = new_local();
    const std::uint32_t over = emit({.op = Op::Jump});
    const std::uint32_t begin = here();
    const std::uint32_t outer_stack = stack_;
    const std::uint32_t outer_max = code_->stack_max;
    stack_ = 0;
    code_->stack_max = 0;
    compile(value, Counted::Yes);
    emit({.op = Op::LazyReturn, .a = slot});
    const std::uint32_t needed = code_->stack_max + 1;
    stack_ = outer_stack;
    code_->stack_max = outer_max;
    code_->instructions[over].a = here();
    emit({.op = Op::LazyReset, .a = slot});
    return {.name = local_name, .slot = slot, .lazy_code = begin, .lazy_stack = needed};
  }

  void block(const Expr& e) {
    const Expr& bindings = ast_[ast_.child(e, 0)];
    const std::size_t outer = scopes_.size();
    for (std::size_t i = 0; i < bindings.child_count; ++i) {
      const std::string_view local = code_->arena.copy("@index" + std::to_string(i));
      scopes_.push_back(lazy_local(local, ast_.child(bindings, i)));
    }
    compile(ast_.child(e, 1), Counted::Yes);
    scopes_.resize(outer);
  }

  bool is_ident(ExprId id, std::string_view wanted) const {
    return ast_[id].kind == ExprKind::Ident && ast_[id].name == wanted;
  }

  bool is_call(ExprId id, std::string_view function, std::size_t count) const {
    const Expr& e = ast_[id];
    return e.kind == ExprKind::Call && e.name == function && e.child_count == count;
  }

  enum class Quantifier : std::uint8_t { None, All, Exists };

  // all(): while @not_strictly_false(accu), accu = accu && p.  exists(): while
  // @not_strictly_false(!accu), accu = accu || p.
  Quantifier quantifier(ExprId condition, ExprId step, std::string_view accu) const {
    if (!is_call(condition, "@not_strictly_false", 1)) {
      return Quantifier::None;
    }
    const ExprId tested = ast_.child(ast_[condition], 0);
    if (is_ident(tested, accu) && is_call(step, "_&&_", 2) &&
        is_ident(ast_.child(ast_[step], 0), accu)) {
      return Quantifier::All;
    }
    if (is_call(tested, "!_", 1) && is_ident(ast_.child(ast_[tested], 0), accu) &&
        is_call(step, "_||_", 2) && is_ident(ast_.child(ast_[step], 0), accu)) {
      return Quantifier::Exists;
    }
    return Quantifier::None;
  }

  void comprehension(const Expr& e) {
    const ExprId range = ast_.child(e, 0);
    const ExprId init = ast_.child(e, 1);
    const ExprId condition = ast_.child(e, 2);
    const ExprId step = ast_.child(e, 3);
    const ExprId result = ast_.child(e, 4);
    const std::string_view iter = ast_.names[e.first_name];
    const std::string_view iter2 = ast_.names[e.first_name + 1];
    const std::string_view accu = ast_.names[e.first_name + 2];
    const std::size_t outer = scopes_.size();
    const Expr& over = ast_[range];
    if (over.kind == ExprKind::List && over.child_count == 0) {  // a name for a value
      scopes_.push_back(lazy_local(accu, init));
      compile(result, Counted::Yes);
      scopes_.resize(outer);
      return;
    }
    compile(range, Counted::Yes);
    const Loop loop{.iteration = code_->iteration_count++,
                    .local = new_local(),
                    .local2 = iter2.empty() ? kNoSlot : new_local(),
                    .accumulator = new_local()};
    code_->loops.push_back(loop);
    const auto loop_index = static_cast<std::uint32_t>(code_->loops.size() - 1);
    const std::uint32_t begin =
        emit({.op = Op::IterBegin, .a = loop.iteration, .offset = e.offset});
    popped();
    compile(init, Counted::Yes);
    emit({.op = Op::StoreLocal, .a = loop.accumulator});
    popped();
    scopes_.push_back({.name = accu, .slot = loop.accumulator});
    scopes_.push_back({.name = iter, .slot = loop.local});
    if (!iter2.empty()) {
      scopes_.push_back({.name = iter2, .slot = loop.local2});
    }
    const std::uint32_t head = here();
    switch (quantifier(condition, step, accu)) {
      case Quantifier::All:
        emit({.op = Op::IterNextAll, .a = loop_index});
        compile(ast_.child(ast_[step], 1), Counted::Yes);
        emit({.op = Op::AllMerge,
              .cost = 1,  // of reading the accumulator
              .a = loop.accumulator,
              .b = head,
              .offset = ast_[step].offset});
        popped();
        break;
      case Quantifier::Exists:
        emit({.op = Op::IterNextExists, .a = loop_index});
        compile(ast_.child(ast_[step], 1), Counted::Yes);
        emit({.op = Op::ExistsMerge,
              .cost = 1,
              .a = loop.accumulator,
              .b = head,
              .offset = ast_[step].offset});
        popped();
        break;
      case Quantifier::None: {
        emit({.op = Op::IterNext, .a = loop_index});
        Value known;
        std::uint32_t unless = kNoSlot;
        if (!fold(condition, known) || !known.is_true()) {
          compile(condition, Counted::Yes);
          unless = emit({.op = Op::JumpUnless});
          popped();
        }
        step_of(step, accu, loop.accumulator, head);
        if (unless != kNoSlot) {
          code_->instructions[unless].a = here();
        }
        break;
      }
    }
    code_->instructions[head].b = here();
    scopes_.resize(outer);
    scopes_.push_back({.name = accu, .slot = loop.accumulator});
    compile(result, Counted::Yes);
    scopes_.resize(outer);
    code_->instructions[begin].b = here();
    emit({.op = Op::Land});
  }

  // One step of a loop. Adding to a list or map that only the accumulator holds is done in place.
  void step_of(ExprId step, std::string_view accu, std::uint32_t slot, std::uint32_t head) {
    const Expr& e = ast_[step];
    if (is_call(step, "_?_:_", 3) && is_ident(ast_.child(e, 2), accu) &&
        adds_in_place(ast_.child(e, 1), accu)) {
      compile(ast_.child(e, 0), Counted::Yes);
      emit({.op = Op::FilterBranch, .a = slot, .b = head, .offset = e.offset});
      popped();
      add_in_place(ast_.child(e, 1), slot, head);
      return;
    }
    if (adds_in_place(step, accu)) {
      add_in_place(step, slot, head);
      return;
    }
    compile(step, Counted::Yes);
    emit({.op = Op::StoreStep, .a = slot, .b = head});
    popped();
  }

  bool adds_in_place(ExprId id, std::string_view accu) const {
    const Expr& e = ast_[id];
    if (e.kind != ExprKind::Call || e.child_count < 2 || !is_ident(ast_.child(e, 0), accu)) {
      return false;
    }
    if (e.name == "cel.@mapInsert") {
      return e.child_count <= 3;
    }
    const Expr& added = ast_[ast_.child(e, 1)];
    return e.name == "_+_" && added.kind == ExprKind::List && added.child_count == 1 &&
           !added.has_optional;
  }

  void add_in_place(ExprId id, std::uint32_t slot, std::uint32_t head) {
    const Expr& e = ast_[id];
    if (e.name == "_+_") {
      const ExprId list_id = ast_.child(e, 1);
      Value known;
      const bool free_list = fold(list_id, known);
      compile(ast_.child(ast_[list_id], 0), Counted::Yes);
      // The accumulator, the list of one element, the addition.
      emit({.op = Op::Append,
            .cost = static_cast<std::uint16_t>(2 + (free_list ? 0 : kListCreateCost)),
            .a = slot,
            .b = head,
            .offset = e.offset});
      popped();
      return;
    }
    for (std::size_t i = 1; i < e.child_count; ++i) {
      compile(ast_.child(e, i), Counted::Yes);
    }
    emit({.op = e.child_count == 3 ? Op::InsertEntry : Op::InsertEntries,
          .cost = 2,
          .a = slot,
          .b = head,
          .offset = e.offset});
    popped(e.child_count - 1);
  }

  const CheckedAst& checked_;
  const Ast& ast_;
  const CompileOptions& options_;
  bool spec_;
  std::unique_ptr<Program::Code> code_;
  std::map<std::string_view, std::size_t> names_;
  std::vector<Scope> scopes_;
  std::uint32_t stack_ = 0;
  std::uint32_t depth_ = 0;
  bool too_deep_ = false;
  bool free_selection_ = false;
};

}  // namespace

std::expected<Program, std::vector<Issue>> compile(const CheckedAst& checked,
                                                   const Environment& environment,
                                                   const CompileOptions& options) {
  return Compiler(checked, environment, options).run();
}

Result<Program> compile(std::string_view text, const Environment& environment) {
  const auto failed = [&](const std::vector<Issue>& issues) {
    return content_error(to_string(issues, text, "<input>"));
  };
  auto ast = parse(text, {.profile = environment.options().profile, .macros = true, .limits = {}});
  if (!ast) {
    return failed(ast.error());
  }
  auto checked = check(std::move(*ast), environment);
  if (!checked) {
    return failed(checked.error());
  }
  auto program = compile(*checked, environment);
  if (!program) {
    return failed(program.error());
  }
  return std::move(*program);
}

}  // namespace tally::cel
