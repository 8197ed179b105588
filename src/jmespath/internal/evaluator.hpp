#pragma once
// Runs a program. One evaluator per search.

#include <vector>

#include "jmespath/internal/call.hpp"
#include "jmespath/internal/program.hpp"

namespace tally::jmespath {

class Evaluator final : public Call {
 public:
  Evaluator(const Program& program, Arena& arena, const Host* host, const Variables* variables)
      : Call(program.dialect, program.limits, arena, host),
        program_(program),
        variables_(variables) {}

  [[nodiscard]] std::expected<Node, EvaluationError> run(const Node& input);
  Outcome evaluate(const Node& reference, const Node& value, Node& out) override;

 private:
  class DepthGuard;

  Outcome eval(std::uint32_t index, const Node& current, Node& out);
  Outcome dispatch(const Instruction& code, const Node& current, Node& out);
  // The same where a missing field is null.
  bool value_of(std::uint32_t index, const Node& current, Node& out);
  Outcome eval_path(const Instruction& code, const Node& start, Node& out);
  Outcome eval_compare(const Instruction& code, const Node& current, Node& out);
  Outcome eval_slice(const Instruction& code, const Node& current, Node& out);
  Outcome slice_text(std::string_view text, const SliceParts& parts, Node& out);
  Outcome eval_flatten(const Instruction& code, const Node& current, Node& out);
  Outcome eval_projection(const Instruction& code, const Node& current, Node& out);
  Outcome eval_filter(const Instruction& code, const Node& current, Node& out);
  Outcome eval_values(const Instruction& code, const Node& current, Node& out);
  Outcome eval_list(const Instruction& code, const Node& current, Node& out);
  Outcome eval_arithmetic(const Instruction& code, const Node& current, Node& out);
  Outcome eval_variable(const Instruction& code, Node& out);
  Outcome eval_let(const Instruction& code, const Node& current, Node& out);
  Outcome eval_call(const Instruction& code, const Node& current, Node& out);
  // The source of a projection: in Kyverno's dialect an error of it is null for some of them.
  bool source_or_null(std::uint32_t index, const Node& current, Node& out);
  bool collect(const Node& item);
  // The values collected since `base` as a list.
  Outcome finish_list(std::size_t base, Node& out);
  Outcome failure(std::string message);

  const Program& program_;
  const Variables* variables_;
  struct Bound {
    std::string_view name;
    Node value;
  };
  std::vector<Bound> bound_;     // by `let`, a stack
  std::vector<Node> collected_;  // a stack
  std::uint32_t depth_ = 0;
  bool is_placed_ = false;  // whether error_offset_ is known
  std::uint32_t error_offset_ = 0;
  std::uint32_t missing_offset_ = 0;
  std::string_view missing_;
};

[[nodiscard]] double computed(Arithmetic operation, double left, double right) noexcept;

// computeSliceParams of util.go: from `start` by `step` while before (behind, if the step is
// negative) `stop`. Precondition: the step is not 0.
struct SliceRange {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;

  [[nodiscard]] static SliceRange of(const SliceParts& parts, std::size_t size) noexcept;
  [[nodiscard]] bool next() noexcept;  // false: at the end
  [[nodiscard]] bool is_inside() const noexcept { return step > 0 ? start < stop : start > stop; }
};

}  // namespace tally::jmespath
