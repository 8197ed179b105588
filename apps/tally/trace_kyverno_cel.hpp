#pragma once
// The part of `tally trace` that is about Kyverno's CEL policies: for every policy the verdict, the
// way through match constraints, conditions, variables and rules with the value of every
// sub-expression, what was not reached, and the exceptions that excused the object.

#include "cel_trace.hpp"
#include "kyverno_cel/policy_set.hpp"
#include "trace_kyverno.hpp"

namespace tally::app {

struct CelTraceOptions {
  TraceStyle style{};
  std::span<const kube::Object> exceptions{};  // whose conditions may be asked, too
  bool is_verbose = false;  // what passed, and policies that are not about the object
};

[[nodiscard]] KyvernoTrace trace_kyverno_cel(const kyverno_cel::PolicySet& policies,
                                             const kube::Review& review,
                                             const kube::Snapshot& snapshot, const cel::Host& host,
                                             const CelTraceOptions& options);

}  // namespace tally::app
