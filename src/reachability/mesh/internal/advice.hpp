#pragma once
// Of a denial: ALLOW rules that nearly match, and what would have to change.

#include "authorization/decide.hpp"
#include "reachability/mesh/internal/passage.hpp"

namespace tally::reachability::mesh {

struct Denial {
  authorization::Cause cause = authorization::Cause::NoAllowRule;
  authorization::Hit by;
};
// Fills near_misses and remedy.
void add_advice(const authorization::PolicySet& set, const Stage& stage, const HttpRequest* request,
                const Denial& denial, MeshAnswer& answer);
// Of a Route's refusal, which came before any policy.
[[nodiscard]] std::string remedy_of(const Route& route);

// A hit as a step of an explanation.
[[nodiscard]] Step step_of(const authorization::Hit& hit, std::string what);

}  // namespace tally::reachability::mesh
