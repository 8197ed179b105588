// Walks a checked expression once, in the order of cel-go checker/cost.go, because what is known
// about sizes depends on it. Three tables by ExprId: the path that leads to a value, its size, and
// the sizes of its entries. Recursion follows the tree and is bounded by kDepthMax.
#include "cel/static_cost.hpp"

#include <algorithm>
#include <vector>

#include "cel/cost.hpp"
#include "cel/internal/estimates.hpp"
#include "cel/internal/text_size.hpp"

namespace tally::cel {
namespace {

constexpr std::uint32_t kDepthMax = 3000;
constexpr double kTextFactor = 0.1;      // StringTraversalCostFactor
constexpr double kPatternFactor = 0.25;  // RegexStringLengthCostFactor

// entrySizeEstimate: of the keys (or indices) and the values of a literal list or map, and of what
// was made from it.
struct Entries {
  TypeKind container = TypeKind::List;
  Estimate key;
  Estimate value;
};

// cel-go sees a nullable type as what it wraps.
const Type& unwrapped(const Type& type) noexcept {
  return type.kind == TypeKind::Wrapper ? *type.args[0] : type;
}

// isScalar: of a size that is known before there is a value.
bool is_scalar(const Type& given) noexcept {
  const Type* type = &unwrapped(given);
  while (type->kind == TypeKind::Optional) {
    type = &unwrapped(*type->args[0]);
  }
  switch (type->kind) {
    case TypeKind::Bool:
    case TypeKind::Double:
    case TypeKind::Duration:
    case TypeKind::Int:
    case TypeKind::Timestamp:
    case TypeKind::Uint:
      return true;
    default:
      return false;
  }
}

// The smallest and the largest of several sizes; of none it is nothing.
class Union {
 public:
  explicit Union(bool empty) noexcept : all_{empty ? 0 : UINT64_MAX, 0} {}
  void add(Estimate one) noexcept { all_ = unite(all_, one); }
  [[nodiscard]] Estimate all() const noexcept { return all_; }

 private:
  Estimate all_;
};

class Coster {
 public:
  Coster(const CheckedAst& checked, bool presence_test_costs, const SizeEstimator* sizes)
      : checked_(checked),
        ast_(checked.ast),
        host_sizes_(sizes),
        presence_test_cost_(exactly(presence_test_costs ? 1 : 0)),
        paths_by_expr_(ast_.exprs.size()),
        sizes_(ast_.exprs.size()),
        entries_(ast_.exprs.size()) {}

  StaticCost whole() {
    const StaticCost result = cost(ast_.root);
    return too_deep_ ? kUnbounded : result;
  }

 private:
  // A comprehension variable; the innermost last.
  struct Local {
    std::string_view name;
    Path path;
    std::optional<SizeEstimate> size;
    std::optional<Entries> entries;
  };

  Estimate cost(ExprId id) {
    if (id == kNoExpr) {
      return {};
    }
    if (depth_ == kDepthMax) {
      too_deep_ = true;
      return {};
    }
    ++depth_;
    const Estimate result = cost_of_kind(id);
    --depth_;
    return result;
  }

  Estimate cost_of_kind(ExprId id) {
    const Expr& e = ast_[id];
    switch (e.kind) {
      case ExprKind::Literal:
        return {};
      case ExprKind::Ident:
        return ident(id);
      case ExprKind::Select:
        return select(id);
      case ExprKind::Call:
        return e.name == "dyn" && !e.member && e.child_count == 1 ? dyn(id) : call(id);
      case ExprKind::List:
        return list(id);
      case ExprKind::Map:
        return map(id);
      case ExprKind::Struct:
        return message(id);
      case ExprKind::Comprehension:
        return is_bind(e) ? bind(id) : comprehension(id);
    }
    return {};
  }

  // --- names

  Estimate ident(ExprId id) {
    const std::string_view name = ast_[id].name;
    const Local* local = find_local(name);
    paths_by_expr_[id] = local != nullptr ? local->path : paths_.append({}, name);
    return exactly(1);
  }

