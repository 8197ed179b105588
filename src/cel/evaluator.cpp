// The stack machine that runs programs. One loop over the instructions; operands lie on a stack of
// Values, variables of comprehensions in locals. Errors and unknowns are operands like others: the
// instructions that absorb them are AndMerge, OrMerge, AllMerge, ExistsMerge and the jumps.
//
// The budget: costs of instructions are added up and compared after each; the steps of loops, which
// may cost nothing (`exists_one`), are counted as well, so that every evaluation ends.
#include <re2/re2.h>

#include <algorithm>

#include "cel/functions/standard.hpp"
#include "cel/internal/code.hpp"
#include "cel/internal/growing.hpp"
#include "cel/internal/operators.hpp"
#include "cel/internal/regex.hpp"
#include "cel/internal/text_size.hpp"
#include "cel/program.hpp"

namespace tally::cel {

namespace {

constexpr EvalError kCostLimit{ErrorCode::CostLimit, 0,
                               "operation cancelled: actual cost limit exceeded"};
// Steps of loops for a unit of cost, beyond any program that is meant.
constexpr std::uint64_t kStepsPerCost = 16;
constexpr std::uint64_t kStepsMin = 1U << 20U;

struct Iteration {
  Value range;
  std::size_t next = 0;
  std::size_t size = 0;
};

}  // namespace

struct Evaluator::State {
  Arena arena{std::size_t{64} * 1024};
  std::vector<Value> stack;
  std::vector<Value> locals;
  std::vector<Growing> growing;
  std::vector<Iteration> iterations;
  std::uint64_t cost = 0;
};

Evaluator::Evaluator() : state_(std::make_unique<State>()) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

std::uint64_t Evaluator::cost() const noexcept { return state_->cost; }
Arena& Evaluator::arena() noexcept { return state_->arena; }
void Evaluator::reset() noexcept { state_->arena.reset(); }

namespace {

// One run of a program.
template <bool kTraced>
class Run {
 public:
  Run(const Program::Code& code, Arena& arena, std::span<const Value> variables,
      const EvalOptions& options)
      : code_(code),
        context_{.arena = arena, .host = options.host, .budget_left = options.cost_max},
        variables_(variables),
        cost_max_(options.cost_max),
        steps_left_(std::max(options.cost_max, kStepsMin)) {
    steps_left_ =
        steps_left_ > UINT64_MAX / kStepsPerCost ? UINT64_MAX : steps_left_ * kStepsPerCost;
  }

  std::vector<TraceEntry>* trace = nullptr;
  Value* stack = nullptr;
  Value* locals = nullptr;
  Growing* growing = nullptr;
  Iteration* iterations = nullptr;
  std::uint64_t cost = 0;

  Value run();

 private:
  Arena& arena() { return context_.arena; }

  // Errors know where they happened; the static ones and those of functions do not yet.
  Value at(const Value& value, std::uint32_t offset) {
    if (!value.is_error() || value.as_error().offset != 0 || offset == 0 ||
        value.as_error().code == ErrorCode::CostLimit) {
      return value;
    }
    const EvalError& error = value.as_error();
    return Value::error(context_.arena.create<EvalError>(error.code, offset, error.message));
  }

  Value variable(std::uint32_t index, std::uint32_t offset) {
    if (index < variables_.size()) {
      return variables_[index];
    }
    return at(make_error(arena(), ErrorCode::NoSuchAttribute,
                         {"no such attribute(s): ", code_.variable_names[index]}),
              offset);
  }

  Value select(const Value& from, const document::Name& name) {
    if (const document::Node* node = from.node()) {
      if (const document::Node* found = node->find(name)) {
        return Value::from_node(*found);
      }
    }
    return index_value(arena(), from, Value::string(name.text()), code_.bad_presence);
  }

