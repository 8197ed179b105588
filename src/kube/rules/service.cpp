// Services.

#include "kube/internal/rule_nodes.hpp"
#include "kube/internal/structure_rules.hpp"
#include "scalar/name_syntax.hpp"

namespace tally::kube::internal {

using document::Name;
using document::Node;
using Kind = StructureProblemKind;

namespace {

const Name kClusterIp{"clusterIP"};
const Name kExternalName{"externalName"};
const Name kName{"name"};
const Name kPort{"port"};
const Name kPorts{"ports"};
const Name kType{"type"};

}  // namespace

void check_service_spec(StructureWalk& walk, const Frame& frame) {
  const Node& node = *frame.node;
  const bool external = text_at(node, kType) == "ExternalName";
  const bool headless = text_at(node, kClusterIp) == "None";
  const Node* ports = list_at(node, kPorts);
  if (external && is_absent(node, kExternalName)) {
    walk.required(frame, kExternalName.text());
  }
  if (!external && !headless && (ports == nullptr || ports->size() == 0) &&
      (ports != nullptr || is_absent(node, kPorts))) {
    walk.required(frame, kPorts.text());
  }
  if (ports == nullptr) {
    return;
  }
  report_duplicates(walk, frame, {&kPorts}, kName);
  const Frame list = child_frame(frame, *ports, kPorts.text());
  for (std::size_t i = 0; i < ports->size(); ++i) {
    const Frame item = child_frame(list, ports->items()[i], {}, i);
    check_port(walk, item, kPort, 1);
    const Node* name = ports->items()[i].find(kName);
    if (ports->size() > 1 && is_absent(ports->items()[i], kName)) {
      walk.required(item, kName.text());
    } else if (name != nullptr && name->is_string() && !name->text().empty()) {
      if (const auto problem = scalar::dns1123_label_problem(name->text()); !problem.empty()) {
        walk.invalid(Kind::InvalidPort, item, kName.text(), found_text(*name), problem);
      }
    }
  }
}

}  // namespace tally::kube::internal
