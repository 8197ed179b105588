#pragma once
// HTTP and Envoy requests as policies see them: typed messages upstream
// (github.com/kyverno/kyverno-authz, pkg/cel/libs/authz/http/types.go; envoy.service.auth.v3),
// whose absent fields are empty texts, zeros and empty maps rather than errors.

#include "base/arena.hpp"
#include "document/node.hpp"
#include "kyverno_cel/policy_set.hpp"

namespace tally::kyverno_cel {

[[nodiscard]] document::Node complete_payload(Arena& arena, const document::Node& payload,
                                              Mode mode);

}  // namespace tally::kyverno_cel