  // Follows a path; qualifiers behind the one that fails are not paid.
  Value follow(Value from, const Instruction& at_instruction) {
    const Path& path = code_.paths[at_instruction.b];
    const document::Name* names = code_.names.data() + path.first;
    std::uint32_t i = 0;
    if (const document::Node* node = from.node()) {
      for (; i < path.count; ++i) {
        const document::Node* found = node->find(names[i]);
        if (found == nullptr) {
          break;
        }
        node = found;
      }
      from = Value::from_node(*node);
      if (i == path.count) {
        return from;
      }
    }
    for (; i < path.count; ++i) {
      if (from.is_outcome()) {
        cost -= path.count - i;
        return from;
      }
      const bool none = from.is(ValueKind::Optional) && from.held() == nullptr;
      from = select(from, names[i]);
      if (none) {
        cost -= path.count - i;
        return from;
      }
      if (from.is_error()) {
        cost -= path.count - i - 1;
        return at(from, at_instruction.offset);
      }
    }
    return from;
  }

  Value follow_has(Value from, const Instruction& at_instruction) {
    const Path& path = code_.paths[at_instruction.b];
    const document::Name* names = code_.names.data() + path.first;
    std::uint32_t i = 0;
    if (const document::Node* node = from.node()) {
      for (; i + 1 < path.count; ++i) {
        const document::Node* found = node->find(names[i]);
        if (found == nullptr) {
          break;
        }
        node = found;
      }
      if (i + 1 == path.count && node->is_object()) {
        return Value::boolean(node->find(names[i]) != nullptr);
      }
      from = Value::from_node(*node);
    }
    for (; i + 1 < path.count; ++i) {
      if (from.is_outcome()) {
        cost -= path.count - i;
        return from;
      }
      from = select(from, names[i]);
      if (from.is_error()) {
        cost -= path.count - i - 1;
        return at(from, at_instruction.offset);
      }
    }
    if (from.is_outcome()) {
      cost -= 1;
      return from;
    }
    return at(has_field(arena(), from, names[path.count - 1].text(), code_.bad_presence),
              at_instruction.offset);
  }

  // Operands are looked at where they lie: a copy of a value that was written a moment ago, in
  // parts, waits for the writes.
  void and_into(Value& left, const Value& right, std::uint32_t offset) {
    if (!left.is(ValueKind::Bool) || !right.is(ValueKind::Bool)) {
      left = at(both(left, right), offset);
    } else if (!right.as_bool()) {
      left = Value::boolean(false);
    }
  }
  void or_into(Value& left, const Value& right, std::uint32_t offset) {
    if (!left.is(ValueKind::Bool) || !right.is(ValueKind::Bool)) {
      left = at(either(left, right), offset);
    } else if (right.as_bool()) {
      left = Value::boolean(true);
    }
  }

  Value call(const CallSite& site, const Value* args, std::uint32_t offset);
  Value no_overload_for(const CallSite& site, std::span<const Value> given);
  Value make_list(const Instruction& instruction, const Value* items);
  Value make_map(const Instruction& instruction, const Value* items);
  Value make_message(const StructSite& site, const Value* values);
  bool next(const Loop& loop);

  // Texts and lists that a call made new use up steps, too: untyped `+` costs 1 however long its
  // operands are, and doubling a text thirty times must end as well.
  void pay_for_memory(std::span<const Value> args, const Value& result) {
    const bool text = result.is(ValueKind::String) || result.is(ValueKind::Bytes);
    const std::size_t bytes = text ? result.text().size() : result.plain_items().size_bytes();
    if (bytes < 64) {
      return;
    }
    const auto* data = text ? static_cast<const void*>(result.text().data())
                            : static_cast<const void*>(result.plain_items().data());
    for (const Value& arg : args) {
      const bool of_text = arg.is(ValueKind::String) || arg.is(ValueKind::Bytes);
      if (of_text && data >= arg.text().data() &&
          data < static_cast<const void*>(arg.text().data() + arg.text().size())) {
        return;
      }
      if (!of_text && data == arg.plain_items().data()) {
        return;
      }
    }
    const std::uint64_t steps = bytes / 8;
    if (steps > steps_left_) {
      cost = cost_max_ == UINT64_MAX ? cost : cost_max_ + 1;
      return;
    }
    steps_left_ -= steps_left_ == UINT64_MAX ? 0 : steps;
  }

