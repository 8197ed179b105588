// interpreter.go of github.com/kyverno/go-jmespath, which Dialect::Kyverno follows to the letter;
// Dialect::KyvernoJson follows interpreter.go of github.com/jmespath-community/go-jmespath.
// Dialect::Standard is the same without missing fields and without nulls before the values of `*`.
#include "jmespath/internal/evaluator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "jmespath/function.hpp"
#include "jmespath/internal/numbers.hpp"
#include "jmespath/internal/runes.hpp"

namespace tally::jmespath {

class [[nodiscard]] Evaluator::DepthGuard {
 public:
  explicit DepthGuard(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.depth_; }
  ~DepthGuard() { --evaluator_.depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  Evaluator& evaluator_;
};

SliceRange SliceRange::of(const SliceParts& parts, std::size_t size) noexcept {
  const auto length = static_cast<std::int64_t>(size);
  SliceRange range;
  range.step = parts[2].value_or(1);
  const bool backwards = range.step < 0;
  const auto bounded = [&](std::int64_t at) {
    if (at < 0) {
      return at + length < 0 ? (backwards ? -1 : 0) : at + length;
    }
    return at >= length ? (backwards ? length - 1 : length) : at;
  };
  range.start = parts[0] ? bounded(*parts[0]) : backwards ? length - 1 : 0;
  range.stop = parts[1] ? bounded(*parts[1]) : backwards ? -1 : length;
  return range;
}

bool SliceRange::next() noexcept {
  return !__builtin_add_overflow(start, step, &start) && is_inside();
}

double computed(Arithmetic operation, double left, double right) noexcept {
  switch (operation) {
    case Arithmetic::Add:
      return left + right;
    case Arithmetic::Subtract:
      return left - right;
    case Arithmetic::Multiply:
      return left * right;
    case Arithmetic::Divide:
      return left / right;
    case Arithmetic::Modulo:
      return std::fmod(left, right);
    case Arithmetic::IntegerDivide:
      return std::floor(left / right);
  }
  return 0;
}

std::expected<Node, EvaluationError> Evaluator::run(const Node& input) {
  Node result;
  switch (eval(program_.root, input, result)) {
    case Outcome::Ok:
      break;
    case Outcome::NotFound:
      return std::unexpected(EvaluationError{
          .message = fmt::format("Unknown key \"{}\" in path", missing_),
          .offset = missing_offset_,
          .is_not_found = true,
      });
    case Outcome::Failed:
      return std::unexpected(
          EvaluationError{.message = message(), .offset = error_offset_, .is_limit = is_limit()});
  }
  if (has_odd_number()) {
    if (const std::string found = unsupported_number(result); !found.empty()) {
      return std::unexpected(EvaluationError{.message = "json: unsupported value: " + found,
                                             .offset = program_.code[program_.root].offset});
    }
  }
  switch (type_of(result)) {
    case Type::ExpressionRef:
      return Node::make_object(arena(), {}, std::span<const std::string_view>{}, {}, 0);
    case Type::ObjectArray:
      return Node::make_array(arena(), result.items(), 0);
    case Type::Integer:
      return program_.dialect == Dialect::KyvernoJson ? result : unmarked(result);
    default:
      return unmarked(result);
  }
}

Outcome Evaluator::evaluate(const Node& reference, const Node& value, Node& out) {
  return eval(expression_of(reference), value, out);
}

Outcome Evaluator::failure(std::string message) {
  static_cast<void>(fail(std::move(message)));
  return Outcome::Failed;
}

bool Evaluator::value_of(std::uint32_t index, const Node& current, Node& out) {
  switch (eval(index, current, out)) {
    case Outcome::Ok:
      return true;
    case Outcome::NotFound:
      out = Node{};
      return true;
    case Outcome::Failed:
      return false;
  }
  return false;
}

Outcome Evaluator::eval(std::uint32_t index, const Node& current, Node& out) {
  const DepthGuard guard(*this);
  const Instruction& code = program_.code[index];
  // An expression is no deeper than its limit, but a reference may reach itself through `@`.
  Outcome outcome = Outcome::Failed;
  if (depth_ > 2 * program_.limits.depth) {
    static_cast<void>(fail_limit("the evaluation is nested too deeply"));
  } else if (charge_steps(1)) {
    outcome = dispatch(code, current, out);
  }
  // The innermost instruction that fails is where the error stands.
  if (outcome == Outcome::Failed && !is_placed_) {
    is_placed_ = true;
    error_offset_ = code.offset;
  }
  return outcome;
}

Outcome Evaluator::dispatch(const Instruction& code, const Node& current, Node& out) {
  switch (code.op) {
    case Op::Current:
      out = current;
      return Outcome::Ok;
    case Op::Path:
      return eval_path(code, current, out);
    case Op::PathFrom: {
      Node start;
      const Outcome outcome = eval(code.a, current, start);
      return outcome == Outcome::Ok ? eval_path(code, start, out) : outcome;
    }
    case Op::Sub: {
      Node left;
      const Outcome outcome = eval(code.a, current, left);
      if (outcome == Outcome::Ok && left.is_null() && is_kyverno_json()) {
        out = Node{};
        return Outcome::Ok;
      }
      return outcome == Outcome::Ok ? eval(code.b, left, out) : outcome;
    }
    case Op::Literal:
      out = program_.literals[code.a];
      return Outcome::Ok;
    case Op::Slice:
      return eval_slice(code, current, out);
    case Op::Projection:
      return eval_projection(code, current, out);
    case Op::FilterProjection:
      return eval_filter(code, current, out);
    case Op::ValueProjection:
      return eval_values(code, current, out);
    case Op::Flatten:
      return eval_flatten(code, current, out);
    case Op::Compare:
      return eval_compare(code, current, out);
    case Op::Or:
      if (!value_of(code.a, current, out)) {
        return Outcome::Failed;
      }
      return !is_false(out) || value_of(code.b, current, out) ? Outcome::Ok : Outcome::Failed;
    case Op::And:
      if (!value_of(code.a, current, out)) {
        return Outcome::Failed;
      }
      return is_false(out) ? Outcome::Ok : eval(code.b, current, out);
    case Op::Not: {
      Node value;
      if (!value_of(code.a, current, value)) {
        return Outcome::Failed;
      }
      out = Node::make_bool(is_false(value), 0);
      return Outcome::Ok;
    }
    case Op::Pipe: {
      Node left;
      return value_of(code.a, current, left) && value_of(code.b, left, out) ? Outcome::Ok
                                                                            : Outcome::Failed;
    }
    case Op::List:
    case Op::Hash:
      return eval_list(code, current, out);
    case Op::Call:
    case Op::UnknownCall:
      return eval_call(code, current, out);
    case Op::ExpressionRef:
      out = make_expression_ref(code.a);
      return Outcome::Ok;
    case Op::Arithmetic:
      return eval_arithmetic(code, current, out);
    case Op::Variable:
      return eval_variable(code, out);
    case Op::Root:
      out = Node{};
      return Outcome::Ok;
    case Op::Let:
      return eval_let(code, current, out);
    case Op::Broken:
      return failure("Unknown AST node: ASTEmpty");
  }
  return Outcome::Failed;
}

Outcome Evaluator::eval_path(const Instruction& code, const Node& start, Node& out) {
  const Node* at = &start;
  static constexpr Node kNull;
  for (std::uint32_t i = code.first; i < code.first + code.count; ++i) {
    const Step& step = program_.steps[i];
    if (step.is_index) {
      const auto size = static_cast<std::int64_t>(at->is_array() ? at->size() : 0);
      const std::int64_t index = step.index < 0 ? step.index + size : step.index;
      at = index >= 0 && index < size ? &at->items()[static_cast<std::size_t>(index)] : &kNull;
      continue;
    }
    if (!at->is_object()) {
      at = &kNull;
      continue;
    }
    const Node* const found =
        step.interned != nullptr ? at->find(*step.interned) : at->find(step.name);
    if (found != nullptr) {
      at = found;
    } else if (is_kyverno()) {
      missing_ = step.name;
      missing_offset_ = step.offset;
      return Outcome::NotFound;
    } else {
      at = &kNull;
    }
  }
  out = *at;
  return Outcome::Ok;
}

Outcome Evaluator::eval_compare(const Instruction& code, const Node& current, Node& out) {
  Node left;
  Node right;
  if (!value_of(code.a, current, left) || !value_of(code.b, current, right)) {
    return Outcome::Failed;
  }
  if (code.comparison == Comparison::Equal || code.comparison == Comparison::NotEqual) {
    std::uint64_t steps = 0;
    const bool equal = deep_equal(left, right, steps);
    out = Node::make_bool(equal == (code.comparison == Comparison::Equal), 0);
    return charge_steps(steps) ? Outcome::Ok : Outcome::Failed;
  }
  const auto is_operand = [this](const Node& node) {
    return is_kyverno_json() ? is_numeric(node) : is_number(node);
  };
  if (!is_operand(left) || !is_operand(right)) {
    out = Node{};
    return Outcome::Ok;
  }
  const double a = number_of(left);
  const double b = number_of(right);
  out = Node::make_bool(code.comparison == Comparison::Less        ? a < b
                        : code.comparison == Comparison::LessEqual ? a <= b
                        : code.comparison == Comparison::Greater   ? a > b
                                                                   : a >= b,
                        0);
  return Outcome::Ok;
}

bool Evaluator::collect(const Node& item) {
  collected_.push_back(item);
  return charge_steps(1);
}

Outcome Evaluator::finish_list(std::size_t base, Node& out) {
  const bool done = give_list(std::span(collected_).subspan(base), out);
  collected_.resize(base);
  return done ? Outcome::Ok : Outcome::Failed;
}

Outcome Evaluator::eval_slice(const Instruction& code, const Node& current, Node& out) {
  Node source;
  if (const Outcome outcome = eval(code.a, current, source); outcome != Outcome::Ok) {
    return outcome;
  }
  const SliceParts& parts = program_.slices[code.b];
  if (is_kyverno_json() && is_string(source)) {
    return slice_text(source.text(), parts, out);
  }
  if (!source.is_array()) {
    out = Node{};
    return Outcome::Ok;
  }
  if (parts[2] == 0) {
    return failure("Invalid slice, step cannot be 0");
  }
  const std::size_t base = collected_.size();
  SliceRange range = SliceRange::of(parts, source.size());
  for (bool more = range.is_inside(); more; more = range.next()) {
    if (!collect(source.items()[static_cast<std::size_t>(range.start)])) {
      return Outcome::Failed;
    }
  }
  return finish_list(base, out);
}

// By characters, not by bytes; a step of 0 is null.
Outcome Evaluator::slice_text(std::string_view text, const SliceParts& parts, Node& out) {
  out = Node{};
  if (parts[2] == 0) {
    return Outcome::Ok;
  }
  if (!charge_steps(text.size())) {
    return Outcome::Failed;
  }
  std::vector<std::string_view> runes;
  for (std::size_t at = 0; at < text.size(); at += runes.back().size()) {
    runes.push_back(text.substr(at, rune_at(text, at).size));
  }
  std::string sliced;
  SliceRange range = SliceRange::of(parts, runes.size());
  for (bool more = range.is_inside(); more; more = range.next()) {
    sliced += runes[static_cast<std::size_t>(range.start)];
  }
  return give_text(sliced, out) ? Outcome::Ok : Outcome::Failed;
}

bool Evaluator::source_or_null(std::uint32_t index, const Node& current, Node& out) {
  if (!is_kyverno() && !is_kyverno_json()) {
    return value_of(index, current, out);
  }
  // Upstream drops every error here, also that of a function; a budget that is used up stays so.
  const std::size_t base = collected_.size();
  if (eval(index, current, out) == Outcome::Ok) {
    return true;
  }
  out = Node{};
  collected_.resize(base);
  is_placed_ = false;
  return forget_failure();
}

Outcome Evaluator::eval_flatten(const Instruction& code, const Node& current, Node& out) {
  Node source;
  if (!source_or_null(code.a, current, source)) {
    return Outcome::Failed;
  }
  if (!source.is_array()) {
    out = Node{};
    return Outcome::Ok;
  }
  const std::size_t base = collected_.size();
  for (const Node& item : source.items()) {
    if (!item.is_array()) {
      if (!collect(item)) {
        return Outcome::Failed;
      }
      continue;
    }
    for (const Node& inner : item.items()) {
      if (!collect(inner)) {
        return Outcome::Failed;
      }
    }
  }
  return finish_list(base, out);
}

Outcome Evaluator::eval_projection(const Instruction& code, const Node& current, Node& out) {
  Node source;
  if (!value_of(code.a, current, source)) {
    return Outcome::Failed;
  }
  // A slice of a text is a projection whose right side is passed over.
  if (is_kyverno_json() && is_string(source) && program_.code[code.a].op == Op::Slice) {
    out = source;
    return Outcome::Ok;
  }
  if (!source.is_array()) {
    out = Node{};
    return Outcome::Ok;
  }
  const std::size_t base = collected_.size();
  for (const Node& item : source.items()) {
    Node value;
    if (!value_of(code.b, item, value) || (!value.is_null() && !collect(value))) {
      return Outcome::Failed;
    }
  }
  return finish_list(base, out);
}

Outcome Evaluator::eval_filter(const Instruction& code, const Node& current, Node& out) {
  Node source;
  if (!source_or_null(code.a, current, source)) {
    return Outcome::Failed;
  }
  if (!source.is_array()) {
    out = Node{};
    return Outcome::Ok;
  }
  const std::size_t base = collected_.size();
  for (const Node& item : source.items()) {
    Node value;
    if (!value_of(code.c, item, value)) {
      return Outcome::Failed;
    }
    if (is_false(value)) {
      continue;
    }
    if (!value_of(code.b, item, value) || (!value.is_null() && !collect(value))) {
      return Outcome::Failed;
    }
  }
  return finish_list(base, out);
}

Outcome Evaluator::eval_values(const Instruction& code, const Node& current, Node& out) {
  Node source;
  if (!source_or_null(code.a, current, source)) {
    return Outcome::Failed;
  }
  if (!source.is_object()) {
    out = Node{};
    return Outcome::Ok;
  }
  const std::size_t base = collected_.size();
  // interpreter.go makes the list of values with its length and appends them to it.
  const std::size_t nulls =
      is_kyverno() && program_.code[code.b].op != Op::Current ? source.size() : 0;
  for (std::size_t i = 0; i < nulls + source.size(); ++i) {
    Node value;
    if (!value_of(code.b, i < nulls ? Node{} : source.items()[i - nulls], value) ||
        (!value.is_null() && !collect(value))) {
      return Outcome::Failed;
    }
  }
  return finish_list(base, out);
}

Outcome Evaluator::eval_list(const Instruction& code, const Node& current, Node& out) {
  if (current.is_null() && !is_kyverno_json()) {
    out = Node{};
    return Outcome::Ok;
  }
  const std::size_t base = collected_.size();
  for (std::uint32_t i = code.first; i < code.first + code.count; ++i) {
    Node value;
    if (!value_of(program_.operands[i], current, value) || !collect(value)) {
      return Outcome::Failed;
    }
  }
  if (code.op == Op::List) {
    return finish_list(base, out);
  }
  // Of equal keys the last one counts.
  const std::span values = std::span(collected_).subspan(base);
  const std::span keys = std::span(program_.keys).subspan(code.a, code.count);
  bool done = false;
  bool has_twins = false;
  for (std::size_t i = 0; i < keys.size() && !has_twins; ++i) {
    has_twins = std::find(keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, keys.end(), keys[i]) !=
                keys.end();
  }
  if (!has_twins) {
    done = give_object(values, keys, out);
  } else {
    std::vector<std::string_view> unique_keys;
    std::vector<Node> unique_values;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto known = std::ranges::find(unique_keys, keys[i]);
      if (known != unique_keys.end()) {
        unique_values[static_cast<std::size_t>(known - unique_keys.begin())] = values[i];
      } else {
        unique_keys.push_back(keys[i]);
        unique_values.push_back(values[i]);
      }
    }
    done = give_object(unique_values, unique_keys, out);
  }
  collected_.resize(base);
  return done ? Outcome::Ok : Outcome::Failed;
}

Outcome Evaluator::eval_arithmetic(const Instruction& code, const Node& current, Node& out) {
  Node left;
  Node right;
  if (!value_of(code.a, current, left) || (code.count > 1 && !value_of(code.b, current, right))) {
    return Outcome::Failed;
  }
  out = Node{};
  if (!is_numeric(left) || (code.count > 1 && !is_numeric(right))) {
    return Outcome::Ok;
  }
  return give_number(code.count > 1 ? computed(code.arithmetic, number_of(left), number_of(right))
                                    : computed(code.arithmetic, 0, number_of(left)),
                     out)
             ? Outcome::Ok
             : Outcome::Failed;
}

Outcome Evaluator::eval_variable(const Instruction& code, Node& out) {
  const std::string_view name = program_.keys[code.a];
  for (auto bound = bound_.rbegin(); bound != bound_.rend(); ++bound) {
    if (bound->name == name) {
      out = bound->value;
      return Outcome::Ok;
    }
  }
  if (variables_ != nullptr) {
    Variables::Answer answer = variables_->resolve(name);
    if (!answer) {
      return failure(std::move(answer).error());
    }
    if (*answer) {
      out = **answer;
      return Outcome::Ok;
    }
  }
  return failure(fmt::format("variable not defined: ${}", name));
}

// All values first: a binding does not see the ones beside it.
Outcome Evaluator::eval_let(const Instruction& code, const Node& current, Node& out) {
  const std::size_t base = bound_.size();
  std::vector<Bound> added(code.count);
  for (std::uint32_t i = 0; i < code.count; ++i) {
    added[i].name = program_.keys[code.a + i];
    if (!value_of(program_.operands[code.first + i], current, added[i].value)) {
      return Outcome::Failed;
    }
  }
  bound_.insert(bound_.end(), added.begin(), added.end());
  const bool done = value_of(code.b, current, out);
  bound_.resize(base);
  return done ? Outcome::Ok : Outcome::Failed;
}

Outcome Evaluator::eval_call(const Instruction& code, const Node& current, Node& out) {
  const std::size_t base = collected_.size();
  for (std::uint32_t i = code.first; i < code.first + code.count; ++i) {
    Node value;
    if (!value_of(program_.operands[i], current, value) || !collect(value)) {
      return Outcome::Failed;
    }
  }
  if (code.op == Op::UnknownCall) {
    return failure(code.b == 0 ? "invalid node value type"
                               : fmt::format("unknown function: {}", program_.keys[code.a]));
  }
  // The stack may move while the function evaluates a reference: its arguments stand elsewhere.
  constexpr std::size_t kFew = 4;
  std::array<Node, kFew> few;
  const Function& function = *program_.functions[code.a];
  std::vector<Node> many;
  std::span<const Node> arguments;
  if (code.count <= kFew) {
    std::copy_n(collected_.begin() + static_cast<std::ptrdiff_t>(base), code.count, few.begin());
    arguments = std::span(few).first(code.count);
  } else {
    many.assign(collected_.begin() + static_cast<std::ptrdiff_t>(base), collected_.end());
    arguments = many;
  }
  collected_.resize(base);
  Node result;
  if (!call_function(*this, function, arguments, result)) {
    return Outcome::Failed;
  }
  out = result;
  return Outcome::Ok;
}

}  // namespace tally::jmespath
