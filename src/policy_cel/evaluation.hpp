#pragma once
// Running the expressions of policies over one request: the values they see, variables that are
// computed when they are first read, the server's budgets, and answers that are shared by equal
// expressions (k8s.io/apiserver v0.36 pkg/admission/plugin/cel/{activation,composition}.go,
// pkg/apis/cel/config.go).
//
//   evaluation.begin(table, host);              // a new request: everything is forgotten
//   evaluation.open(inputs, scope, kBudget);    // one list of expressions that share a budget
//   Answer a = evaluation.run(program);
//
// Costs are counted as the server counts them, whether an answer was shared or not.
//
// Threads: one Evaluation per thread; the table is shared. After warm-up nothing is allocated from
// the heap.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cel/cost_limits.hpp"
#include "cel/program.hpp"
#include "policy_cel/expressions.hpp"

namespace tally::policy_cel {

// Variables that read one another, one inside the other.
inline constexpr std::uint32_t kVariableDepthMax = 256;

// What the expressions see. Answers are shared between inputs whose numbers are equal.
struct InputValues {
  // By Input; Variables is filled in by the evaluation, unless an Error stands there.
  std::array<cel::Value, kGivenInputs> values{};
  std::uint32_t object = 0;    // number of (object, oldObject, request)
  std::uint32_t surround = 0;  // number of (namespaceObject, authorizer)
  std::uint32_t context = 0;   // number of what only Kyverno's policies see, and of their namespace
  const void* params = nullptr;
  // Variables that were read of an object of this number or a later one keep their answers; 0: they
  // are asked again of every object. For policies that change the object step by step.
  std::uint32_t variables_since = 0;
};

struct EvaluationLimits {
  std::uint64_t cost_per_call_max = cel::kCostPerCallMax;
};

// Who wants to see every evaluation with its steps (`tally trace`): slow, for people.
class Watcher {
 public:
  virtual void saw(std::string_view expression, const cel::Value& value,
                   std::span<const cel::TraceEntry> steps) = 0;

 protected:
  ~Watcher() = default;
};

struct Answer {
  cel::Value value;
  // The budget of the list is spent: the value does not count, and no further expression is run.
  bool is_out_of_budget = false;
};

class Evaluation {
 public:
  Evaluation();
  ~Evaluation();
  Evaluation(Evaluation&&) noexcept;
  Evaluation& operator=(Evaluation&&) noexcept;

  void begin(const Expressions& table, const cel::Host* host, Watcher* watcher = nullptr,
             const EvaluationLimits& limits = {});
  // `inputs` must outlive the following calls of run(). `scope` may be kNoScope.
  void open(const InputValues& inputs, ScopeId scope, std::uint64_t budget);
  // Another host for the following calls of run(), whose inputs have another number as context.
  void ask(const cel::Host* host) noexcept;
  // Goes on with what another list has left.
  [[nodiscard]] std::uint64_t budget_left() const noexcept;
  [[nodiscard]] Answer run(ProgramId program);

  // Values and texts that live until the next begin().
  [[nodiscard]] Arena& arena() noexcept;
  // Expressions that were evaluated since begin(), and answers that were shared.
  [[nodiscard]] std::uint64_t evaluated() const noexcept;
  [[nodiscard]] std::uint64_t shared() const noexcept;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tally::policy_cel
