// The expansions have the shape of cel-go's (parser/macro.go, cel/library.go, ext/*.go), because
// the cost of an expression depends on it.
#include "cel/internal/macros.hpp"

#include <array>
#include <charconv>

namespace tally::cel {

namespace {

constexpr std::string_view kAccumulator = "@result";
constexpr std::string_view kOldAccumulator = "__result__";
constexpr std::string_view kUnused = "#unused";
constexpr std::string_view kOptionalTarget = "@target";
constexpr std::string_view kSortInput = "@__sortBy_input__";

using Expansion = std::optional<ExprId>;

ExprId accumulator(const MacroContext& context, Place at) {
  return context.build.ident(at, kAccumulator);
}
ExprId boolean(const MacroContext& context, Place at, bool value) {
  return context.build.literal(at, Value::boolean(value));
}
ExprId integer(const MacroContext& context, Place at, std::int64_t value) {
  return context.build.literal(at, Value::integer(value));
}

// The name that an argument introduces, or nothing (reported).
std::optional<std::string_view> variable(MacroContext& context, ExprId argument,
                                         std::string_view complaint) {
  const Expr& e = context.build[argument];
  if (e.kind != ExprKind::Ident) {
    context.report(argument, std::string(complaint));
    return std::nullopt;
  }
  if (e.name == kAccumulator || e.name == kOldAccumulator) {
    context.report(argument, "iteration variable overwrites accumulator variable");
    return std::nullopt;
  }
  return e.name;
}

struct Variables {
  std::string_view first;
  std::string_view second;
};

std::optional<Variables> variables(MacroContext& context, std::span<const ExprId> arguments) {
  std::array<std::string_view, 2> names;
  for (std::size_t i = 0; i < 2; ++i) {
    const Expr& e = context.build[arguments[i]];
    if (e.kind != ExprKind::Ident) {
      context.report(arguments[i], "argument must be a simple name");
      return std::nullopt;
    }
    names[i] = e.name;
  }
  if (names[0] == names[1]) {
    context.report(arguments[1], "duplicate variable name: " + std::string(names[0]));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (!variable(context, arguments[i], "")) {
      return std::nullopt;
    }
  }
  return Variables{names[0], names[1]};
}

// --- has, all, exists, exists_one
// -----------------------------------------------------------------

Expansion expand_has(MacroContext& context, const MacroCall& call) {
  const Expr& e = context.build[call.arguments[0]];
  if (e.kind != ExprKind::Select) {
    context.report(call.arguments[0], "invalid argument to has() macro");
    return kNoExpr;
  }
  context.build.make_presence_test(call.arguments[0], call.at);
  return call.arguments[0];
}

ExprId quantify(const MacroContext& context, const MacroCall& call, Macro macro,
                Variables variables) {
  AstBuilder& build = context.build;
  const Place at = call.at;
  const ExprId predicate = call.arguments.back();
  AstBuilder::Fold fold{.range = call.target,
                        .iter_var = variables.first,
                        .iter_var2 = variables.second,
                        .accu_var = kAccumulator,
                        .init = kNoExpr,
                        .condition = kNoExpr,
                        .step = kNoExpr,
                        .result = kNoExpr};
  if (macro == Macro::All) {
    fold.init = boolean(context, at, true);
    fold.condition = build.call(at, "@not_strictly_false", {accumulator(context, at)});
    fold.step = build.call(at, "_&&_", {accumulator(context, at), predicate});
    fold.result = accumulator(context, at);
  } else if (macro == Macro::Exists) {
    fold.init = boolean(context, at, false);
    fold.condition =
        build.call(at, "@not_strictly_false", {build.call(at, "!_", {accumulator(context, at)})});
    fold.step = build.call(at, "_||_", {accumulator(context, at), predicate});
    fold.result = accumulator(context, at);
  } else {
    fold.init = integer(context, at, 0);
    fold.condition = boolean(context, at, true);
    const ExprId one_more =
        build.call(at, "_+_", {accumulator(context, at), integer(context, at, 1)});
    fold.step = build.call(at, "_?_:_", {predicate, one_more, accumulator(context, at)});
    fold.result = build.call(at, "_==_", {accumulator(context, at), integer(context, at, 1)});
  }
  return build.comprehension(at, macro, fold);
}

template <Macro macro>
Expansion expand_quantifier(MacroContext& context, const MacroCall& call) {
  const auto name = variable(context, call.arguments[0], "argument must be a simple name");
  return name ? quantify(context, call, macro, {*name, {}}) : kNoExpr;
}

template <Macro macro>
Expansion expand_quantifier2(MacroContext& context, const MacroCall& call) {
  const auto names = variables(context, call.arguments);
  return names ? quantify(context, call, macro, *names) : kNoExpr;
}

// --- map, filter, transformList, transformMap, transformMapEntry
// ------------------------------------

struct Collection {
  Macro macro;
  Variables variables;
  ExprId range;
  ExprId init;
  ExprId step;                 // adds one element to the accumulator
  ExprId condition = kNoExpr;  // which elements are added; all, if there is none
};

ExprId collect(const MacroContext& context, Place at, const Collection& what) {
  AstBuilder& build = context.build;
  const ExprId always = boolean(context, at, true);
  const ExprId step =
      what.condition == kNoExpr
          ? what.step
          : build.call(at, "_?_:_", {what.condition, what.step, accumulator(context, at)});
  return build.comprehension(at, what.macro,
                             {.range = what.range,
                              .iter_var = what.variables.first,
                              .iter_var2 = what.variables.second,
                              .accu_var = kAccumulator,
                              .init = what.init,
                              .condition = always,
                              .step = step,
                              .result = accumulator(context, at)});
}

ExprId append(const MacroContext& context, Place at, ExprId element) {
  const ExprId list = context.build.list(at, {element});
  return context.build.call(at, "_+_", {accumulator(context, at), list});
}

// arguments: variable, [condition,] element
ExprId map_list(const MacroContext& context, const MacroCall& call, ExprId range,
                std::string_view name) {
  const bool filtered = call.arguments.size() == 3;
  return collect(context, call.at,
                 {.macro = filtered ? Macro::MapFilter : Macro::Map,
                  .variables = {name, {}},
                  .range = range,
                  .init = context.build.list(call.at, {}),
                  .step = append(context, call.at, call.arguments.back()),
                  .condition = filtered ? call.arguments[1] : kNoExpr});
}

Expansion expand_map(MacroContext& context, const MacroCall& call) {
  const auto name = variable(context, call.arguments[0], "argument is not an identifier");
  return name ? map_list(context, call, call.target, *name) : kNoExpr;
}

Expansion expand_filter(MacroContext& context, const MacroCall& call) {
  const auto name = variable(context, call.arguments[0], "argument is not an identifier");
  if (!name) {
    return kNoExpr;
  }
  return collect(context, call.at,
                 {.macro = Macro::Filter,
                  .variables = {*name, {}},
                  .range = call.target,
                  .init = context.build.list(call.at, {}),
                  .step = append(context, call.at, call.arguments[0]),
                  .condition = call.arguments[1]});
}

// arguments: variable, variable, [condition,] element
template <Macro macro>
Expansion expand_transform(MacroContext& context, const MacroCall& call) {
  const auto names = variables(context, call.arguments);
  if (!names) {
    return kNoExpr;
  }
  AstBuilder& build = context.build;
  const Place at = call.at;
  const ExprId element = call.arguments.back();
  Collection what{.macro = macro,
                  .variables = *names,
                  .range = call.target,
                  .init = kNoExpr,
                  .step = kNoExpr,
                  .condition = call.arguments.size() == 4 ? call.arguments[2] : kNoExpr};
  if (macro == Macro::TransformList) {
    what.init = build.list(at, {});
    what.step = append(context, at, element);
  } else {
    what.init = build.map(at, {});
    const ExprId accu = accumulator(context, at);
    what.step =
        macro == Macro::TransformMap
            ? build.call(at, "cel.@mapInsert", {accu, build.ident(at, names->first), element})
            : build.call(at, "cel.@mapInsert", {accu, element});
  }
  return collect(context, at, what);
}

// --- cel.bind, optMap, optFlatMap, sortBy: a fold over nothing gives a value a name
// -------------------

struct Binding {
  Macro macro;
  std::string_view name;
  ExprId value;
  ExprId result;
};

ExprId bind(const MacroContext& context, Place at, const Binding& binding) {
  AstBuilder& build = context.build;
  const ExprId nothing = build.list(at, {});
  const ExprId never = boolean(context, at, false);
  return build.comprehension(at, binding.macro,
                             {.range = nothing,
                              .iter_var = kUnused,
                              .iter_var2 = {},
                              .accu_var = binding.name,
                              .init = binding.value,
                              .condition = never,
                              .step = build.ident(at, binding.name),
                              .result = binding.result});
}

Expansion expand_bind(MacroContext& context, const MacroCall& call) {
  const Expr& e = context.build[call.arguments[0]];
  if (e.kind != ExprKind::Ident) {
    context.report(call.arguments[0], "cel.bind() variable names must be simple identifiers");
    return kNoExpr;
  }
  return bind(context, call.at, {Macro::Bind, e.name, call.arguments[1], call.arguments[2]});
}

template <Macro macro>
Expansion expand_optional(MacroContext& context, const MacroCall& call) {
  AstBuilder& build = context.build;
  const Place at = call.at;
  const Expr& e = build[call.arguments[0]];
  if (e.kind != ExprKind::Ident) {
    context.report(call.arguments[0],
                   std::string(macro == Macro::OptMap ? "optMap()" : "optFlatMap()") +
                       " variable name must be a simple identifier");
    return kNoExpr;
  }
  const std::string_view name = e.name;
  const bool rename = !context.repeat_target && build[call.target].kind != ExprKind::Ident;
  const ExprId target = rename ? build.ident(at, kOptionalTarget) : call.target;
  const ExprId has_value = build.member_call(at, "hasValue", target, {});
  const ExprId value = build.member_call(at, "value", build.copy(target), {});
  ExprId mapped = bind(context, at, {macro, name, value, call.arguments[1]});
  if (macro == Macro::OptMap) {
    mapped = build.call(at, "optional.of", {mapped});
  }
  const ExprId none = build.call(at, "optional.none", {});
  const ExprId result = build.call(at, "_?_:_", {has_value, mapped, none});
  return rename ? bind(context, at, {macro, kOptionalTarget, call.target, result}) : result;
}

Expansion expand_sort_by(MacroContext& context, const MacroCall& call) {
  AstBuilder& build = context.build;
  const Place at = call.at;
  switch (build[call.target].kind) {
    case ExprKind::List:
    case ExprKind::Select:
    case ExprKind::Ident:
    case ExprKind::Comprehension:
    case ExprKind::Call:
      break;
    case ExprKind::Literal:
    case ExprKind::Map:
    case ExprKind::Struct:
      context.report(call.target,
                     "sortBy can only be applied to a list, identifier, comprehension, call or "
                     "select expression");
      return kNoExpr;
  }
  const auto name = variable(context, call.arguments[0], "argument is not an identifier");
  if (!name) {
    return kNoExpr;
  }
  const ExprId keys = map_list(context, call, build.ident(at, kSortInput), *name);
  const ExprId sorted =
      build.member_call(at, "@sortByAssociatedKeys", build.ident(at, kSortInput), {keys});
  return bind(context, at, {Macro::SortBy, kSortInput, call.target, sorted});
}

// --- math.least, math.greatest
// -------------------------------------------------------------------------

// Whether a number may come of it: what is no number on sight is refused.
bool may_be_number(const Expr& e) noexcept {
  switch (e.kind) {
    case ExprKind::Literal:
      return e.value.is(ValueKind::Int) || e.value.is(ValueKind::Uint) ||
             e.value.is(ValueKind::Double) || e.value.is(ValueKind::Unknown);  // of an error
    case ExprKind::List:
    case ExprKind::Map:
    case ExprKind::Struct:
      return false;
    case ExprKind::Ident:
    case ExprKind::Select:
    case ExprKind::Call:
    case ExprKind::Comprehension:
      return true;
  }
  return false;
}

bool is_list_of_numbers(const MacroContext& context, const Expr& e) {
  if (e.kind != ExprKind::List || e.child_count == 0) {
    return false;
  }
  for (const ExprId id : context.build.ast().children(e)) {
    if (!may_be_number(context.build[id])) {
      return false;
    }
  }
  return true;
}

Expansion extreme(MacroContext& context, const MacroCall& call, std::string_view macro,
                  std::string_view function) {
  const std::string name = std::string(macro) + "()";
  const auto& arguments = call.arguments;
  if (arguments.empty()) {
    context.report(call.target, name + " requires at least one argument");
    return kNoExpr;
  }
  if (arguments.size() == 1) {
    const Expr& e = context.build[arguments[0]];
    if (!is_list_of_numbers(context, e) && !may_be_number(e)) {
      context.report(arguments[0], name + " invalid single argument value");
      return kNoExpr;
    }
    return context.build.call(call.at, function, arguments);
  }
  for (const ExprId argument : arguments) {
    if (!may_be_number(context.build[argument])) {
      context.report(argument, name + " simple literal arguments must be numeric");
      return kNoExpr;
    }
  }
  if (arguments.size() == 2) {
    return context.build.call(call.at, function, arguments);
  }
  return context.build.call(call.at, function, {context.build.list(call.at, arguments)});
}

Expansion expand_least(MacroContext& context, const MacroCall& call) {
  return extreme(context, call, "math.least", "math.@min");
}
Expansion expand_greatest(MacroContext& context, const MacroCall& call) {
  return extreme(context, call, "math.greatest", "math.@max");
}

// --- proto.getExt, proto.hasExt
// -----------------------------------------------------------------------

// "a.b.c" of a chain of selections that begins with an identifier; empty: it is none.
std::string_view qualified_name(const MacroContext& context, ExprId id) {
  std::string name;
  for (;; id = context.build.ast().child(context.build[id], 0)) {
    const Expr& e = context.build[id];
    if (e.kind == ExprKind::Ident) {
      name.insert(0, e.name);
      return context.build.ast().arena.copy(name);
    }
    if (e.kind != ExprKind::Select || e.test_only) {
      return {};
    }
    name.insert(0, "." + std::string(e.name));
  }
}

template <bool presence>
Expansion expand_extension(MacroContext& context, const MacroCall& call) {
  const std::string_view name = context.build[call.arguments[1]].kind == ExprKind::Select
                                    ? qualified_name(context, call.arguments[1])
                                    : std::string_view{};
  if (name.empty()) {
    context.report(call.arguments[1], "invalid extension field");
    return kNoExpr;
  }
  const ExprId select = context.build.select(call.at, call.arguments[0], name);
  if (presence) {
    context.build.make_presence_test(select, call.at);
  }
  return select;
}

// --- cel.block, cel.index, cel.iterVar, cel.accuVar: common subexpressions, as the conformance
// suite writes them
// --------------------------------------------------------------------------------------------

Expansion expand_block(MacroContext& context, const MacroCall& call) {
  if (context.build[call.arguments[0]].kind != ExprKind::List) {
    context.report(call.arguments[0], "cel.block requires the first arg to be a list literal");
    return kNoExpr;
  }
  return context.build.call(call.at, "cel.@block", call.arguments);
}

// An identifier of a prefix and the numbers that the arguments are: "@it:0:1".
Expansion numbered(MacroContext& context, const MacroCall& call, std::string_view macro,
                   std::string_view prefix) {
  std::string name(prefix);
  for (const ExprId argument : call.arguments) {
    const Expr& e = context.build[argument];
    if (e.kind != ExprKind::Literal || !e.value.is(ValueKind::Int) || e.value.as_int() < 0) {
      context.report(argument,
                     std::string(macro) + " requires a single non-negative int constant arg");
      return kNoExpr;
    }
    if (call.arguments.size() > 1) {
      name += ':';
    }
    name += std::to_string(e.value.as_int());
  }
  return context.build.ident(call.at, context.build.ast().arena.copy(name));
}

Expansion expand_index(MacroContext& context, const MacroCall& call) {
  return numbered(context, call, "cel.index", "@index");
}
Expansion expand_iter_var(MacroContext& context, const MacroCall& call) {
  return numbered(context, call, "cel.iterVar", "@it");
}
Expansion expand_accu_var(MacroContext& context, const MacroCall& call) {
  return numbered(context, call, "cel.accuVar", "@ac");
}

constexpr MacroRow kMacros[] = {
    {"has", false, 1, Library::Standard, 0, {}, expand_has},
    {"all", true, 2, Library::Standard, 0, {}, expand_quantifier<Macro::All>},
    {"exists", true, 2, Library::Standard, 0, {}, expand_quantifier<Macro::Exists>},
    {"exists_one", true, 2, Library::Standard, 0, {}, expand_quantifier<Macro::ExistsOne>},
    {"existsOne", true, 2, Library::Standard, 1, {}, expand_quantifier<Macro::ExistsOne>},
    {"map", true, 2, Library::Standard, 0, {}, expand_map},
    {"map", true, 3, Library::Standard, 0, {}, expand_map},
    {"filter", true, 2, Library::Standard, 0, {}, expand_filter},
    {"all", true, 3, Library::TwoVarComprehensions, 0, {}, expand_quantifier2<Macro::All>},
    {"exists", true, 3, Library::TwoVarComprehensions, 0, {}, expand_quantifier2<Macro::Exists>},
    {"exists_one",
     true,
     3,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_quantifier2<Macro::ExistsOne>},
    {"existsOne",
     true,
     3,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_quantifier2<Macro::ExistsOne>},
    {"transformList",
     true,
     3,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformList>},
    {"transformList",
     true,
     4,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformList>},
    {"transformMap",
     true,
     3,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformMap>},
    {"transformMap",
     true,
     4,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformMap>},
    {"transformMapEntry",
     true,
     3,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformMapEntry>},
    {"transformMapEntry",
     true,
     4,
     Library::TwoVarComprehensions,
     0,
     {},
     expand_transform<Macro::TransformMapEntry>},
    {"optMap", true, 2, Library::Optional, 0, {}, expand_optional<Macro::OptMap>},
    {"optFlatMap", true, 2, Library::Optional, 1, {}, expand_optional<Macro::OptFlatMap>},
    {"sortBy", true, 2, Library::Lists, 2, {}, expand_sort_by},
    {"bind", true, 3, Library::Bindings, 0, "cel", expand_bind},
    {"least", true, -1, Library::Math, 0, "math", expand_least},
    {"greatest", true, -1, Library::Math, 0, "math", expand_greatest},
    {"getExt", true, 2, Library::Protos, 0, "proto", expand_extension<false>},
    {"hasExt", true, 2, Library::Protos, 0, "proto", expand_extension<true>},
    {"block", true, 2, Library::Block, 0, "cel", expand_block},
    {"index", true, 1, Library::Block, 0, "cel", expand_index},
    {"iterVar", true, 2, Library::Block, 0, "cel", expand_iter_var},
    {"accuVar", true, 2, Library::Block, 0, "cel", expand_accu_var},
};

}  // namespace

const MacroRow* find_macro(const CallShape& shape) noexcept {
  for (const MacroRow& row : kMacros) {
    if (row.member == shape.member && row.name == shape.name &&
        (row.arguments < 0 || static_cast<std::size_t>(row.arguments) == shape.arguments) &&
        (row.receiver.empty() || row.receiver == shape.receiver)) {
      return &row;
    }
  }
  return nullptr;
}

// Recursion: as deep as the tree, which the parser bounds.
ExprId AstBuilder::copy(ExprId from) {
  if (full_) {
    return from;
  }
  const Expr original = ast_.exprs[from];
  const ExprId id = add(original.kind, {original.offset, original.end});
  if (full_) {
    return id;
  }
  std::vector<ExprId> ids;
  ids.reserve(original.child_count);
  for (std::uint32_t i = 0; i < original.child_count; ++i) {
    ids.push_back(copy(ast_.child_ids[original.first_child + i]));
  }
  // Names and flags of the original serve the copy as well.
  ast_.exprs[id] = original;
  children(id, ids);
  return id;
}

}  // namespace tally::cel
