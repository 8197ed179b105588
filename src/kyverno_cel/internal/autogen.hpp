#pragma once
// Rules for pod controllers, made of rules for pods (Kyverno 1.19 pkg/cel/autogen,
// pkg/cel/policies/{vpol,mpol,ivpol}/autogen): the specification is copied with other match
// constraints, and its texts are rewritten as texts, expressions, messages and names alike.
//
// Threads: pure.

#include <span>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "document/node.hpp"
#include "kyverno_cel/response.hpp"

namespace tally::kyverno_cel {

struct GeneratedSpec {
  std::string_view name;       // "cronjobs", "defaults", "extract"
  document::Node spec;         // positions are those of the policy's own
  bool is_extraction = false;  // judged on the pod templates inside of custom kinds
};

// In the order of their names; empty where the policy is not about pods alone.
[[nodiscard]] std::vector<GeneratedSpec> generate_specs(Arena& arena, const document::Node& spec,
                                                        PolicyKind kind);

// object.spec as object.spec.template.spec, ...: `controllers` is "defaults" or "cronjobs". The
// namespace of an object stays its own.
[[nodiscard]] std::string_view rewrite_text(Arena& arena, std::string_view text,
                                            std::string_view controllers);
// The same for mutations: labels and annotations move, and Object{...} is wrapped.
[[nodiscard]] std::string_view rewrite_mutation(Arena& arena, std::string_view text,
                                                std::string_view controllers);

}  // namespace tally::kyverno_cel
