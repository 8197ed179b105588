#include "policy_cel/evaluation.hpp"

#include <deque>
#include <string>

#include "cel/kyverno_globals.hpp"

namespace tally::policy_cel {

using cel::ErrorCode;
using cel::Value;
using cel::ValueKind;

namespace {

// A variable that an expression has read: its cost is the expression's as well.
struct Read {
  ProgramId program = kNoProgram;
  const Read* next = nullptr;
};

struct Entry {
  std::uint32_t generation = 0;  // of begin()
  std::uint32_t object = 0;
  std::uint32_t surround = 0;
  std::uint32_t context = 0;
  std::uint32_t paid = 0;  // number of open() in which its cost was counted, as a variable
  const void* params = nullptr;
  Value value;
  std::uint64_t cost = 0;
  const Read* reads = nullptr;
  const Entry* last_reader = nullptr;  // whose list of reads has it already
  bool is_running = false;
};

}  // namespace

// `variables` of one scope: read on first use.
class VariablesMap final : public cel::HostMap {
 public:
  explicit VariablesMap(Evaluation::State& state) : state_(&state) {}
  [[nodiscard]] std::size_t size() const override;
  [[nodiscard]] Value key_at(Arena& arena, std::size_t i) const override;
  [[nodiscard]] Value value_at(Arena& arena, std::size_t i) const override;
  [[nodiscard]] bool find(Arena& arena, const Value& key, Value& out) const override;
  [[nodiscard]] bool has(Arena& arena, std::string_view field) const override;
  [[nodiscard]] const cel::Type* type() const override;

 private:
  Evaluation::State* state_;
};

namespace {
constexpr cel::Type kVariables{.kind = cel::TypeKind::Struct, .name = kVariablesType};
}  // namespace

struct Evaluation::State {
  const Expressions* table = nullptr;
  const cel::Host* host = nullptr;
  Watcher* watcher = nullptr;
  std::uint64_t cost_per_call_max = cel::kCostPerCallMax;
  std::deque<cel::Evaluator> evaluators;  // by depth of variables
  std::vector<Entry> entries;             // by program
  std::uint32_t generation = 0;
  std::uint32_t opened = 0;
  std::uint32_t depth = 0;
  std::uint64_t budget = 0;
  std::uint64_t evaluated = 0;
  std::uint64_t shared = 0;
  const InputValues* inputs = nullptr;
  ScopeId scope = kNoScope;
  Entry* reader = nullptr;  // whose evaluation is going on
  VariablesMap variables{*this};

  cel::Evaluator& evaluator() {
    while (evaluators.size() <= depth) {
      evaluators.emplace_back();
    }
    return evaluators[depth];
  }

  enum class Asked : std::uint8_t { Itself, AsVariable };

  [[nodiscard]] bool is_of_object(const Entry& entry, Asked asked) const {
    return entry.object == inputs->object ||
           (asked == Asked::AsVariable && inputs->variables_since != 0 &&
            entry.object >= inputs->variables_since && entry.object < inputs->object);
  }

  // Whether an answer of before holds for these inputs.
  [[nodiscard]] bool holds(const Entry& entry, const CompiledExpression& expression,
                           Asked asked) const {
    const bool variables_used = expression.uses(Input::Variables);
    const bool around = variables_used || expression.uses(Input::NamespaceObject) ||
                        expression.uses(Input::Authorizer) ||
                        expression.uses(Input::RequestResource);
    const bool with_params =
        expression.uses(Input::Params) ||
        (variables_used && scope != kNoScope && table->scope(scope).has_params);
    const bool with_context = expression.uses_context() || (variables_used && scope != kNoScope &&
                                                            table->scope(scope).is_of_kyverno);
    return entry.generation == generation && is_of_object(entry, asked) &&
           (!with_context || entry.context == inputs->context) &&
           (!around || entry.surround == inputs->surround) &&
           (!with_params || entry.params == inputs->params);
  }

  [[nodiscard]] Value input_value(Input input) const {
    const auto at = static_cast<std::size_t>(input);
    if (at >= kGivenInputs) {
      return cel::kyverno_globals()[at - kGivenInputs].value;
    }
    return input == Input::Variables && !inputs->values[at].is_error()
               ? Value::map(static_cast<const cel::HostMap*>(&variables))
               : inputs->values[at];
  }

  // The answer of a program for the inputs, of before or new.
  Entry& answer(ProgramId id, Asked asked) {
    Entry& entry = entries[id];
    const CompiledExpression& expression = (*table)[id];
    if (holds(entry, expression, asked)) {
      ++shared;
      return entry;
    }
    ++evaluated;
    entry = {.generation = generation,
             .object = inputs->object,
             .surround = inputs->surround,
             .context = inputs->context,
             .paid = 0,
             .params = inputs->params,
             .value = {},
             .cost = 0,
             .reads = nullptr,
             .last_reader = nullptr,
             .is_running = true};
    std::array<Value, kInputs> values;
    for (std::uint8_t i = 0; i < expression.input_count; ++i) {
      const Input input = expression.inputs[i];
      values[i] = input_value(input);
    }
    Entry* const outer = reader;
    reader = &entry;
    cel::Evaluator& runner = evaluator();
    const auto given = std::span<const Value>{values.data(), expression.input_count};
    const cel::EvalOptions limits{.cost_max = cost_per_call_max, .host = host};
    if (watcher == nullptr) {
      entry.value = runner.evaluate(expression.program, given, limits);
    } else {
      std::vector<cel::TraceEntry> steps;
      entry.value = runner.trace(expression.program, given, limits, steps);
      watcher->saw(expression.program.source(), entry.value, steps);
    }
    entry.cost = runner.cost();
    reader = outer;
    entry.is_running = false;
    return entry;
  }

