#pragma once
// What an expression costs at least and at most, before it runs, in Kubernetes' units and to the
// number: cel-go checker/cost.go (v0.26.0) with the estimator of
// k8s.io/apiserver/pkg/cel/library/cost.go (v0.36) in front. The API server refuses
// CustomResourceDefinitions by these numbers (cost_limits.hpp).
//
// Sums and products that do not fit 64 bits are UINT64_MAX: unbounded.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "cel/checker.hpp"

namespace tally::cel {

// A range, both ends included.
struct Estimate {
  std::uint64_t min = 0;
  std::uint64_t max = 0;

  friend bool operator==(const Estimate&, const Estimate&) = default;
};
using StaticCost = Estimate;
using SizeEstimate = Estimate;  // code points of a string, bytes, items of a list, entries of a map

inline constexpr Estimate kUnbounded{0, UINT64_MAX};

// What a host knows about the sizes of its data: maxLength, maxItems and maxProperties of a schema.
class SizeEstimator {
 public:
  // `path` leads from a variable to the value: names of fields, "@items", "@keys", "@values",
  // "@indices"; empty for what no variable leads to. Nothing: no estimate. A value that has no size
  // of its own may be asked for as well, and what is answered counts (cel-go asks for scalars too).
  [[nodiscard]] virtual std::optional<SizeEstimate> size_of(std::span<const std::string_view> path,
                                                            const Type& type) const = 0;

 protected:
  ~SizeEstimator() = default;
};

// `sizes` may be null: nothing is bounded but literals. An expression that is nested too deeply to
// be looked at (no checked one is) is kUnbounded.
[[nodiscard]] StaticCost estimate(const CheckedAst& checked, const Environment& environment,
                                  const SizeEstimator* sizes = nullptr);

}  // namespace tally::cel