  Estimate select(ExprId id) {
    const Expr& e = ast_[id];
    const ExprId operand = ast_.child(e, 0);
    if (e.test_only) {
      return add(presence_test_cost_, cost(operand));
    }
    Estimate sum = cost(operand);
    switch (unwrapped(type_of(operand)).kind) {
      case TypeKind::Map:
      case TypeKind::Struct:
      case TypeKind::Param:
        sum = add(sum, exactly(1));
        break;
      default:
        break;
    }
    paths_by_expr_[id] = paths_.append(path_of(operand), e.name);
    return sum;
  }

  // --- aggregates

  Estimate list(ExprId id) {
    const Expr& e = ast_[id];
    Estimate sum;
    Union items(e.child_count == 0);
    for (std::uint32_t i = 0; i < e.child_count; ++i) {
      const ExprId item = ast_.child(e, i);
      sum = add(sum, cost(item));
      items.add(size_or_unknown(item));
    }
    entries_[id] = Entries{TypeKind::List, exactly(1), items.all()};
    return add(sum, exactly(kListCreateCost));
  }

  Estimate map(ExprId id) {
    const Expr& e = ast_[id];
    Estimate sum;
    Union keys(e.child_count == 0);
    Union values(e.child_count == 0);
    for (std::uint32_t i = 0; i + 1 < e.child_count; i += 2) {
      const ExprId key = ast_.child(e, i);
      const ExprId value = ast_.child(e, i + 1);
      sum = add(sum, cost(key));
      sum = add(sum, cost(value));
      keys.add(size_or_unknown(key));
      values.add(size_or_unknown(value));
    }
    entries_[id] = Entries{TypeKind::Map, keys.all(), values.all()};
    return add(sum, exactly(kMapCreateCost));
  }

  Estimate message(ExprId id) {
    const Expr& e = ast_[id];
    Estimate sum;
    for (std::uint32_t i = 0; i < e.child_count; ++i) {
      sum = add(sum, cost(ast_.child(e, i)));
    }
    return add(sum, exactly(kStructCreateCost));
  }

  // --- comprehensions

  struct Comprehension {
    ExprId range, init, condition, step, result;
    std::string_view variable, variable2, accumulator;
  };

  Comprehension parts(const Expr& e) const {
    return {ast_.child(e, 0),
            ast_.child(e, 1),
            ast_.child(e, 2),
            ast_.child(e, 3),
            ast_.child(e, 4),
            ast_.names[e.first_name],
            ast_.names[e.first_name + 1],
            ast_.names[e.first_name + 2]};
  }

  // cel.bind() and what is made from it (optMap, sortBy): a loop over nothing.
  bool is_bind(const Expr& e) const {
    const Comprehension c = parts(e);
    const Expr& range = ast_[c.range];
    const Expr& condition = ast_[c.condition];
    return range.kind == ExprKind::List && range.child_count == 0 &&
           condition.kind == ExprKind::Literal && condition.value.is_false() &&
           c.accumulator != "__result__";
  }

  Estimate bind(ExprId id) {
    const Comprehension c = parts(ast_[id]);
    Estimate sum = add(cost(c.range), cost_of_init(c));
    sum = add(sum, cost(c.result));
    locals_.pop_back();
    set_size(id, size_of(c.result));
    set_entries(id, entries_of(c.result));
    return sum;
  }

  // The cost of the accumulator's first value; from here on it is a local variable.
  Estimate cost_of_init(const Comprehension& c) {
    const Estimate result = cost(c.init);
    const Path path = path_of(c.init);
    const auto entries = entries_of(c.init);
    locals_.push_back({c.accumulator, path, size_of(c.init), entries});
    return result;
  }

  enum class Part : std::uint8_t { Key, Value };

  void push_iteration(std::string_view name, ExprId range, Part part) {
    const auto entries = entries_of(range);
    const TypeKind container = entries ? entries->container : unwrapped(type_of(range)).kind;
    const bool is_list = container == TypeKind::List;
    const std::string_view step =
        part == Part::Key ? (is_list ? "@indices" : "@keys") : (is_list ? "@items" : "@values");
    std::optional<SizeEstimate> size;
    if (entries) {
      size = part == Part::Key ? entries->key : entries->value;
    }
    locals_.push_back({name, paths_.append(path_of(range), step), size, {}});
  }