  // Whether an optional element or entry is there; `value` becomes what it holds.
  enum class Present : std::uint8_t { Yes, No, Failed };
  Present unwrap(Value& value, std::string_view what) {
    if (!value.is(ValueKind::Optional)) {
      value = make_error(arena(), ErrorCode::InvalidArgument,
                         {"cannot initialize optional ", what, " from non-optional value ",
                          to_literal(arena(), value)});
      return Present::Failed;
    }
    if (value.held() == nullptr) {
      return Present::No;
    }
    value = *value.held();
    return Present::Yes;
  }

  void record(std::uint32_t pc, const Value& value) {
    const auto first = std::ranges::lower_bound(code_.marks, pc, {}, &Mark::at);
    for (auto mark = first; mark != code_.marks.end() && mark->at == pc; ++mark) {
      trace->push_back({mark->offset, mark->end, value});
    }
  }

  const Program::Code& code_;
  EvalContext context_;
  std::span<const Value> variables_;
  std::uint64_t cost_max_;
  std::uint64_t steps_left_;
};

// decls.MaybeNoSuchOverload of cel-go: functions whose overloads are bound one by one name the
// types that they were given; operators, size and matches, which are bound as a whole, do not.
template <bool kTraced>
Value Run<kTraced>::no_overload_for(const CallSite& site, std::span<const Value> given) {
  const char first = site.function.empty() ? '_' : site.function.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (!letter || site.function == "size" || site.function == "matches") {
    return no_such_overload();
  }
  std::string_view types;
  for (const Value& value : given) {
    types = arena().concat({types, types.empty() ? "" : ", ", type_name(value)});
  }
  return make_error(arena(), ErrorCode::NoSuchOverload,
                    {"no such overload: ", site.function, "(", types, ")"});
}

template <bool kTraced>
Value Run<kTraced>::call(const CallSite& site, const Value* args, std::uint32_t offset) {
  const std::span<const Value> given{args, site.arg_count};
  Value result;
  bool strict = true;
  bool failed_last = false;
  for (const Value& arg : given) {
    if (arg.is_outcome()) {
      result = arg;
      strict = false;
      failed_last = &arg == &given.back();
      break;
    }
  }
  bool found = false;
  if (strict) {
    for (std::uint32_t i = 0; i < site.target_count && !found; ++i) {
      const Target& target = code_.targets[site.first_target + i];
      const ArgPattern* patterns = code_.patterns.data() + target.first_pattern;
      bool fits = true;
      for (std::uint32_t j = 0; j < site.arg_count && fits; ++j) {
        fits = matches(patterns[j], args[j]);
      }
      if (fits) {
        context_.budget_left = cost_max_ - cost;
        result = target.apply(context_, given);
        pay_for_memory(given, result);
        found = true;
      }
    }
    if (!found) {
      result = no_overload_for(site, given);
    }
  } else if (site.arg_count > 2 && !failed_last) {
    return result;  // cel-go pays no call with many arguments of which one but the last failed
  }
  // As in cel-go, a library's own word counts only where the checker has decided on an overload.
  const Charge charge =
      site.target_count == 1 && found ? code_.targets[site.first_target].charge : nullptr;
  cost += charge != nullptr ? charge(context_, given, result)
                            : call_cost(arena(), site.cost, given, result);
  return at(result, offset);
}

template <bool kTraced>
Value Run<kTraced>::make_list(const Instruction& instruction, const Value* items) {
  const std::uint32_t count = instruction.a;
  auto* list = context_.arena.allocate_array<Value>(count);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (items[i].is_outcome()) {
      return items[i];
    }
    Value item = items[i];
    if (instruction.op == Op::MakeOptionalList && code_.flags[instruction.b + i]) {
      switch (unwrap(item, "list element")) {
        case Present::Yes:
          break;
        case Present::No:
          continue;
        case Present::Failed:
          return at(item, instruction.offset);
      }
    }
    list[size++] = item;
  }
  return Value::list({list, size});
}

template <bool kTraced>
Value Run<kTraced>::make_map(const Instruction& instruction, const Value* items) {
  const std::uint32_t count = instruction.a;
  MapBuilder map(arena(), count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Value& key = items[std::size_t{i} * 2];
    Value value = items[std::size_t{i} * 2 + 1];
    if (key.is_outcome()) {
      return key;
    }
    if (value.is_outcome()) {
      return value;
    }
    if (instruction.op == Op::MakeOptionalMap && code_.flags[instruction.b + i]) {
      switch (unwrap(value, "entry")) {
        case Present::Yes:
          break;
        case Present::No:
          continue;
        case Present::Failed:
          return at(value, instruction.offset);
      }
    }
    map.add(key, value);
  }
  return at(map.finish(), instruction.offset);
}

template <bool kTraced>
Value Run<kTraced>::make_message(const StructSite& site, const Value* values) {
  auto* names = context_.arena.allocate_array<std::string_view>(site.field_count);
  auto* fields = context_.arena.allocate_array<Value>(site.field_count);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < site.field_count; ++i) {
    Value value = values[i];
    if (value.is_outcome()) {
      return value;
    }
    if (site.has_optional && code_.flags[site.first_flag + i]) {
      const Present present = unwrap(value, "entry");
      if (present == Present::Failed) {
        return value;
      }
      if (present == Present::No) {
        continue;
      }
    }
    names[size] = code_.names[site.first_field + i].text();
    fields[size++] = value;
  }
  return site.host_type != nullptr
             ? make_host_struct(arena(), *site.host_type, {names, size}, {fields, size})
             : make_struct(arena(), site.type, {names, size}, {fields, size});
}

