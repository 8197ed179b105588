#pragma once
// Objects of kinds that CustomResourceDefinitions of the input define, held to their structural
// schemas.

#include "kube/custom_schema.hpp"
#include "kube/internal/structure_walk.hpp"

namespace tally::kube::internal {

void check_custom_schema(StructureWalk& walk, const CustomSchema& schema);

}  // namespace tally::kube::internal
