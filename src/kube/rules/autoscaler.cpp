// Horizontal pod autoscalers.

#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kMaxReplicas{"maxReplicas"};
const Name kMinReplicas{"minReplicas"};

}  // namespace

void check_autoscaler_spec(StructureWalk& walk, const Frame& frame) {
  const Node* most = frame.node->find(kMaxReplicas);
  const Node* least = frame.node->find(kMinReplicas);
  if (most == nullptr || !most->integer()) {
    return;
  }
  const std::int64_t maximum = most->integer().value_or(1);
  const std::int64_t minimum = least == nullptr ? 1 : least->integer().value_or(1);
  if (maximum < 1) {
    walk.invalid(Kind::InvalidValue, frame, kMaxReplicas.text(), found_text(*most),
                 "must be greater than 0");
  } else if (maximum < minimum) {
    walk.invalid(Kind::InvalidValue, frame, kMaxReplicas.text(), found_text(*most),
                 "must be greater than or equal to `minReplicas`");
  }
}

}  // namespace tally::kube::internal
