#pragma once
// Arithmetic of estimates that does not overflow, and the places that values come from: the parts
// of cel-go checker/cost.go that its two halves here share (static_cost.cpp walks the expression,
// static_cost_calls.cpp prices calls).

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cel/static_cost.hpp"

namespace tally::cel {

[[nodiscard]] constexpr Estimate exactly(std::uint64_t n) noexcept { return {n, n}; }

[[nodiscard]] Estimate add(Estimate a, Estimate b) noexcept;
[[nodiscard]] Estimate multiply(Estimate a, Estimate b) noexcept;
[[nodiscard]] Estimate unite(Estimate a, Estimate b) noexcept;
// MultiplyByCostFactor: rounded up, in double arithmetic.
[[nodiscard]] Estimate scale(Estimate a, double factor) noexcept;

// How values are reached from a variable. A path is what a Go slice is: a view of a store that may
// have room, and append() writes into that room when there is some. So two paths that grow from a
// third one can share their last step, and the later one wins: cel-go's numbers include that.
struct Path {
  std::uint32_t store = 0;
  std::uint32_t size = 0;  // 0: no path
};

class Paths {
 public:
  [[nodiscard]] Path append(Path path, std::string_view step);
  // The same in a store of its own.
  [[nodiscard]] Path append_copy(Path path, std::string_view step);
  [[nodiscard]] std::span<const std::string_view> steps(Path path) const noexcept;

 private:
  [[nodiscard]] Path make(Path path, std::string_view step, std::size_t capacity);

  struct Store {
    std::size_t first = 0;
    std::size_t capacity = 0;
  };
  std::vector<Store> stores_;
  std::vector<std::string_view> steps_;
};

// checker.AstNode: an operand as the price of a call depends on it.
struct CallOperand {
  const Expr* expr = nullptr;  // null: an item of a list
  Path path;
  const Type* type = nullptr;
  std::optional<SizeEstimate> computed_size;
};

struct CallEstimate {
  Estimate cost;
  std::optional<SizeEstimate> result_size;
};

struct CallSite {
  std::string_view function;
  std::string_view overload;
  const CallOperand* target = nullptr;  // null: no receiver
  std::span<const CallOperand> args;
};

// The price of the call without that of its operands. Nothing: by the rules of cel-go itself, which
// static_cost.cpp knows, because they look into the operands' entries.
[[nodiscard]] std::optional<CallEstimate> estimate_library_call(const CallSite& call, Paths& paths,
                                                                const SizeEstimator* sizes);

}  // namespace tally::cel