  Estimate comprehension(ExprId id) {
    const Comprehension c = parts(ast_[id]);
    Estimate sum = cost(c.range);
    sum = add(sum, cost_of_init(c));
    if (!c.variable2.empty()) {
      push_iteration(c.variable, c.range, Part::Key);
      push_iteration(c.variable2, c.range, Part::Value);
    } else {
      const auto entries = entries_of(c.range);
      const TypeKind container = entries ? entries->container : unwrapped(type_of(c.range)).kind;
      push_iteration(c.variable, c.range, container == TypeKind::List ? Part::Value : Part::Key);
    }
    const Estimate condition = cost(c.condition);
    const Estimate step = cost(c.step);
    locals_.pop_back();
    if (!c.variable2.empty()) {
      locals_.pop_back();
    }
    sum = add(sum, cost(c.result));
    locals_.pop_back();

    const Estimate count = size_or_unknown(c.range);
    sum = add(sum, multiply(count, add(step, condition)));
    switch (ast_[c.init].kind) {
      case ExprKind::Literal:
        set_size(id, size_of(c.init));
        break;
      case ExprKind::List:
      case ExprKind::Map:
        set_size(id, count);
        set_entries(id, entries_of(c.step));
        break;
      default:
        break;
    }
    return sum;
  }

  // --- calls

  // dyn() only switches checks off: what is known about its argument stays known.
  Estimate dyn(ExprId id) {
    const ExprId argument = ast_.child(ast_[id], 0);
    const Estimate result = add(exactly(1), cost(argument));
    set_size(id, size_of(argument));
    set_entries(id, entries_of(argument));
    return result;
  }

  Estimate call(ExprId id) {
    const Expr& e = ast_[id];
    const Reference& reference = checked_.references[id];
    const std::uint32_t first_arg = e.member ? 1 : 0;
    const std::uint32_t arg_count = e.child_count - first_arg;
    const std::size_t base = operands_.size();
    Costs costs;
    for (std::uint32_t i = 0; i < arg_count; ++i) {
      const ExprId arg = ast_.child(e, first_arg + i);
      const Estimate one = cost(arg);
      costs.note(i, one);
      operands_.push_back(operand(arg));
    }
    if (reference.overload_count == 0) {
      operands_.resize(base);
      return {};
    }
    Estimate sum;
    if (e.member) {
      const ExprId target = ast_.child(e, 0);
      sum = cost(target);
      operands_.push_back(operand(target));
    }
    sum = add(sum, cost_of_overloads(id, base, arg_count, costs));
    operands_.resize(base);
    return sum;
  }

  // What the arguments of a call cost. Only operators look at single ones, and these have three.
  struct Costs {
    Estimate sum;
    Estimate first[3];
    void note(std::uint32_t i, Estimate one) {
      sum = add(sum, one);
      if (i < 3) {
        first[i] = one;
      }
    }
  };

  // A range that covers all the overloads that the checker left.
  Estimate cost_of_overloads(ExprId id, std::size_t base, std::uint32_t arg_count,
                             const Costs& costs) {
    const Expr& e = ast_[id];
    const Reference& reference = checked_.references[id];
    const auto args = std::span<const CallOperand>(operands_).subspan(base, arg_count);
    Union all(false);
    std::optional<SizeEstimate> result_size;
    for (std::uint32_t i = 0; i < reference.overload_count; ++i) {
      const Overload* overload = checked_.overloads[reference.first_overload + i].overload;
      const CallSite site{.function = e.name,
                          .overload = overload != nullptr ? overload->id : std::string_view{},
                          .target = e.member ? &operands_[base + arg_count] : nullptr,
                          .args = args};
      const CallEstimate one = cost_of_overload(id, site, costs);
      all.add(one.cost);
      if (one.result_size) {
        result_size = result_size ? unite(*result_size, *one.result_size) : *one.result_size;
      }
      const bool index_list = site.overload == "index_list";
      if ((index_list || site.overload == "index_map") && arg_count > 0) {
        const ExprId container = ast_.child(e, e.member ? 1 : 0);
        const auto entries = entries_of(container);
        result_size = entries ? std::optional(entries->value) : std::nullopt;
        paths_by_expr_[id] = paths_.append(path_of(container), index_list ? "@items" : "@values");
      }
      if (!result_size) {
        result_size = size_of(id);
      }
    }
    set_size(id, result_size);
    return all.all();
  }