// The next element into the locals; false at the end.
template <bool kTraced>
bool Run<kTraced>::next(const Loop& loop) {
  Iteration& iteration = iterations[loop.iteration];
  if (iteration.next == iteration.size) {
    return false;
  }
  const std::size_t i = iteration.next++;
  const Value& range = iteration.range;
  if (range.is(ValueKind::Map)) {
    locals[loop.local] = map_key_at(arena(), range, i);
    if (loop.local2 != 0xFFFFFFFF) {
      locals[loop.local2] = map_value_at(arena(), range, i);
    }
  } else if (loop.local2 != 0xFFFFFFFF) {
    locals[loop.local] = Value::integer(static_cast<std::int64_t>(i));
    locals[loop.local2] = list_at(arena(), range, i);
  } else {
    locals[loop.local] = list_at(arena(), range, i);
  }
  return true;
}

template <bool kTraced>
Value Run<kTraced>::run() {
  const Instruction* const begin = code_.instructions.data();
  const Instruction* pc = begin;
  Value* top = stack;  // the topmost value; the first one lies at stack + 1
  const auto jump = [&](std::uint32_t target) {
    pc = begin + target;
    if constexpr (kTraced) {
      // Leaving an operator early skips the instruction that would end it.
      if (target != 0 &&
          (begin[target - 1].op == Op::AndMerge || begin[target - 1].op == Op::OrMerge)) {
        record(target - 1, *top);
      }
    }
  };
  while (true) {
    const Instruction& i = *pc++;
    cost += i.cost;
    switch (i.op) {
      case Op::Const:
        *++top = code_.constants[i.a];
        break;
      case Op::Variable:
        *++top = variable(i.a, i.offset);
        break;
      case Op::Local:
        *++top = locals[i.a];
        break;
      case Op::LazyLocal:
        // An optional with itself as content is no value: it marks what is not computed yet.
        if (locals[i.a].is(ValueKind::Optional) && locals[i.a].held() == &locals[i.a]) {
          *++top = Value::integer(pc - begin);
          pc = begin + i.b;
          continue;
        }
        *++top = locals[i.a];
        break;
      case Op::LazyReset:
        locals[i.a] = Value::optional(&locals[i.a]);
        continue;
      case Op::LazyReturn: {
        const Value value = *top--;
        locals[i.a] = value;
        pc = begin + top->as_int();
        *top = value;
        break;
      }
      case Op::VariablePath:
        *++top = follow(variable(i.a, i.offset), i);
        break;
      case Op::LocalPath:
        *++top = follow(locals[i.a], i);
        break;
      case Op::VariableHas:
        *++top = follow_has(variable(i.a, i.offset), i);
        break;
      case Op::LocalHas:
        *++top = follow_has(locals[i.a], i);
        break;
      case Op::Select: {
        const bool unpaid =
            top->is_outcome() || (top->is(ValueKind::Optional) && top->held() == nullptr);
        *top = at(select(*top, code_.names[i.a]), i.offset);
        cost -= unpaid ? 1 : 0;
        break;
      }
      case Op::Has: {
        const bool unpaid =
            top->is_outcome() || (top->is(ValueKind::Optional) && top->held() == nullptr);
        *top = at(has_field(arena(), *top, code_.names[i.a].text(), code_.bad_presence), i.offset);
        cost -= unpaid ? 1 : 0;
        break;
      }
      case Op::Index: {
        const Value key = *top--;
        const bool unpaid = top->is_outcome();
        *top = at(index_value(arena(), *top, key, code_.bad_presence), i.offset);
        cost -= unpaid ? 1 : 0;
        break;
      }
      case Op::OptionalSelect:
        *top = at(optional_index_value(arena(), *top, Value::string(code_.names[i.a].text()),
                                       code_.bad_presence),
                  i.offset);
        cost += top->is(ValueKind::Optional) && top->held() != nullptr ? 1 : 0;
        break;
      case Op::OptionalIndex: {
        const Value key = *top--;
        *top = at(optional_index_value(arena(), *top, key, code_.bad_presence), i.offset);
        cost += top->is(ValueKind::Optional) && top->held() != nullptr ? 1 : 0;
        break;
      }
      case Op::JumpIfOutcome:
        if (top->is_outcome()) {
          jump(i.a);
        }
        continue;
      case Op::AndTest:
        if (top->is_false()) {
          jump(i.a);
        }
        continue;
      case Op::AndMerge: {
        const Value& right = *top--;
        and_into(*top, right, i.offset);
        break;
      }
      case Op::OrTest:
        if (top->is_true()) {
          jump(i.a);
        }
        continue;
      case Op::OrMerge: {
        const Value& right = *top--;
        or_into(*top, right, i.offset);
        break;
      }
      case Op::Branch: {
        if (top->is_true()) {
          --top;
        } else if (top->is_false()) {
          --top;
          pc = begin + i.a;
        } else {
          if (!top->is_outcome()) {
            *top = at(no_such_overload(), i.offset);
          }
          pc = begin + i.b;
        }
        continue;
      }
      case Op::Jump:
        pc = begin + i.a;
        continue;
      case Op::Land:
        break;
      case Op::OptionalOr:
      case Op::OptionalOrElse:
        if (!top->is(ValueKind::Optional)) {
          pc = begin + i.a;
        } else if (top->held() != nullptr) {
          if (i.op == Op::OptionalOrElse) {
            *top = *top->held();
          }
          pc = begin + i.a;
        } else {
          --top;
        }
        continue;
      case Op::NotStrictlyFalse:
        *top = Value::boolean(!top->is_false());
        break;
      case Op::Not:
        if (top->is(ValueKind::Bool)) {
          *top = Value::boolean(!top->as_bool());
        } else if (!top->is_outcome()) {
          *top = at(no_such_overload(), i.offset);
        }
        break;
      case Op::Equal:
      case Op::NotEqual: {
        const Value& right = *top--;
        const bool same = i.op == Op::Equal;
        cost += same ? equality_cost(*top, right) : inequality_cost(*top, right);
        if (!top->is_outcome()) {
          *top = right.is_outcome() ? right
                                    : Value::boolean(equal_quick(arena(), *top, right) == same);
        }
        break;
      }
      case Op::EqualConst:
      case Op::NotEqualConst: {
        const Value& right = code_.constants[i.a];
        const bool same = i.op == Op::EqualConst;
        cost += same ? equality_cost(*top, right) : inequality_cost(*top, right);
        if (!top->is_outcome()) {
          *top = Value::boolean(equal_quick(arena(), *top, right) == same);
        }
        break;
      }
      case Op::In: {
        const Value container = *top--;
        cost += i.flags != 0 ? actual_size(container) : 1;
        if (!top->is_outcome()) {
          *top = container.is_outcome() ? container
                                        : at(contains_value(arena(), *top, container), i.offset);
        }
        break;
      }
      case Op::InSet:
        if (!top->is_outcome()) {
          *top = Value::boolean(set_has(arena(), code_.sets[i.a], *top));
        }
        break;
      case Op::MatchesConst:
        if (top->is_outcome()) {
          break;
        }
        if (!top->is(ValueKind::String)) {
          *top = at(no_such_overload(), i.offset);
          break;
        }
        if (i.flags != 0) {
          const Value args[2] = {*top, code_.constants[i.b]};
          cost += call_cost(arena(), {.kind = CallCost::Pattern}, args, *top);
        } else {
          cost += 1;
        }
        *top = at(regex_matches(arena(), top->text(), *code_.regexes[i.a]), i.offset);
        break;
      case Op::Call: {
        const CallSite& site = code_.calls[i.a];
        top -= site.arg_count;
        const Value result = call(site, top + 1, i.offset);
        *++top = result;
        break;
      }
      case Op::MakeList:
      case Op::MakeOptionalList: {
        top -= i.a;
        const Value result = make_list(i, top + 1);
        *++top = result;
        break;
      }
      case Op::MakeMap:
      case Op::MakeOptionalMap: {
        top -= std::size_t{i.a} * 2;
        const Value result = make_map(i, top + 1);
        *++top = result;
        break;
      }
      case Op::MakeStruct: {
        const StructSite& site = code_.structs[i.a];
        top -= site.field_count;
        const Value result = at(make_message(site, top + 1), i.offset);
        *++top = result;
        break;
      }
      case Op::IterBegin: {
        const bool list = top->is(ValueKind::List);
        if (!list && !top->is(ValueKind::Map)) {
          if (!top->is_outcome()) {
            *top = at(no_such_overload(), i.offset);
          }
          pc = begin + i.b;
          continue;
        }
        Iteration& iteration = iterations[i.a];
        iteration = {*top, 0, list ? list_size(*top) : map_size(*top)};
        --top;
        continue;
      }
      case Op::IterNext:
        if (!next(code_.loops[i.a])) {
          pc = begin + i.b;
          continue;
        }
        if (steps_left_-- == 0) {
          return Value::error(&kCostLimit);
        }
        continue;
      case Op::IterNextAll: {
        const Loop& loop = code_.loops[i.a];
        if (!next(loop)) {
          pc = begin + i.b;
          continue;
        }
        cost += 2;  // @not_strictly_false(@result)
        if (locals[loop.accumulator].is_false()) {
          pc = begin + i.b;
        }
        break;
      }
      case Op::IterNextExists: {
        const Loop& loop = code_.loops[i.a];
        if (!next(loop)) {
          pc = begin + i.b;
          continue;
        }
        cost += 3;  // @not_strictly_false(!@result)
        if (locals[loop.accumulator].is_true()) {
          pc = begin + i.b;
        }
        break;
      }
      case Op::AllMerge:
        and_into(locals[i.a], *top--, i.offset);
        pc = begin + i.b;
        break;
      case Op::ExistsMerge:
        or_into(locals[i.a], *top--, i.offset);
        pc = begin + i.b;
        break;
      case Op::JumpUnless:
        if ((top--)->is_false()) {
          pc = begin + i.a;
        }
        continue;
      case Op::StoreLocal:
        locals[i.a] = *top--;
        growing[i.a].reset();
        continue;
      case Op::StoreStep:
        locals[i.a] = *top--;
        pc = begin + i.b;
        continue;
      case Op::Append: {
        const Value item = *top--;
        Value& held = locals[i.a];
        if (!held.is_outcome()) {
          held = item.is_outcome()          ? item
                 : held.is(ValueKind::List) ? growing[i.a].append(arena(), held, item)
                                            : at(no_such_overload(), i.offset);
        }
        pc = begin + i.b;
        break;
      }
      case Op::InsertEntry: {
        const Value value = *top--;
        const Value key = *top--;
        Value& held = locals[i.a];
        if (!held.is_outcome()) {
          held = key.is_outcome()     ? key
                 : value.is_outcome() ? value
                 : held.is(ValueKind::Map)
                     ? at(growing[i.a].insert(arena(), held, key, value), i.offset)
                     : at(no_such_overload(), i.offset);
        }
        pc = begin + i.b;
        break;
      }
      case Op::InsertEntries: {
        const Value added = *top--;
        Value& held = locals[i.a];
        if (!held.is_outcome()) {
          if (added.is_outcome()) {
            held = added;
          } else if (!added.is(ValueKind::Map) || !held.is(ValueKind::Map)) {
            held = at(no_such_overload(), i.offset);
          } else {
            const std::size_t size = map_size(added);
            for (std::size_t j = 0; j < size && !held.is_outcome(); ++j) {
              held = at(growing[i.a].insert(arena(), held, map_key_at(arena(), added, j),
                                            map_value_at(arena(), added, j)),
                        i.offset);
            }
          }
        }
        pc = begin + i.b;
        break;
      }
      case Op::FilterBranch:
        if (top->is_false()) {
          --top;
          pc = begin + i.b;
        } else if (top->is_true()) {
          --top;
        } else {
          locals[i.a] = top->is_outcome() ? *top : at(no_such_overload(), i.offset);
          --top;
          pc = begin + i.b;
        }
        break;
      case Op::Return:
        return *top;
    }
    if (cost > cost_max_) {
      return Value::error(&kCostLimit);
    }
    if constexpr (kTraced) {
      record(static_cast<std::uint32_t>(&i - begin), *top);
    }
  }
}