  // What a list pays for an answer: its own cost, and once the variables it has read.
  void pay_variables(const Entry& entry, std::uint64_t& total) {
    for (const Read* read = entry.reads; read != nullptr; read = read->next) {
      Entry& variable = entries[read->program];
      if (variable.paid != opened) {
        variable.paid = opened;
        total += variable.cost;
        pay_variables(variable, total);
      }
    }
  }

  Value variable(std::uint32_t index) {
    const Scope::Variable& variable = table->scope(scope).variables[index];
    Arena& arena = evaluators.front().arena();
    if (variable.program == kNoProgram) {
      return cel::make_error(arena, ErrorCode::Custom,
                             {"composited variable \"", variable.name, "\" fails to compile"});
    }
    if (depth + 1 >= kVariableDepthMax || entries[variable.program].is_running) {
      return cel::make_error(arena, ErrorCode::Custom,
                             {"composited variable \"", variable.name,
                              "\" fails to evaluate: variables are nested too deeply"});
    }
    Entry* const outer = reader;
    ++depth;
    Entry& found = answer(variable.program, Asked::AsVariable);
    --depth;
    if (outer != nullptr && found.last_reader != outer) {
      found.last_reader = outer;
      outer->reads = arena.create<Read>(Read{.program = variable.program, .next = outer->reads});
    }
    if (!found.value.is_error()) {
      return found.value;
    }
    if (table->scope(scope).is_of_kyverno) {
      return found.value;  // lazy.MapValue hands the error on as it is
    }
    const cel::EvalError& error = found.value.as_error();
    return cel::make_error(
        arena, error.code == ErrorCode::NotProvided ? ErrorCode::NotProvided : ErrorCode::Custom,
        {"composited variable \"", variable.name, "\" fails to evaluate: ", error.message});
  }
};

std::size_t VariablesMap::size() const {
  return state_->scope == kNoScope ? 0 : state_->table->scope(state_->scope).variables.size();
}
Value VariablesMap::key_at(Arena&, std::size_t i) const {
  return Value::string(state_->table->scope(state_->scope).variables[i].name);
}
Value VariablesMap::value_at(Arena&, std::size_t i) const {
  return state_->variable(static_cast<std::uint32_t>(i));
}
bool VariablesMap::find(Arena&, const Value& key, Value& out) const {
  if (state_->scope == kNoScope || !key.is(ValueKind::String)) {
    return false;
  }
  const auto index = state_->table->scope(state_->scope).find(key.text());
  if (!index) {
    return false;
  }
  out = state_->variable(*index);
  return true;
}
bool VariablesMap::has(Arena&, std::string_view field) const {
  return state_->scope != kNoScope && state_->table->scope(state_->scope).find(field).has_value();
}
const cel::Type* VariablesMap::type() const { return &kVariables; }

Evaluation::Evaluation() : state_(std::make_unique<State>()) {}
Evaluation::~Evaluation() = default;
Evaluation::Evaluation(Evaluation&&) noexcept = default;
Evaluation& Evaluation::operator=(Evaluation&&) noexcept = default;

void Evaluation::begin(const Expressions& table, const cel::Host* host, Watcher* watcher,
                       const EvaluationLimits& limits) {
  State& state = *state_;
  state.cost_per_call_max = limits.cost_per_call_max;
  state.watcher = watcher;
  if (state.table != &table || state.entries.size() != table.size()) {
    state.table = &table;
    state.entries.assign(table.size(), Entry{});
    state.generation = 0;
    state.opened = 0;
  }
  state.host = host;
  for (cel::Evaluator& evaluator : state.evaluators) {
    evaluator.reset();
  }
  if (state.evaluators.empty()) {
    state.evaluators.emplace_back();
  }
  if (++state.generation == 0 || state.opened > UINT32_MAX / 2) {
    state.entries.assign(table.size(), Entry{});
    state.generation = 1;
    state.opened = 0;
  }
  state.depth = 0;
  state.reader = nullptr;
  state.evaluated = 0;
  state.shared = 0;
}

void Evaluation::open(const InputValues& inputs, ScopeId scope, std::uint64_t budget) {
  State& state = *state_;
  state.inputs = &inputs;
  state.scope = scope;
  state.budget = budget;
  ++state.opened;
}

void Evaluation::ask(const cel::Host* host) noexcept { state_->host = host; }
std::uint64_t Evaluation::budget_left() const noexcept { return state_->budget; }
Arena& Evaluation::arena() noexcept { return state_->evaluators.front().arena(); }
std::uint64_t Evaluation::evaluated() const noexcept { return state_->evaluated; }
std::uint64_t Evaluation::shared() const noexcept { return state_->shared; }

Answer Evaluation::run(ProgramId program) {
  State& state = *state_;
  const Entry& entry = state.answer(program, State::Asked::Itself);
  std::uint64_t cost = entry.cost;
  state.pay_variables(entry, cost);
  if (cost > state.budget) {
    return {.value = {}, .is_out_of_budget = true};
  }
  state.budget -= cost;
  return {.value = entry.value, .is_out_of_budget = false};
}

}  // namespace tally::policy_cel
