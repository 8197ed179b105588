// Rule: every container that keeps running has a CPU and a memory limit.
// Fields: spec.containers[*].resources.limits.(cpu|memory), restartable init containers included.
// Allowed: both set.
#include "workload/checks/all.hpp"

namespace tally::workload {
namespace {

const document::Name kCpu{"cpu"};
const document::Name kMemory{"memory"};

constexpr std::array kControls = {
    finding::Control{"NIST 800-53", "r5", "SC-6"},
    finding::Control{"NSA/CISA Kubernetes Hardening Guide", "1.2", "Resource policies"}};
constexpr std::array kReferences = {std::string_view{
    "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"}};
constexpr finding::Check kCheck{.engine = "workload",
                                .policy = "hygiene",
                                .id = "resource-limits",
                                .title = "No CPU or memory limit",
                                .description =
                                    "A container without limits can take all of a node: one leak "
                                    "or one attacker starves every neighbour. A namespace "
                                    "with a LimitRange or a quota may set limits at admission; "
                                    "this rule judges what the manifest itself says.",
                                .remedy =
                                    "Set `resources.limits.memory` and `resources.limits.cpu` for "
                                    "each container, from measured use.",
                                .severity = finding::Severity::Low,
                                .controls = kControls,
                                .references = kReferences};

void examine(const ContainerView& container, Reporter& reporter) {
  if (container.init) {
    return;
  }
  const bool cpu = has_limit(container, kCpu);
  const bool memory = has_limit(container, kMemory);
  if (cpu && memory) {
    return;
  }
  const bool has_resources = container.resources != nullptr && container.resources->is_object();
  reporter.object(
      kCheck, &container,
      {.field = has_resources ? "/resources" : "",
       .offset = has_resources ? container.resources->offset() : container.node->offset(),
       .found = cpu      ? "no memory limit"
                : memory ? "no CPU limit"
                         : "no limits",
       .allowed = "limits.cpu and limits.memory",
       .message = cpu      ? "the container has no memory limit"
                  : memory ? "the container has no CPU limit"
                           : "the container has neither a CPU nor a memory limit"});
}

}  // namespace

Entry resource_limits_check() { return {.check = &kCheck, .pod = nullptr, .container = examine}; }

}  // namespace tally::workload