template <class Vector>
auto* at_least(Vector& vector, std::size_t size) {
  if (vector.size() < size) {
    vector.resize(size);
  }
  return vector.data();
}

}  // namespace

Value Evaluator::evaluate(const Program& program, std::span<const Value> variables,
                          const EvalOptions& options) {
  const Program::Code& code = program.code();
  State& state = *state_;
  Run<false> run(code, state.arena, variables, options);
  run.stack = at_least(state.stack, code.stack_max + std::size_t{1});
  run.locals = at_least(state.locals, code.local_count);
  run.growing = at_least(state.growing, code.local_count);
  run.iterations = at_least(state.iterations, code.iteration_count);
  const Value result = run.run();
  state.cost = run.cost;
  return result;
}

Value Evaluator::trace(const Program& program, std::span<const Value> variables,
                       const EvalOptions& options, std::vector<TraceEntry>& steps) {
  const Program::Code& code = program.code();
  State& state = *state_;
  Run<true> run(code, state.arena, variables, options);
  run.trace = &steps;
  run.stack = at_least(state.stack, code.stack_max + std::size_t{1});
  run.locals = at_least(state.locals, code.local_count);
  run.growing = at_least(state.growing, code.local_count);
  run.iterations = at_least(state.iterations, code.iteration_count);
  const Value result = run.run();
  state.cost = run.cost;
  return result;
}

}  // namespace tally::cel
