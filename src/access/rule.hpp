#pragma once
// One rule of a role, as it is written (k8s.io/kubernetes v1.36.3
// pkg/apis/rbac/v1/evaluation_helpers.go). What has a wrong type allows nothing.

#include "access/rbac.hpp"
#include "document/node.hpp"

namespace tally::access {

[[nodiscard]] bool rule_allows(const document::Node& rule, const Access& access);

}  // namespace tally::access
