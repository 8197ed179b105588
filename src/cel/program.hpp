#pragma once
// An expression, ready to run: a contiguous vector of instructions without pointers into the syntax
// tree. Immutable; evaluation by any number of threads at once, each with its own Evaluator.

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/checker.hpp"
#include "cel/host.hpp"
#include "cel/value.hpp"

namespace tally::cel {

struct CompileOptions {
  bool fold_constants = true;  // as cel-go's OptOptimize; never changes value or cost
};

class Program {
 public:
  Program();
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  [[nodiscard]] const Type& result_type() const noexcept;
  [[nodiscard]] std::string_view source() const noexcept;
  // Which variables of the environment the expression reads, by index, ascending.
  [[nodiscard]] std::span<const std::uint32_t> variables_used() const noexcept;

  struct Code;  // internal/code.hpp
  [[nodiscard]] const Code& code() const noexcept { return *code_; }
  explicit Program(std::unique_ptr<const Code> code);

 private:
  std::unique_ptr<const Code> code_;
};

[[nodiscard]] std::expected<Program, std::vector<Issue>> compile(
    const CheckedAst& checked, const Environment& environment, const CompileOptions& options = {});

// parse + check + compile. The Error's message holds the issues as cel-go prints them.
[[nodiscard]] Result<Program> compile(std::string_view text, const Environment& environment);

struct EvalOptions {
  std::uint64_t cost_max = UINT64_MAX;
  const Host* host = nullptr;
};

// Value and offset of every sub-expression that was evaluated, in order of completion.
struct TraceEntry {
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
  Value value;
};

// Scratch memory of one thread: arena and stack. After warm-up an evaluation allocates nothing from
// the heap.
class Evaluator {
 public:
  Evaluator();
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  // `variables` by index of Environment::Options::variables; fewer, or Error values, for variables
  // that are not given ("no such attribute"). The result lives until the next reset().
  [[nodiscard]] Value evaluate(const Program& program, std::span<const Value> variables,
                               const EvalOptions& options = {});
  // The same, and every step: slow, for people.
  [[nodiscard]] Value trace(const Program& program, std::span<const Value> variables,
                            const EvalOptions& options, std::vector<TraceEntry>& steps);

  // What the last evaluation cost, in Kubernetes' units.
  [[nodiscard]] std::uint64_t cost() const noexcept;
  [[nodiscard]] Arena& arena() noexcept;
  // Forgets all values of earlier evaluations, keeps the memory.
  void reset() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally::cel