  CallEstimate cost_of_overload(ExprId id, const CallSite& site, const Costs& costs) {
    if (auto library = estimate_library_call(site, paths_, host_sizes_)) {
      library->cost = add(library->cost, costs.sum);
      return *library;
    }
    if (site.overload == "logical_or" || site.overload == "logical_and") {
      // The least is that the left side decides.
      return {{costs.first[0].min, add(costs.first[0], costs.first[1]).max}, {}};
    }
    if (site.overload == "conditional" && site.args.size() == 3) {
      const Estimate size = unite(size_or_unknown(site.args[1]), size_or_unknown(site.args[2]));
      set_entries(id, united_entries(site.args[1], site.args[2]));
      return {add(costs.first[0], unite(costs.first[1], costs.first[2])), size};
    }
    CallEstimate standard = cost_of_standard_overload(id, site);
    standard.cost = add(standard.cost, costs.sum);
    return standard;
  }

  // functionCost, without the arguments.
  CallEstimate cost_of_standard_overload(ExprId id, const CallSite& site) {
    const std::string_view overload = site.overload;
    const std::size_t count = site.args.size();
    const auto size = [&](std::size_t i) { return size_or_unknown(site.args[i]); };
    if (overload == "string_format" && site.target != nullptr) {
      return {scale(size_or_unknown(*site.target), kTextFactor), {}};
    }
    // The results' sizes wrap where they are unbounded, as they do there.
    if (overload == "string_to_bytes" && count == 1) {
      return {scale(size(0), kTextFactor), Estimate{size(0).min, size(0).max * 4}};
    }
    if (overload == "bytes_to_string" && count == 1) {
      return {scale(size(0), kTextFactor), Estimate{size(0).min / 4, size(0).max}};
    }
    if (overload == "strings_quote" && count == 1) {
      return {scale(size(0), kTextFactor), Estimate{size(0).min + 2, size(0).max * 2 + 2}};
    }
    if ((overload == "starts_with_string" || overload == "ends_with_string") && count == 1) {
      return {scale(size(0), kTextFactor), {}};
    }
    if (overload == "in_list" && count == 2) {
      return {scale(size(1), 1), {}};
    }
    if (overload == "matches_string" && site.target != nullptr && count == 1) {
      const Estimate text = scale(add(size_or_unknown(*site.target), exactly(1)), kTextFactor);
      return {multiply(text, scale(size(0), kPatternFactor)), {}};
    }
    if (overload == "contains_string" && site.target != nullptr && count == 1) {
      return {
          multiply(scale(size_or_unknown(*site.target), kTextFactor), scale(size(0), kTextFactor)),
          {}};
    }
    const bool adds_lists = overload == "add_list";
    if ((adds_lists || overload == "add_string" || overload == "add_bytes") && count == 2) {
      const Estimate both = add(size(0), size(1));
      set_entries(id, united_entries(site.args[0], site.args[1]));
      return {adds_lists ? exactly(1) : scale(both, kTextFactor), both};
    }
    if (is_comparison(overload) && count == 2) {
      const std::uint64_t smaller = std::min(size(0).max, size(1).max);
      return {scale({smaller > 0 ? 1U : 0U, smaller}, kTextFactor), {}};
    }
    return {exactly(1), {}};
  }

  // Of equality, and of the order of texts; that of numbers costs 1 in any case.
  static bool is_comparison(std::string_view overload) noexcept {
    if (overload == "equals" || overload == "not_equals") {
      return true;
    }
    const auto underscore = overload.rfind('_');
    if (underscore == std::string_view::npos) {
      return false;
    }
    const std::string_view type = overload.substr(underscore + 1);
    const std::string_view order = overload.substr(0, underscore);
    return (type == "string" || type == "bytes") &&
           (order == "less" || order == "greater" || order == "less_equals" ||
            order == "greater_equals");
  }

  // --- what is known about a value

  const Type& type_of(ExprId id) const noexcept {
    const Type* type = checked_.types[id];
    return type != nullptr ? *type : kDyn;
  }

