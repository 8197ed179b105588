#pragma once
// A second reading of Istio's policies: straight from the objects, rule by rule, every value a
// regular expression as istiod writes it. Slow, without indexes, without unknown facts. Tests and
// the fuzzer hold decide() against it.

#include <span>

#include "authorization/decide.hpp"
#include "authorization/mesh_settings.hpp"
#include "authorization/request.hpp"
#include "kube/object.hpp"

namespace tally::authorization::testing {

// Of a request about which everything is known, at a sidecar or a ztunnel. Unknown: a CUSTOM rule
// matches.
[[nodiscard]] Verdict plain_decide(std::span<const kube::Object> objects,
                                   const MeshSettings& settings, const Request& request);

}  // namespace tally::authorization::testing