  const Local* find_local(std::string_view name) const noexcept {
    const auto it = std::ranges::find(locals_.rbegin(), locals_.rend(), name, &Local::name);
    return it == locals_.rend() ? nullptr : &*it;
  }

  Path path_of(ExprId id) const noexcept {
    const Expr& e = ast_[id];
    if (e.kind == ExprKind::Ident) {
      if (const Local* local = find_local(e.name)) {
        return local->path;
      }
    }
    return paths_by_expr_[id];
  }

  CallOperand operand(ExprId id) {
    Path path = path_of(id);
    if (path.size != 0 &&
        (paths_.steps(path)[0] == "@result" || paths_.steps(path)[0] == "__result__")) {
      path = {};
    }
    return {.expr = &ast_[id], .path = path, .type = &type_of(id), .computed_size = size_of(id)};
  }

  void set_size(ExprId id, std::optional<SizeEstimate> size) {
    if (size) {
      sizes_[id] = size;
    }
  }

  void set_entries(ExprId id, std::optional<Entries> entries) {
    if (entries) {
      entries_[id] = entries;
    }
  }

  // computeSize.
  std::optional<SizeEstimate> size_of(ExprId id) {
    if (sizes_[id]) {
      return sizes_[id];
    }
    if (const auto written = size_of_literal(ast_[id])) {
      return written;
    }
    if (host_sizes_ != nullptr) {
      if (const auto known = host_sizes_->size_of(paths_.steps(path_of(id)), type_of(id))) {
        sizes_[id] = known;
        return known;
      }
    }
    if (is_scalar(type_of(id))) {
      return exactly(1);
    }
    if (ast_[id].kind == ExprKind::Ident) {
      if (const Local* local = find_local(ast_[id].name)) {
        return local->size;
      }
    }
    return std::nullopt;
  }

  static std::optional<SizeEstimate> size_of_literal(const Expr& e) {
    switch (e.kind) {
      case ExprKind::Literal:
        return exactly(cel::size_of(e.value));
      case ExprKind::List:
        return exactly(e.child_count);
      case ExprKind::Map:
        return exactly(e.child_count / 2);
      default:
        return std::nullopt;
    }
  }

  Estimate size_or_unknown(ExprId id) { return size_of(id).value_or(kUnbounded); }
  static Estimate size_or_unknown(const CallOperand& operand) {
    return operand.computed_size.value_or(kUnbounded);
  }

  // computeEntrySize.
  std::optional<Entries> entries_of(ExprId id) const {
    if (entries_[id]) {
      return entries_[id];
    }
    if (ast_[id].kind == ExprKind::Ident) {
      if (const Local* local = find_local(ast_[id].name)) {
        return local->entries;
      }
    }
    return std::nullopt;
  }

  std::optional<Entries> united_entries(const CallOperand& a, const CallOperand& b) const {
    const auto left = entries_of(id_of(a));
    const auto right = entries_of(id_of(b));
    if (!left || !right) {
      return std::nullopt;
    }
    return Entries{left->container, unite(left->key, right->key), unite(left->value, right->value)};
  }

  ExprId id_of(const CallOperand& operand) const noexcept {
    return static_cast<ExprId>(operand.expr - ast_.exprs.data());
  }

  const CheckedAst& checked_;
  const Ast& ast_;
  const SizeEstimator* host_sizes_;
  Estimate presence_test_cost_;
  Paths paths_;
  std::vector<Path> paths_by_expr_;
  std::vector<std::optional<SizeEstimate>> sizes_;
  std::vector<std::optional<Entries>> entries_;
  std::vector<Local> locals_;
  std::vector<CallOperand> operands_;  // of the calls that are open, the innermost last
  std::uint32_t depth_ = 0;
  bool too_deep_ = false;
};

}  // namespace

StaticCost estimate(const CheckedAst& checked, const Environment& environment,
                    const SizeEstimator* sizes) {
  if (checked.ast.root == kNoExpr) {
    return {};
  }
  // Kubernetes keeps presence tests free (pkg/cel/environment/base.go); cel-go itself counts 1.
  const bool presence_test_costs = environment.options().profile.dialect == Dialect::Spec;
  return Coster(checked, presence_test_costs, sizes).whole();
}

}  // namespace tally::cel
